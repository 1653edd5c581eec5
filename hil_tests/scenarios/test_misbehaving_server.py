# SPDX-License-Identifier: MIT
"""Servers that do what they must not: the board says so by the right alert, raises, and has nothing of it left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.peers.scripted import Seen
from hil_tests.peers.scripted_server import ScriptedServer, ServerScript
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.misbehaviour import CLIENT, Row, expect, parameters, rows_of
from hil_tests.scenarios.scripts import Group
from hil_tests.scenarios.scripts_of_servers import GROUPS, GROUPS_1_3

RawServers = Callable[..., peers.RawServer]


def run(dut: Dut, authority: Authority, raw_server: RawServers, group: Group[ServerScript]) -> None:
    """The board connects once for each script of the group."""
    rows = rows_of(dut.board, group, ServerScript())
    seen: list[Seen] = []
    turns: Iterator[Row[ServerScript]] = iter(rows)
    known: list[dict[bytes, Any]] = []

    def behave(wire: peers.Wire) -> None:
        row = next(turns)
        if row.fresh:
            known.append({})
        server = ScriptedServer(wire, authority.p256, row.script, known[-1])
        seen.append(server.seen)
        server.run()

    server = raw_server(behave, patience=10.0)
    values = server.values(dut.board, authority.p256)
    script = dut.start(
        CLIENT, {**values, "VERSIONS": group.versions, "SETTINGS": dict(group.settings), "COUNT": len(rows)}
    )
    lines = script.wait(dut.patience).lines
    for index in range(len(rows)):
        server.finished(index)
    expect(lines, rows, seen)


@pytest.mark.parametrize("group", parameters(GROUPS))
def test_client_stands(dut: Dut, authority: Authority, raw_server: RawServers, group: str) -> None:
    run(dut, authority, raw_server, GROUPS[group])


@pytest.mark.requires("tls-1.3")
@pytest.mark.parametrize("group", parameters(GROUPS_1_3))
def test_client_of_1_3_stands(dut: Dut, authority: Authority, raw_server: RawServers, group: str) -> None:
    run(dut, authority, raw_server, GROUPS_1_3[group])
