# SPDX-License-Identifier: MIT
"""Resumption with OpenSSL, which says itself whether a session went on: by ticket and by session ID, in both roles."""

from __future__ import annotations

import ast
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import PATIENCE, Dut, Service
from hil_tests.scenarios.failures import assert_ended_well, tls_failure

# OpenSSL's SSL_OP_NO_EXTENDED_MASTER_SECRET, which CPython has no name for.
OP_NO_EXTENDED_MASTER_SECRET = 1

CLIENT = """
def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    for _ in range(TIMES):
        s = c.wrap_socket(dial(), server_hostname=NAME)
        s.write(b"ping")
        print(s.read(4), s.session_reused, s.getpeercert(True) is not None, s.session is not None)
        s.close()
"""

SERVER = """
def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    print("accepted")
    for _ in range(TIMES):
        try:
            s = c.wrap_socket(l.accept()[0], server_side=True)
            print(s.session_reused, s.getpeercert(True) is not None)
            s.recv(100)
            s.close()
        except OSError as error:
            report(error)
    l.close()
"""


def assert_resumes(dut: Dut, server: peers.TlsServer, **values: object) -> None:
    """Of three connections of the board, all but the first go on with a session, say both ends."""
    lines = dut.attempt(CLIENT, {**server.values(dut.board), "TIMES": 3, **values})
    assert lines == ["b'ping' False True True", "b'ping' True True True", "b'ping' True True True", "done"]
    for index, reused in enumerate([False, True, True]):
        session = server.session(index)
        assert_ended_well(session)
        assert session.tls.session_reused == reused
        assert ("write certificate" in session.messages) == (not reused), session.messages


@pytest.mark.parametrize("options", [0, ssl.OP_NO_TICKET], ids=["tickets", "ids"])
@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_client_resumes_by_itself(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], kind: str, options: int
) -> None:
    server = tls_server(getattr(authority, kind), maximum="1.2", options=options)
    assert_resumes(dut, server)


