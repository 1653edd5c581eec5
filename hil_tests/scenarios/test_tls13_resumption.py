# SPDX-License-Identifier: MIT
"""Resumption of TLS 1.3 with OpenSSL, which says itself whether a session went on, in both roles."""

from __future__ import annotations

import ast
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import PATIENCE, REVERSED, Dut, Service, for_reversing
from hil_tests.scenarios.failures import tls_failure
from hil_tests.scenarios.test_resumption import CLIENT, assert_resumes

pytestmark = pytest.mark.requires("tls-1.3")

ONLY_1_3, BOTH = (0x0304, 0x0304), (0x0303, 0x0304)

SERVER = """
def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    print("accepted")
    for _ in range(TIMES):
        s = c.wrap_socket(l.accept()[0], server_side=True)
        print(s.session_reused, s.getpeercert(True) is not None)
        s.recv(100)
        s.write(b"pong")
        s.close()
    l.close()
"""


@pytest.mark.parametrize("options", [0, ssl.OP_NO_TICKET], ids=["sealed", "numbered"])
def test_client_resumes_by_itself(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], options: int
) -> None:
    # With OP_NO_TICKET OpenSSL's tickets are numbers of sessions that it keeps.
    server = tls_server(authority.p256, minimum="1.3", options=options)
    assert_resumes(dut, server, VERSIONS=BOTH)


SEVERAL = """
def work():
    global PORT
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    for PORT in PORTS:
        s = c.wrap_socket(dial(), server_hostname=NAME)
        s.write(b"ping")
        print(s.version(), s.session_reused, s.read(4))
        s.close()
"""


def visit_all(dut: Dut, first: peers.TlsServer, second: peers.TlsServer, versions: tuple[int, int]) -> list[str]:
    """What a client says that visits the first server once, and then twice another one of the same name."""
    ports = [first.port, second.port, second.port]
    return dut.attempt(SEVERAL, {**first.values(dut.board), "PORTS": ports, "VERSIONS": versions})


