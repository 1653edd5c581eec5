# SPDX-License-Identifier: MIT
"""`record_size_limit` with tlslite-ng, which holds its peer to it, and with OpenSSL, which does not know it."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from typing import Any

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.record_lengths import AROUND
from hil_tests.peers.scripted import TLS_1_2, TLS_1_3
from hil_tests.peers.tlslite_ng import echo_once, exchange
from hil_tests.records import MAXIMUM_CONTENT
from hil_tests.scenarios.dut import Dut

pytestmark = [pytest.mark.requires("record-size-limit"), pytest.mark.requires("tls-1.3")]

SIZE = 5000
PATTERN = bytes(i * 7 + (i >> 8) & 255 for i in range(SIZE))  # of on_board.py
UP_TO_1_3 = (0x0303, 0x0304)
LIMITS = pytest.mark.parametrize(("mine", "yours"), [(64, 64), (1024, 200)])
# In TLS 1.2 a record may have one more byte of content, in place of its type in TLS 1.3, which the extension counts.
AROUND_WITH_TYPE = AROUND + 1
# Bytes that are read at once; a part of each record stays behind.
STEP = 50

CLIENT = """
def work():
    s = connect()
    print(s.version(), s.record_size_limit)
    s.write(pattern(SEND))
    tell_records(s, STEP, SIZE)
    s.close()
"""
SERVER = """
def work():
    s = accept()
    print(s.version(), s.record_size_limit)
    tell_records(s, STEP, SIZE)
    s.write(pattern(SIZE))
    s.close()
"""


def limited(limit: int) -> dict[str, Any]:
    """Values of the board's script."""
    return {"VERSIONS": UP_TO_1_3, "SETTINGS": {"record_size_limit": limit}, "STEP": STEP, "SIZE": SIZE}


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@LIMITS
def test_a_client_and_tlslite_ng_keep_to_what_they_tell(
    dut: Dut,
    authority: Authority,
    raw_server: Callable[..., peers.RawServer],
    version: tuple[int, int],
    mine: int,
    yours: int,
) -> None:
    server = raw_server(lambda wire: echo_once(wire, authority.p256, version, yours, SIZE))
    values = {**server.values(dut.board, authority.p256), **limited(mine), "SEND": SIZE}
    head, digest, longest, end = dut.attempt(CLIENT, values)
    server.finished()
    assert (head, end) == (f"TLSv1.{version[1] - 1} {mine}", "done")
    assert digest == hashlib.sha256(PATTERN).hexdigest()
    assert mine < int(longest) <= mine + AROUND_WITH_TYPE


@LIMITS
def test_a_server_and_tlslite_ng_keep_to_what_they_tell(dut: Dut, authority: Authority, mine: int, yours: int) -> None:
    service = dut.serve(authority.p256, SERVER, **limited(mine))
    with socket.create_connection(service.address, dut.patience) as connection:
        assert exchange(peers.Wire(connection, dut.patience), "server.test", TLS_1_3, yours, PATTERN) == PATTERN
    head, digest, longest, end = service.lines()
    assert (head, end) == (f"TLSv1.3 {mine}", "done")
    assert digest == hashlib.sha256(PATTERN).hexdigest()
    assert mine < int(longest) <= mine + AROUND_WITH_TYPE


def test_records_of_openssl_which_does_not_know_it_are_as_long_as_any(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    size = 40_000
    server = tls_server(authority.p256, peers.source(size))
    values = {**server.values(dut.board), **limited(512), "SEND": 0, "STEP": 700, "SIZE": size}
    head, digest, longest, end = dut.attempt(CLIENT, values)
    assert (head, digest, end) == ("TLSv1.3 None", server.session().sent_digest, "done")
    assert int(longest) > MAXIMUM_CONTENT
