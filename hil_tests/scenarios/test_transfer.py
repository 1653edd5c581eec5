# SPDX-License-Identifier: MIT
"""Application data: much of it, in tiny pieces, in big and in small records, and byte by byte from slow peers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.peers.proxy import TO_CLIENT, TO_SERVER, Proxy, Split
from hil_tests.scenarios.dut import ECHO_ONCE, PING, Dut
from hil_tests.scenarios.failures import assert_echoes, assert_ended_well

MEGABYTE = 1 << 20  # slow boards take less, but still many records
BLOCK = 4096  # of `write_blocks` in on_board.py
# A megabyte through an emulated microcontroller, on a busy host.
LONG = 100.0

SEND = """
def work():
    s = OPEN()
    print(write_blocks(s, SIZE))
    print(s.read(64).decode())
    s.close()
"""

RECEIVE = """
def work():
    s = OPEN()
    print(read_digest(s, SIZE))
    print(s.read(1))
    s.close()
"""


def megabyte(dut: Dut) -> int:
    """MEGABYTE, or less on a slow board, in whole blocks of `write_blocks`."""
    return dut.board.rounds(MEGABYTE) // BLOCK * BLOCK


def as_client(code: str) -> str:
    return code.replace("OPEN", "connect")


def as_server(code: str) -> str:
    return code.replace("OPEN", "accept")


@pytest.mark.timeout(3 * LONG)
def test_client_sends_a_megabyte(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    size = megabyte(dut)
    server = tls_server(authority.p256, peers.sink(size), patience=LONG)
    sent, received, end = dut.attempt(as_client(SEND), {**server.values(dut.board), "SIZE": size}, timeout=LONG)
    session = server.session()
    assert_ended_well(session)
    assert (session.received, end) == (size, "done")
    assert sent == received == session.received_digest


@pytest.mark.timeout(3 * LONG)
def test_client_receives_a_megabyte(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    size = megabyte(dut)
    server = tls_server(authority.p256, peers.source(size), patience=LONG)
    lines = dut.attempt(as_client(RECEIVE), {**server.values(dut.board), "SIZE": size}, timeout=LONG)
    session = server.session()
    assert_ended_well(session)
    assert lines == [session.sent_digest, "b''", "done"]


@pytest.mark.timeout(3 * LONG)
def test_server_sends_a_megabyte(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]) -> None:
    size = megabyte(dut)
    service = dut.serve(authority.p256, as_server(SEND), SIZE=size)
    with tls_client(service.address, authority.p256, patience=LONG) as client:
        client.handshake()
        client.read_exactly(size)
        client.write(client.received_digest.encode())
        client.shutdown()
        assert_ended_well(client)
    sent, received, end = service.lines()
    assert (sent, end) == (received, "done")


@pytest.mark.timeout(3 * LONG)
def test_server_receives_a_megabyte(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]) -> None:
    size = megabyte(dut)
    service = dut.serve(authority.p256, as_server(RECEIVE), SIZE=size)
    with tls_client(service.address, authority.p256, patience=LONG) as client:
        client.handshake()
        client.write(peers.pattern(size))
        client.shutdown()
        assert_ended_well(client)
        assert service.lines() == [client.sent_digest, "b''", "done"]


READ_TINY = """
def work():
    s = connect()
    data = bytearray()
    while len(data) < SIZE // 2:
        data += s.read(1)
    one = bytearray(1)
    while s.readinto(one):
        data += one
    print(len(data), hashlib.sha256(data).digest().hex())
    s.close()
"""


def test_tiny_reads_get_every_byte(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    size = 3000
    server = tls_server(authority.p256, peers.source(size), record_size=1300)
    lines = dut.attempt(READ_TINY, {**server.values(dut.board), "SIZE": size})
    session = server.session()
    assert_ended_well(session)
    assert lines == [f"{size} {session.sent_digest}", "done"]


WRITE_TINY = """
def work():
    s = connect()
    data = pattern(SIZE)
    for i in range(SIZE):
        s.write(data[i:i + 1])
    print(s.read(64).decode() == hashlib.sha256(data).digest().hex())
    s.close()
"""


def test_tiny_writes_arrive(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, peers.sink(300))
    assert dut.attempt(WRITE_TINY, {**server.values(dut.board), "SIZE": 300}) == ["True", "done"]
    assert_ended_well(server.session())


@pytest.mark.parametrize(("record_size", "count"), [(16384, 4), (1, 300)], ids=["16-kilobytes", "1-byte"])
def test_client_receives_records_of(
    dut: Dut,
    authority: Authority,
    tls_server: Callable[..., peers.TlsServer],
    proxy: Callable[..., Proxy],
    record_size: int,
    count: int,
) -> None:
    server = tls_server(authority.p256, peers.source(record_size * count), record_size=record_size, maximum="1.2")
    link = proxy(server.address)
    values = {**server.values(dut.board), "PORT": link.port, "SIZE": record_size * count}
    lines = dut.attempt(as_client(RECEIVE), values)
    session = server.session()
    assert_ended_well(session)
    assert lines == [session.sent_digest, "b''", "done"]
    assert link.connection().count(TO_CLIENT, "application_data") == count


@pytest.mark.parametrize(("record_size", "count"), [(16384, 4), (1, 300)], ids=["16-kilobytes", "1-byte"])
def test_server_receives_records_of(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], record_size: int, count: int
) -> None:
    service = dut.serve(authority.p256, as_server(RECEIVE), SIZE=record_size * count)
    with tls_client(service.address, authority.p256, record_size=record_size) as client:
        client.handshake()
        client.write(peers.pattern(record_size * count))
        client.shutdown()
        assert_ended_well(client)
        assert service.lines() == [client.sent_digest, "b''", "done"]


# A pause after each byte that lets the board read it alone.
DRIBBLE = 0.0002


def test_client_with_a_server_that_sends_byte_by_byte(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, dribble=DRIBBLE)
    assert dut.attempt(PING, server.values(dut.board)) == ["b'ping'", "done"]
    session = server.session()
    # The board is gone before the last byte of the server's own close_notify, as it may be.
    assert session.established and session.closed_cleanly, session.describe()
    assert (session.received, session.sent) == (4, 4)


def test_server_with_a_client_that_sends_byte_by_byte(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, ECHO_ONCE)
    with tls_client(service.address, authority.p256, dribble=DRIBBLE) as client:
        assert_echoes(client)
    assert service.lines() == ["done"]


def test_client_on_a_line_that_passes_single_bytes_both_ways(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], proxy: Callable[..., Proxy]
) -> None:
    server = tls_server(authority.p256)
    link = proxy(server.address, Split(TO_SERVER, 1, DRIBBLE), Split(TO_CLIENT, 1, DRIBBLE))
    dut.ping(server, PORT=link.port)


def test_server_on_a_line_that_passes_single_bytes_both_ways(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], proxy: Callable[..., Proxy]
) -> None:
    service = dut.serve(authority.p256, ECHO_ONCE)
    link = proxy(service.address, Split(TO_SERVER, 1, DRIBBLE), Split(TO_CLIENT, 1, DRIBBLE))
    with tls_client(link.address, authority.p256) as client:
        assert_echoes(client)
    assert service.lines() == ["done"]
