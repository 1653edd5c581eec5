# SPDX-License-Identifier: MIT
"""How connections end: half-closed, truncated, reset. Only a close_notify is an end; all else is an error."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import pytest
from _pytest.mark import ParameterSet

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.peers.proxy import TO_CLIENT, TO_SERVER, Proxy, Truncate
from hil_tests.records import alert_record
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import TRUNCATED, Failure, assert_ended_well, resets, told_before_reset

READ_THEN_WRITE = """
def work():
    s = connect()
    print(s.read())
    print(s.read(1))
    s.write(b"after")
    s.close()
"""


def test_client_may_write_after_the_server_has_closed_its_half(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.half_close(b"reply"))
    assert dut.attempt(READ_THEN_WRITE, server.values(dut.board)) == ["b'reply'", "b''", "done"]
    session = server.session()
    assert_ended_well(session)
    assert session.received == len(b"after")


SERVE_AFTER_END = READ_THEN_WRITE.replace("connect", "accept")


def test_server_may_write_after_the_client_has_closed_its_half(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, SERVE_AFTER_END)
    with tls_client(service.address, authority.p256) as client:
        client.handshake()
        client.write(b"reply")
        client.send_close_notify()
        assert client.read_all() == b"after"
        assert client.closed_cleanly
        assert client.await_end() == "fin"
    assert service.lines() == ["b'reply'", "b''", "done"]


LEAVE_EARLY = """
def work():
    s = connect()
    print(len(s.read(10)))
    s.close()
"""


def test_client_that_leaves_in_the_middle_says_so(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.source(20000), record_size=1000)
    assert dut.attempt(LEAVE_EARLY, server.values(dut.board)) == ["10", "done"]
    session = server.session()
    assert session.established and session.closed_cleanly, session.describe()


# The answer tells that all was read: of what was not, lwIP knows nothing any more after a reset.
READ_ON = """
def work():
    s = OPEN()
    print(s.read(4))
    s.write(b"ping")
    try:
        s.read(1)
    except OSError as error:
        report(error)
    s.read(1)
"""
CLIENT = READ_ON.replace("OPEN", "connect")
SERVER = READ_ON.replace("OPEN", "accept")


def failure_after_data(lines: list[str]) -> Failure:
    """The data came, then the failure, and the next read told it again."""
    assert len(lines) == 3 and lines[0] == "b'data'", lines
    assert lines[1] == lines[2]
    return Failure.parse(lines)


def test_client_takes_a_bare_fin_for_a_truncation(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.truncate(b"data"))
    assert failure_after_data(dut.attempt(CLIENT, server.values(dut.board))) == TRUNCATED
    assert server.session().alerts_received == []


def test_server_takes_a_bare_fin_for_a_truncation(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, SERVER)
    with tls_client(service.address, authority.p256) as client:
        client.handshake()
        client.write(b"data")
        client.half_close()
        assert client.read_all() == b"ping"
        assert client.alerts_received == []
    assert failure_after_data(service.lines()) == TRUNCATED


def test_client_is_told_of_a_reset(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, peers.reset(b"data"))
    assert failure_after_data(dut.attempt(CLIENT, server.values(dut.board))) in resets(dut.board)
    assert server.session().established


def test_server_is_told_of_a_reset(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]) -> None:
    service = dut.serve(authority.p256, SERVER)
    with tls_client(service.address, authority.p256) as client:
        client.handshake()
        client.write(b"data")
        assert client.read_exactly(4) == b"ping"
        service.script.expect("b'data'")
        client.reset()
    assert failure_after_data(service.lines()) in resets(dut.board)


# Records of a full handshake and of what follows, as OpenSSL sends them.
FROM_SERVER = ["ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone", "CCS", "Finished", "data", "close"]
FROM_CLIENT = ["ClientHello", "ClientKeyExchange", "CCS", "Finished", "data", "close"]
# Where a record is cut: right before it, in its header, after its header, in its body (that of CCS has one byte).
HEADER, NO_BODY, BODY = 3, 5, 8


def cut_points(records: list[str]) -> list[ParameterSet]:
    """(record, bytes of it that still come). Cuts between records show how slow boards end each state."""
    points = [(record, BODY) for record, name in enumerate(records) if name != "CCS"]
    points += [(records.index(name), HEADER) for name in (records[0], "Finished", "data")]
    points += [(records.index(name), NO_BODY) for name in ("CCS", "data")]
    between = [pytest.param(record, 0, id=f"{name}-0") for record, name in enumerate(records)]
    inside = [
        pytest.param(record, keep, id=f"{records[record]}-{keep}", marks=pytest.mark.quick_boards)
        for record, keep in points
    ]
    return between + inside


TALK = """
def work():
    s = OPEN()
    while s.read(1):
        pass
    print("silent end")