def test_client_shakes_hands_in_full_when_the_server_has_forgotten(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    servers = [tls_server(authority.p256, maximum="1.2") for _ in range(2)]
    code = """
def work():
    global PORT
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    for PORT in PORTS:
        s = c.wrap_socket(dial(), server_hostname=NAME)
        print(s.session_reused)
        s.close()
"""
    ports = [servers[0].port, servers[1].port, servers[1].port]
    lines = dut.attempt(code, {**servers[0].values(dut.board), "PORTS": ports})
    assert lines == ["False", "False", "True", "done"]


def test_client_keeps_no_session_without_extended_master_secret(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2", options=OP_NO_EXTENDED_MASTER_SECRET)
    lines = dut.attempt(CLIENT, {**server.values(dut.board), "TIMES": 2})
    assert lines == ["b'ping' False True False"] * 2 + ["done"]
    assert [server.session(index).tls.session_reused for index in range(2)] == [False, False]


def test_a_session_survives_a_reset(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, maximum="1.2")
    code = """
def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    old = ssl.SSLSession(STORED, b"key") if STORED else None
    s = c.wrap_socket(dial(), server_hostname=NAME, session=old)
    print(s.session_reused)
    print(s.session.export(b"key"))
    s.close()
"""
    first = dut.attempt(code, {**server.values(dut.board), "STORED": None})
    assert first[0] == "False", first
    dut.board.reset()
    second = dut.attempt(code, {**server.values(dut.board), "STORED": ast.literal_eval(first[1])})
    assert second[0] == "True", second
    assert server.session(1).tls.session_reused


def serve(dut: Dut, authority: Authority, times: int, verify: Identity | None = None) -> Service:
    """A server on the board for that many connections."""
    return dut.serve(authority.p256, SERVER, trust=verify, TIMES=times, VERIFY=2 if verify else None)


def connect_openssl(
    service: Service, authority: Authority, *arguments: str, name: str = "server.test"
) -> tuple[bool, str]:
    """One connection of `openssl s_client`: whether it resumed, and all it said."""
    words = ("-tls1_2", "-CAfile", str(authority.p256.root_file), "-servername", name, *arguments)
    result = peers.openssl_client(service.address, *words, stdin=b"Q")
    text = result.output.decode("utf-8", "replace") + result.error
    assert ("Reused, TLSv1.2" in text) != ("New, TLSv1.2" in text), text
    return "Reused, TLSv1.2" in text, text


@pytest.mark.parametrize("how", [(), ("-no_ticket",)], ids=["tickets", "ids"])
def test_server_resumes(dut: Dut, authority: Authority, tmp_path: Path, how: tuple[str, ...]) -> None:
    service = serve(dut, authority, 3)
    stored = str(tmp_path / "session.pem")
    assert not connect_openssl(service, authority, "-sess_out", stored, *how)[0]
    assert connect_openssl(service, authority, "-sess_in", stored, *how)[0]
    assert connect_openssl(service, authority, "-sess_in", stored, *how)[0]
    assert service.lines() == ["False False", "True False", "True False", "done"]


@pytest.mark.parametrize("how", [(), ("-no_ticket",)], ids=["tickets", "ids"])
def test_server_resumes_nothing_for_another_server_name(
    dut: Dut, authority: Authority, tmp_path: Path, how: tuple[str, ...]
) -> None:
    service = serve(dut, authority, 3)
    stored = str(tmp_path / "session.pem")
    connect_openssl(service, authority, "-sess_out", stored, *how)
    assert not connect_openssl(service, authority, "-sess_in", stored, *how, name="other.test")[0]
    assert connect_openssl(service, authority, "-sess_in", stored, *how)[0]
    assert service.lines() == ["False False", "False False", "True False", "done"]


def test_server_knows_the_client_of_a_resumed_session(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    service = serve(dut, authority, 2, verify=authority.client)
    stored = str(tmp_path / "session.pem")
    own = ("-cert", str(authority.client.chain_file), "-key", str(authority.client.key_file))
    assert not connect_openssl(service, authority, "-sess_out", stored, *own)[0]
    assert connect_openssl(service, authority, "-sess_in", stored, *own)[0]
    assert service.lines() == ["False True", "True True", "done"]


def client_without_verification() -> ssl.SSLContext:
    """An OpenSSL client whose sessions and options a test changes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def test_server_gives_no_ticket_without_extended_master_secret(dut: Dut, authority: Authority) -> None:
    service = serve(dut, authority, 2)
    context = client_without_verification()
    context.options |= ssl.Options(OP_NO_EXTENDED_MASTER_SECRET)
    session = None
    for _ in range(2):
        plain = socket.create_connection(service.address, PATIENCE)
        with context.wrap_socket(plain, server_hostname="server.test", session=session) as tls:
            session = tls.session
            assert not tls.session_reused
            assert session is not None and not session.has_ticket
            tls.unwrap()
    assert service.lines() == ["False False", "False False", "done"]


def test_server_refuses_to_resume_without_extended_master_secret(dut: Dut, authority: Authority) -> None:
    service = serve(dut, authority, 2)
    context = client_without_verification()
    with context.wrap_socket(socket.create_connection(service.address, PATIENCE), server_hostname="server.test") as tls:
        session = tls.session
        tls.unwrap()
    context.options |= ssl.Options(OP_NO_EXTENDED_MASTER_SECRET)
    plain = socket.create_connection(service.address, PATIENCE)
    with plain, pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        context.wrap_socket(plain, server_hostname="server.test", session=session)
    lines = service.lines()
    refused = tls_failure(-0x6600, "SSL_ILLEGAL_PARAMETER")
    assert lines[0] == "False False"
    assert ast.literal_eval(lines[1].removeprefix("refused ")) == (refused.kind, (refused.number, refused.text))
