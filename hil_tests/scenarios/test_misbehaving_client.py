# SPDX-License-Identifier: MIT
"""Clients that do what they must not: the board says so by the right alert, raises, and has nothing of it left."""

from __future__ import annotations

import socket

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.peers.scripted import Seen
from hil_tests.peers.scripted_client import ClientScript, ScriptedClient, Ticket
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.misbehaviour import SERVER, expect, parameters, rows_of
from hil_tests.scenarios.scripts import Group
from hil_tests.scenarios.scripts_of_clients import GROUPS, GROUPS_1_3


def run(dut: Dut, authority: Authority, group: Group[ClientScript]) -> None:
    """One connection to the board for each script of the group."""
    rows = rows_of(dut.board, group, ClientScript())
    service = dut.listen(
        SERVER, authority.p256, VERSIONS=group.versions, SETTINGS=dict(group.settings), COUNT=len(rows)
    )
    seen: list[Seen] = []
    ticket = Ticket()
    for row in rows:
        if row.fresh:
            ticket = Ticket()
        with socket.create_connection(service.address, dut.patience) as connection:
            client = ScriptedClient(peers.Wire(connection, dut.board.seconds(10)), "server.test", row.script, ticket)
            seen.append(client.run())
    expect(service.script.wait(dut.patience).lines[1:], rows, seen)


@pytest.mark.parametrize("group", parameters(GROUPS))
def test_server_stands(dut: Dut, authority: Authority, group: str) -> None:
    run(dut, authority, GROUPS[group])


@pytest.mark.requires("tls-1.3")
@pytest.mark.parametrize("group", parameters(GROUPS_1_3))
def test_server_of_1_3_stands(dut: Dut, authority: Authority, group: str) -> None:
    run(dut, authority, GROUPS_1_3[group])