"""


@pytest.mark.parametrize(("record", "keep"), cut_points(FROM_SERVER))
def test_client_notices_that_the_server_is_cut_off(
    dut: Dut,
    authority: Authority,
    tls_server: Callable[..., peers.TlsServer],
    proxy: Callable[..., Proxy],
    record: int,
    keep: int,
) -> None:
    server = tls_server(authority.p256, peers.source(4), maximum="1.2")
    link = proxy(server.address, Truncate(TO_CLIENT, record, keep))
    values = {**server.values(dut.board), "PORT": link.port}
    assert dut.failure(TALK.replace("OPEN", "connect"), values) == TRUNCATED
    assert server.session().alerts_received == []
    connection = link.connection()
    assert connection.ended[TO_CLIENT] == "cut", connection.describe()
    assert connection.ended[TO_SERVER] == "fin", connection.describe()


@pytest.mark.parametrize(("record", "keep"), cut_points(FROM_CLIENT))
def test_server_notices_that_the_client_is_cut_off(
    dut: Dut,
    authority: Authority,
    tls_client: Callable[..., peers.TlsClient],
    proxy: Callable[..., Proxy],
    record: int,
    keep: int,
) -> None:
    service = dut.serve(authority.p256, TALK.replace("OPEN", "accept"))
    link = proxy(service.address, Truncate(TO_SERVER, record, keep))
    with tls_client(link.address, authority.p256, maximum="1.2") as client:
        service.accepted()
        if record >= FROM_CLIENT.index("data"):
            client.handshake()
            client.write(b"data")
            client.send_close_notify()
            assert client.read_all() == b""
        else:
            with pytest.raises(OSError):
                client.handshake()
        assert client.alerts_received == []
    assert service.failure() == TRUNCATED
    connection = link.connection()
    assert connection.ended[TO_SERVER] == "cut", connection.describe()
    assert connection.ended[TO_CLIENT] == "fin", connection.describe()


@pytest.mark.parametrize("flights", range(5))
def test_client_survives_a_reset_after_flights(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], flights: int
) -> None:
    server = tls_server(authority.p256, reset_after=flights, maximum="1.2")
    assert dut.failure(CLIENT, server.values(dut.board)) in resets(dut.board)
    session = server.session()
    assert not session.established and session.alerts_received == [], session.describe()


@pytest.mark.parametrize("flights", range(5))
def test_server_survives_a_reset_after_flights(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], flights: int
) -> None:
    service = dut.serve(authority.p256, SERVER)
    with tls_client(service.address, authority.p256, reset_after=flights, maximum="1.2") as client:
        service.accepted()
        client.handshake()
        assert not client.established and client.alerts_received == [], client.describe()
    assert service.failure() in resets(dut.board)


def test_server_hears_the_alert_of_a_client_that_does_not_listen_any_more(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.p256)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="server.test")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    with socket.create_connection(service.address, dut.patience) as connection:
        service.accepted()
        wire = peers.Wire(connection, dut.patience)
        wire.send(outgoing.read() + alert_record("fatal", "unknown_ca"))
        wire.reset()
    assert service.failure() in told_before_reset(dut.board, "unknown_ca")