def test_client_shakes_hands_in_full_when_the_server_has_forgotten(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    first, second = (tls_server(authority.p256, minimum="1.3") for _ in range(2))
    assert visit_all(dut, first, second, ONLY_1_3) == [
        "TLSv1.3 False b'ping'",
        "TLSv1.3 False b'ping'",
        "TLSv1.3 True b'ping'",
        "done",
    ]


def test_client_goes_on_with_a_server_that_has_gone_back_to_1_2(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    newer, older = tls_server(authority.p256, minimum="1.3"), tls_server(authority.p256, maximum="1.2")
    assert visit_all(dut, newer, older, BOTH) == [
        "TLSv1.3 False b'ping'",
        "TLSv1.2 False b'ping'",
        "TLSv1.2 True b'ping'",
        "done",
    ]


def test_a_session_survives_a_reset(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, minimum="1.3")
    code = """
def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    old = ssl.SSLSession(STORED, b"key") if STORED else None
    s = c.wrap_socket(dial(), server_hostname=NAME, session=old)
    s.write(b"ping")
    print(s.session_reused, s.read(4))
    print(s.session.export(b"key"))
    s.close()
"""
    values = {**server.values(dut.board), "VERSIONS": ONLY_1_3}
    first = dut.attempt(code, {**values, "STORED": None})
    assert first[0] == "False b'ping'", first
    dut.board.reset()
    second = dut.attempt(code, {**values, "STORED": ast.literal_eval(first[1])})
    assert second[0] == "True b'ping'", second
    assert server.session(1).tls.session_reused


def test_client_resumes_with_another_key_share(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    # Both hellos of a connection offer the session; the second has a binder of its own (RFC 8446, 4.2.11.2).
    arguments = ["-rev", "-tls1_3", "-groups", "P-384", "-msg"]
    with peers.OpensslServer(authority.p256, tmp_path / "s_server.log", *arguments) as server:
        lines = dut.attempt(for_reversing(CLIENT), {**server.values(dut.board), "TIMES": 2, "VERSIONS": BOTH})
        assert lines == [f"{REVERSED} False True True", f"{REVERSED} True True True", "done"]
        assert server.output.count("ClientHello") == 4


def serve(dut: Dut, authority: Authority, times: int, verify: Identity | None = None) -> Service:
    """A server on the board for that many connections."""
    values = {"TIMES": times, "VERIFY": 2 if verify else None, "VERSIONS": ONLY_1_3}
    return dut.serve(authority.p256, SERVER, trust=verify, **values)


def connect_openssl(service: Service, authority: Authority, *arguments: str, name: str = "server.test") -> bool:
    """One connection of `openssl s_client`, which waits for the server's data: whether it resumed."""
    words = ("-tls1_3", "-CAfile", str(authority.p256.root_file), "-servername", name, *arguments)
    result = peers.openssl_client(service.address, *words, stdin=b"ping\n", timeout=PATIENCE)
    text = result.output.decode("utf-8", "replace") + result.error
    assert ("Reused, TLSv1.3" in text) != ("New, TLSv1.3" in text), text
    assert "pong" in text, text
    return "Reused, TLSv1.3" in text


# OpenSSL brings a key share for X448, and the board asks for another one, also when it resumes.
@pytest.mark.parametrize("groups", ["P-256", "X448:P-256"], ids=["at-once", "retried"])
def test_server_resumes(dut: Dut, authority: Authority, tmp_path: Path, groups: str) -> None:
    service = serve(dut, authority, 3)
    stored = str(tmp_path / "session.pem")
    assert not connect_openssl(service, authority, "-groups", groups, "-sess_out", stored)
    assert connect_openssl(service, authority, "-groups", groups, "-sess_in", stored, "-sess_out", stored)
    assert connect_openssl(service, authority, "-groups", groups, "-sess_in", stored)
    assert service.lines() == ["False False", "True False", "True False", "done"]


def test_server_resumes_nothing_for_another_server_name(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    service = serve(dut, authority, 3)
    stored = str(tmp_path / "session.pem")
    connect_openssl(service, authority, "-sess_out", stored)
    assert not connect_openssl(service, authority, "-sess_in", stored, name="other.test")
    assert connect_openssl(service, authority, "-sess_in", stored)
    assert service.lines() == ["False False", "False False", "True False", "done"]


def test_server_knows_the_client_of_a_resumed_session(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    service = serve(dut, authority, 2, verify=authority.client)
    stored = str(tmp_path / "session.pem")
    own = ("-cert", str(authority.client.chain_file), "-key", str(authority.client.key_file))
    assert not connect_openssl(service, authority, "-sess_out", stored, *own)
    assert connect_openssl(service, authority, "-sess_in", stored, *own)
    assert service.lines() == ["False True", "True True", "done"]


def test_server_refuses_early_data_that_it_has_not_asked_for(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    # A ticket of another server of that name, which takes early data.
    stored, early = tmp_path / "session.pem", tmp_path / "early"
    early.write_bytes(b"early\n")
    common = ("-tls1_3", "-groups", "P-256", "-servername", "server.test")
    with peers.OpensslServer(authority.p256, tmp_path / "server.log", "-tls1_3", "-early_data") as other:
        arguments = (*common, "-sess_out", str(stored), "-msg")
        with peers.OpensslClient(other.address, tmp_path / "client.log", *arguments) as client:
            client.expect("NewSessionTicket", dut.patience)
            client.type(b"Q\n")
            client.wait(dut.patience)
    service = dut.serve(authority.p256, VERSIONS=ONLY_1_3)
    result = peers.openssl_client(
        service.address, *common, "-sess_in", str(stored), "-early_data", str(early), stdin=b"Q\n", timeout=PATIENCE
    )
    assert service.failure() == tls_failure(-0x7180, "SSL_INVALID_MAC")
    assert "bad record mac" in result.error, result.error
