# SPDX-License-Identifier: MIT
"""The peers against each other: what one end does, the other end's record shows."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.errors import RigError
from hil_tests.peers.proxy import (
    TO_CLIENT,
    TO_SERVER,
    Corrupt,
    CutAfterBytes,
    CutAfterRecords,
    Delay,
    Drop,
    Gate,
    Inject,
    Proxy,
    Replay,
    Split,
    Stall,
    Truncate,
)
from hil_tests.records import Alert, alert_record

Servers = Callable[..., peers.TlsServer]
Clients = Callable[..., peers.TlsClient]
Proxies = Callable[..., Proxy]
CLOSE = Alert("warning", "close_notify")


@pytest.fixture(params=["1.2", "1.3"])
def version(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


def test_an_echo_is_on_record_at_both_ends(
    authority: Authority, tls_server: Servers, tls_client: Clients, version: str
) -> None:
    server = tls_server(authority.p256, peers.echo(), maximum=version)
    client = tls_client(server.address, authority.p256)
    client.handshake()
    client.write(b"hello")
    assert client.read_exactly(5) == b"hello"
    client.shutdown()
    session = server.session()
    assert session.established
    assert session.version == client.version == f"TLSv{version}"
    assert session.server_name == "server.test"
    assert session.received_digest == session.sent_digest == client.sent_digest
    assert session.alerts_received == session.alerts_sent == client.alerts_received == [CLOSE]
    assert client.peer_certificate == authority.p256.certificate_der
    assert "read client_hello" in session.messages


@pytest.mark.parametrize(
    ("identity", "alert"),
    [("stranger", "unknown_ca"), ("expired", "certificate_expired"), ("wildcard", "bad_certificate")],
)
def test_the_alert_of_a_refusal_is_on_record(
    authority: Authority, tls_server: Servers, tls_client: Clients, version: str, identity: str, alert: str
) -> None:
    server = tls_server(getattr(authority, identity), maximum=version)
    client = tls_client(server.address, authority.p256)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.handshake()
    client.close()
    session = server.session()
    assert not client.established
    assert client.alerts_sent == session.alerts_received == [Alert("fatal", alert)]
    assert session.error is not None
    assert alert.upper() in session.error


def test_a_required_client_certificate_is_asked_for_and_recorded(
    authority: Authority, tls_server: Servers, tls_client: Clients
) -> None:
    server = tls_server(authority.p256, client_root=authority.client, client_auth="required", maximum="1.2")
    client = tls_client(server.address, authority.p256, certificate=authority.client)
    client.handshake()
    client.shutdown()
    assert server.session().peer_certificate == authority.client.certificate_der
    stranger = tls_client(server.address, authority.p256)
    with pytest.raises(ssl.SSLError):
        stranger.handshake()
    stranger.close()
    assert not server.session(1).established


def test_sink_answers_with_the_digest(authority: Authority, tls_server: Servers, tls_client: Clients) -> None:
    data = peers.pattern(100_000)
    server = tls_server(authority.p256, peers.sink(len(data)))
    client = tls_client(server.address, authority.p256)
    client.handshake()
    client.write(data)
    assert client.read_exactly(64).decode() == client.sent_digest
    client.shutdown()
    assert server.session().received == len(data)


def test_source_sends_the_pattern(authority: Authority, tls_server: Servers, tls_client: Clients) -> None:
    server = tls_server(authority.p256, peers.source(100_000))
    client = tls_client(server.address, authority.p256)
    client.handshake()
    assert client.read_all() == peers.pattern(100_000)
    assert client.closed_cleanly
    client.shutdown()
    assert server.session().closed_cleanly


def test_a_truncation_is_not_a_clean_end(authority: Authority, tls_server: Servers, tls_client: Clients) -> None:
    server = tls_server(authority.p256, peers.truncate(b"half"))
    client = tls_client(server.address, authority.p256)
    client.handshake()
    assert client.read_all() == b"half"
    assert not client.closed_cleanly


def test_a_half_closed_server_still_reads(authority: Authority, tls_server: Servers, tls_client: Clients) -> None:
    server = tls_server(authority.p256, peers.half_close(b"bye"))
    client = tls_client(server.address, authority.p256)
    client.handshake()
    assert client.read_all() == b"bye"
    client.write(b"still here")
    client.send_close_notify()
    client.close()
    assert server.session().received == len(b"still here")


@pytest.mark.parametrize("flights", range(5))
def test_a_server_resets_after_that_many_flights(
    authority: Authority, tls_server: Servers, tls_client: Clients, proxy: Proxies, flights: int
) -> None:
    server = tls_server(authority.p256, maximum="1.2", reset_after=flights)
    link = proxy(server.address)
    with pytest.raises(OSError):
        client = tls_client(link.address, authority.p256)
        client.handshake()
        client.read_exactly(1)
    connection = link.connection()
    assert connection.ended[TO_CLIENT] == "reset"
    assert (connection.count(TO_CLIENT) > 0) == (flights >= 2)
    assert (connection.count(TO_CLIENT, "change_cipher_spec") > 0) == (flights == 4)
    assert not server.session().established or flights == 4


@pytest.mark.parametrize("flights", range(5))
def test_a_client_resets_after_that_many_flights(
    authority: Authority, tls_server: Servers, tls_client: Clients, proxy: Proxies, flights: int
) -> None:
    server = tls_server(authority.p256, maximum="1.2")
    link = proxy(server.address)
    client = tls_client(link.address, authority.p256, reset_after=flights)
    client.handshake()
    assert not client.established
    connection = link.connection()
    assert connection.ended[TO_SERVER] == "reset"
    assert (connection.count(TO_SERVER, "change_cipher_spec") > 0) == (flights >= 3)
    assert server.session().error is not None


def test_dribble_sends_byte_by_byte(authority: Authority, tls_server: Servers, tls_client: Clients) -> None:
    server = tls_server(authority.p256, dribble=0.0001)
    client = tls_client(server.address, authority.p256)
    client.handshake()
    client.write(b"slow")
    assert client.read_exactly(4) == b"slow"


def test_application_records_have_the_asked_size(
    authority: Authority, tls_server: Servers, tls_client: Clients, proxy: Proxies
) -> None:
    server = tls_server(authority.p256, peers.source(1000), record_size=100, maximum="1.2")
    link = proxy(server.address)
    client = tls_client(link.address, authority.p256)
    client.handshake()
    client.read_all()
    client.close()
    assert link.connection().count(TO_CLIENT, "application_data") == 10


def test_garbage_is_not_tls(
    authority: Authority, raw_server: Callable[..., peers.RawServer], tls_client: Clients
) -> None:
    server = raw_server(peers.garbage())
    with pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"):
        tls_client(server.address, authority.p256).handshake()


def test_a_truncated_record_ends_the_handshake(
    authority: Authority, raw_server: Callable[..., peers.RawServer], tls_client: Clients
) -> None:
    server = raw_server(peers.truncated_record())
    with pytest.raises(ssl.SSLEOFError):
        tls_client(server.address, authority.p256).handshake()


def test_waiting_for_a_session_that_never_comes_says_so(authority: Authority, tls_server: Servers) -> None:
    with pytest.raises(RigError, match=r"connection 0 never came, of 0 after 0\.05 s"):
        tls_server(authority.p256).session(timeout=0.05)


def test_waiting_for_a_session_that_does_not_end_says_so(
    authority: Authority, tls_server: Servers, tls_client: Clients
) -> None:
    server = tls_server(authority.p256)
    tls_client(server.address, authority.p256).handshake()
    with pytest.raises(RigError, match="connection 0 is still open"):
        server.session(timeout=0.05)


def test_a_defect_of_a_behaviour_is_raised(authority: Authority, tls_client: Clients) -> None:
    from hil_tests.peers.contexts import TlsOptions, server_context

    def behave(session: peers.Session) -> None:
        raise ZeroDivisionError("a mistake in a test")

    server = peers.TlsServer(authority.p256, behave, server_context(authority.p256, TlsOptions(), None, "none"))
    tls_client(server.address, authority.p256).handshake()
    with pytest.raises(ZeroDivisionError):
        server.session()
    with pytest.raises(ZeroDivisionError):
        server.close()


def test_a_slow_board_has_more_time(authority: Authority, tls_client: Clients) -> None:
    with contextlib.closing(peers.RawServer(peers.hang(), slowness=4)) as server:
        tls_client(server.address, authority.p256)
        with pytest.raises(RigError, match=r"is still open after 0\.4 s"):
            server.finished(timeout=0.1)


def test_patience_bounds_a_silent_peer(
    authority: Authority, raw_server: Callable[..., peers.RawServer], tls_client: Clients
) -> None:
    server = raw_server(peers.hang())
    client = tls_client(server.address, authority.p256, patience=0.1)
    with pytest.raises(TimeoutError):
        client.handshake()


# The proxy


@pytest.fixture
def through(authority: Authority, tls_server: Servers, tls_client: Clients, proxy: Proxies) -> Callable[..., Any]:
    """Connects through a proxy with faults, in TLS 1.2; gives client, link and server."""

    def connect(*faults: object) -> tuple[peers.TlsClient, Proxy, peers.TlsServer]:
        server = tls_server(authority.p256, maximum="1.2")
        link = proxy(server.address, *faults)
        return tls_client(link.address, authority.p256, patience=5), link, server

    return connect


def test_the_proxy_records_a_whole_session(through: Callable[..., Any]) -> None:
    client, link, _ = through()
    client.handshake()
    client.write(b"hello")
    client.read_exactly(5)
    client.shutdown()
    client.close()
    connection = link.connection()
    assert connection.count(TO_SERVER, "application_data") == connection.count(TO_CLIENT, "application_data") == 1
    assert connection.records[0].type == "handshake"
    assert set(connection.ended.values()) == {"fin"}


def test_the_proxy_reads_plaintext_alerts(
    authority: Authority, tls_server: Servers, tls_client: Clients, proxy: Proxies
) -> None:
    server = tls_server(authority.stranger, maximum="1.2")
    link = proxy(server.address)
    client = tls_client(link.address, authority.p256)
    with pytest.raises(ssl.SSLError):
        client.handshake()
    client.close()
    assert link.connection().alerts == [(TO_SERVER, Alert("fatal", "unknown_ca"))]


@pytest.mark.parametrize(
    "fault",
    [
        CutAfterRecords(TO_CLIENT, 1),
        CutAfterRecords(TO_CLIENT, 1, reset=True),
        CutAfterRecords(TO_SERVER, 0),
        CutAfterBytes(TO_CLIENT, 50),
        CutAfterBytes(TO_SERVER, 3, reset=True),
        Corrupt(TO_CLIENT, record=1),
        Corrupt(TO_CLIENT, record=0, offset=0, mask=0x80),
        Replay(TO_CLIENT, record=1),
        Drop(TO_CLIENT, record=1),
        Inject(TO_CLIENT, 1, alert_record("fatal", "internal_error")),
        Stall(TO_CLIENT, 2),
    ],
    ids=repr,
)
def test_these_faults_end_a_handshake(through: Callable[..., Any], fault: object) -> None:
    client, link, _ = through(fault)
    client.wire.set_patience(1.0)
    with pytest.raises(OSError):
        client.handshake()
    assert not client.established


@pytest.mark.parametrize(
    "fault",
    [Split(TO_CLIENT), Split(TO_SERVER, size=3), Delay(TO_CLIENT, 0.02), CutAfterBytes(TO_CLIENT, 10**6)],
    ids=repr,
)
def test_these_faults_change_no_byte(through: Callable[..., Any], fault: object) -> None:
    client, _, _ = through(fault)
    client.handshake()
    client.write(b"hello")
    assert client.read_exactly(5) == b"hello"


def test_an_injected_warning_reaches_the_client(through: Callable[..., Any]) -> None:
    client, _, _ = through(Inject(TO_CLIENT, 1, alert_record("warning", "user_canceled")))
    client.handshake()
    assert Alert("warning", "user_canceled") in client.alerts_received


def test_bytes_that_are_not_tls_pass_the_proxy(raw_server: Callable[..., peers.RawServer], proxy: Proxies) -> None:
    def echo(wire: peers.Wire) -> None:
        wire.send(wire.receive_exactly(5))

    link = proxy(raw_server(echo).address)
    with socket.create_connection(link.address, timeout=5) as connection:
        connection.sendall(b"plain")
        assert connection.recv(5) == b"plain"


def test_openssl_programs_verify_each_other(authority: Authority, tls_server: Servers, tmp_path: Any) -> None:
    with peers.OpensslServer(authority.rsa, tmp_path / "server.log", "-www", "-tls1_2") as server:
        done = peers.curl(server.address, authority.rsa)
        assert done.code == 0, done.error
        done = peers.openssl_client(server.address, root=authority.rsa, stdin=b"GET / HTTP/1.0\r\n\r\n")
        assert b"Verify return code: 0 (ok)" in done.output


@pytest.mark.parametrize(("reset", "error"), [(False, ssl.SSLEOFError), (True, ConnectionResetError)])
def test_a_cut_ends_by_fin_or_by_rst(through: Callable[..., Any], reset: bool, error: type[OSError]) -> None:
    client, link, _ = through(CutAfterRecords(TO_CLIENT, 1, reset=reset))
    with pytest.raises(error):
        client.handshake()
    client.close()
    assert link.connection().ended[TO_CLIENT] == "cut"


def test_an_alert_before_a_reset_is_on_record(authority: Authority, tls_server: Servers, tls_client: Clients) -> None:
    server = tls_server(authority.p256, peers.source(5_000_000))
    client = tls_client(server.address, authority.p256)
    client.handshake()
    client.read_exactly(10)
    client.send_close_notify()
    client.close()  # with data unread, so that the system resets
    session = server.session()
    assert session.error is not None
    assert session.alerts_received == [CLOSE]


def test_a_truncation_ends_one_direction_only(through: Callable[..., Any]) -> None:
    client, link, _ = through(Truncate(TO_CLIENT, record=1, keep=20))
    with pytest.raises(ssl.SSLEOFError):
        client.handshake()
    client.close()
    assert link.connection().ended == {TO_CLIENT: "cut", TO_SERVER: "fin"}


def test_a_gate_holds_until_it_is_released(through: Callable[..., Any]) -> None:
    gate = Gate(TO_CLIENT, record=1, keep=20)
    client, _, _ = through(gate)
    with ThreadPoolExecutor(1) as pool:
        handshake = pool.submit(client.handshake)
        assert gate.reached.wait(5)
        assert not handshake.done()
        gate.released.set()
        handshake.result()
    assert client.established


@pytest.mark.parametrize("ending", ["fin", "reset"])
def test_the_end_after_a_refusal_is_on_record(
    authority: Authority, tls_server: Servers, tls_client: Clients, ending: str
) -> None:
    server = tls_server(authority.stranger, maximum="1.2")
    client = tls_client(server.address, authority.p256)
    with pytest.raises(ssl.SSLError):
        client.handshake()
    client.close() if ending == "fin" else client.reset()
    assert server.session().ending == ending
    assert client.ending is None
