# SPDX-License-Identifier: MIT
"""`record_size_limit` with tlslite-ng, which holds its peer to it, and with OpenSSL, which does not know it."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.peers.tlslite_ng import echo_once, exchange
from hil_tests.scenarios.dut import Dut

pytestmark = [pytest.mark.requires("record-size-limit"), pytest.mark.requires("tls-1.3")]

SIZE = 5000
PATTERN = bytes(i * 7 + (i >> 8) & 255 for i in range(SIZE))  # of on_board.py
UP_TO_1_3 = (0x0303, 0x0304)
TLS_1_2, TLS_1_3 = (3, 3), (3, 4)
# Bytes of a buffer beside the content of the record in it.
AROUND = 121

CLIENT = """
def work():
    s = connect()
    print(s.version(), s.record_size_limit)
    s.write(pattern(SEND))
    digest, longest, left = hashlib.sha256(), 0, SIZE
    while left:
        data = s.recv(700)
        digest.update(data)
        left -= len(data)
        longest = max(longest, ssl.memory_info(s)["input"])
    print("".join("%02x" % b for b in digest.digest()), longest)
    s.close()
"""
SERVER = """
def work():
    s = accept()
    print(s.version(), s.record_size_limit)
    data, longest = b"", 0
    while len(data) < SIZE:
        data += s.recv(700)
        longest = max(longest, ssl.memory_info(s)["input"])
    s.write(data)
    print(longest)
    s.close()
"""


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("limits", [(64, 64), (1024, 200)])
def test_a_client_and_tlslite_ng(
    dut: Dut,
    authority: Authority,
    raw_server: Callable[..., peers.RawServer],
    version: tuple[int, int],
    limits: tuple[int, int],
) -> None:
    mine, yours = limits
    server = raw_server(lambda wire: echo_once(wire, authority.p256, version, yours, SIZE))
    values = server.values(dut.board, authority.p256)
    settings = {"record_size_limit": mine}
    values |= {"VERSIONS": UP_TO_1_3, "SETTINGS": settings, "SEND": SIZE, "SIZE": SIZE}
    head, line, end = dut.attempt(CLIENT, values)
    digest, longest = line.split()
    assert (head, end) == (f"TLSv1.{version[1] - 1} {mine}", "done")
    assert digest == hashlib.sha256(PATTERN).hexdigest()
    assert int(longest) <= mine + AROUND


@pytest.mark.parametrize("limits", [(64, 64), (1024, 200)])
def test_a_server_and_tlslite_ng(dut: Dut, authority: Authority, limits: tuple[int, int]) -> None:
    mine, yours = limits
    service = dut.serve(authority.p256, SERVER, VERSIONS=UP_TO_1_3, SETTINGS={"record_size_limit": mine}, SIZE=SIZE)
    with socket.create_connection(service.address, dut.patience) as connection:
        assert exchange(peers.Wire(connection, dut.patience), "server.test", TLS_1_3, yours, PATTERN) == PATTERN
    head, longest, end = service.lines()
    assert (head, end) == (f"TLSv1.3 {mine}", "done")
    assert int(longest) <= mine + AROUND


def test_openssl_does_not_know_it(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    size = 40_000
    server = tls_server(authority.p256, peers.source(size))
    values = {**server.values(dut.board), "VERSIONS": UP_TO_1_3, "SETTINGS": {"record_size_limit": 512}}
    head, line, end = dut.attempt(CLIENT, {**values, "SEND": 0, "SIZE": size})
    digest, longest = line.split()
    assert (head, digest, end) == ("TLSv1.3 None", server.session().sent_digest, "done")
    assert int(longest) > 16384
