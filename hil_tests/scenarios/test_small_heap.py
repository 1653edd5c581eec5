# SPDX-License-Identifier: MIT
"""A board with little heap: two connections at once, with peers that send records of 16 KB."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import assert_ended_well

pytestmark = pytest.mark.requires("tls-in-python-heap", "concurrent-sockets")

FREE = 60 * 1024
RECORD = 16384
RECORDS = 3

# Takes the heap away but for FREE bytes, in one piece as a program's code and data do.
LIMIT = """
def limit():
    gc.collect()
    ballast = [bytearray(gc.mem_free() - FREE - 1024)]
    gc.collect()
    while gc.mem_free() > FREE:
        ballast.append(bytearray(200))
        gc.collect()
    return ballast
"""

SERVE_TWO = (
    LIMIT
    + """
def work():
    ballast = limit()
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    pair = []
    for _ in range(2):
        s = l.accept()[0]
        print("accepted")
        pair.append(c.wrap_socket(s, server_side=True))
    l.close()
    buf = bytearray(1000)
    # The first byte of a record decrypts it: from then on both connections hold one of 16 KB.
    for _ in range(RECORDS):
        first = [s.read(1) for s in pair]
        print([ssl.memory_info(s)["input"] > RECORD for s in pair])
        for s in pair:
            left = RECORD - 1
            while left:
                left -= s.readinto(buf, min(left, len(buf)))
        for s, byte in zip(pair, first):
            s.write(byte)
    for s in pair:
        s.close()
    print(gc.mem_free() < FREE, len(ballast) > 0)
"""
)

FETCH_TWO = (
    LIMIT
    + """
def work():
    ballast = limit()
    pair = [connect(), connect()]
    for s in pair:
        s.write(b"?")
    first = [s.read(1) for s in pair]
    print([ssl.memory_info(s)["input"] > RECORD for s in pair])
    buf = bytearray(1000)
    for s, byte in zip(pair, first):
        digest = hashlib.sha256(byte)
        left = RECORD - 1
        while left:
            n = s.readinto(buf, min(left, len(buf)))
            digest.update(memoryview(buf)[:n])
            left -= n
        print(digest.digest().hex())
    for s in pair:
        s.close()
    print(gc.mem_free() < FREE, len(ballast) > 0)
"""
)


def test_it_serves_two_clients_at_once_in_60_kb(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, SERVE_TWO, FREE=FREE, RECORD=RECORD, RECORDS=RECORDS)
    clients = []
    for _ in range(2):
        client = tls_client(service.address, authority.p256, maximum="1.2", record_size=RECORD)
        client.handshake()
        clients.append(client)
    data = peers.pattern(RECORD)
    for _ in range(RECORDS):
        for client in clients:
            client.write(data)
        for client in clients:
            assert client.read_exactly(1) == data[:1]
    for client in clients:
        client.read_all()
        client.shutdown()
        assert_ended_well(client)
    lines = [line for line in service.lines() if line != "accepted"]
    assert lines == ["[True, True]"] * RECORDS + ["True True", "done"]


def test_it_is_client_of_two_servers_at_once_in_60_kb(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    def behave(session: peers.Session) -> None:
        session.read_exactly(1)
        session.write(peers.pattern(RECORD))
        session.read_all()
        session.shutdown()

    server = tls_server(authority.p256, behave, maximum="1.2", record_size=RECORD)
    lines = dut.attempt(FETCH_TWO, {**server.values(dut.board), "FREE": FREE, "RECORD": RECORD})
    sessions = [server.session(0), server.session(1)]
    for session in sessions:
        assert_ended_well(session)
    assert lines == ["[True, True]", *(session.sent_digest for session in sessions), "True True", "done"]
