# SPDX-License-Identifier: MIT
"""Pre-shared keys with OpenSSL at the other end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import PATIENCE, Dut
from hil_tests.scenarios.failures import Failure, peer_sent

pytestmark = pytest.mark.requires("psk")

KEY = b"sixteen byte key"
# What OpenSSL calls suites with forward secrecy, and what the board does; the last one has to be named.
SUITES = {
    "ECDHE-PSK-CHACHA20-POLY1305": "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256",
    "ECDHE-PSK-AES128-CBC-SHA256": "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256",
    "ECDHE-PSK-AES256-CBC-SHA384": "TLS-ECDHE-PSK-WITH-AES-256-CBC-SHA384",
    "PSK-AES128-GCM-SHA256": "TLS-PSK-WITH-AES-128-GCM-SHA256",
}
# OpenSSL's programs send an unknown client on with a random key.
CLIENT = """
def work():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.psk_identity, c.psk_key = b"board", KEY
    if CIPHERS:
        c.set_ciphers(CIPHERS)
    s = c.wrap_socket(dial())
    s.write(b"ping\\n")
    print(s.cipher()[0], s.recv(5))
    s.close()
"""
HINTED = """
def work():
    def give(hint):
        print(hint)
        return "board", KEY
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.set_psk_client_callback(give)
    c.wrap_socket(dial()).close()
"""
SERVER = """
def work():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.server_psk_keys = {b"host": KEY}
    if CIPHERS:
        c.set_ciphers(CIPHERS)
    if HINT:
        c.set_psk_server_callback(lambda name: KEY if name == "host" else b"", HINT)
    l = listen()
    s = l.accept()[0]
    l.close()
    print("accepted")
    s = c.wrap_socket(s, server_side=True)
    print(s.cipher()[0], s.recv(4))
    s.close()
"""


def openssl_server(authority: Authority, log: Path, *arguments: str) -> peers.OpensslServer:
    """One that reverses lines, knows "board", and would have a certificate, too."""
    known = ("-tls1_2", "-rev", "-psk_identity", "board", "-psk", KEY.hex())
    return peers.OpensslServer(authority.p256, log, *known, *arguments)


def serve_openssl(dut: Dut, identity: str, *arguments: str, **values: object) -> tuple[str, list[str]]:
    """What `openssl s_client` and the board say of a connection."""
    service = dut.listen(SERVER + "\nattempt(work)\n", None, KEY=KEY, **{"CIPHERS": None, "HINT": None, **values})
    known = ("-tls1_2", "-psk_identity", identity, "-psk", KEY.hex())
    timeout = dut.board.seconds(PATIENCE)
    result = peers.openssl_client(service.address, *known, *arguments, stdin=b"ping", timeout=timeout)
    return result.output.decode(errors="replace") + result.error, service.lines()


@pytest.mark.parametrize("suite", SUITES)
def test_a_client_speaks(dut: Dut, authority: Authority, tmp_path: Path, suite: str) -> None:
    with openssl_server(authority, tmp_path / "server.log", "-cipher", f"{suite}:DEFAULT") as server:
        asked = [SUITES[suite]] if suite.startswith("PSK") else None
        lines = dut.attempt(CLIENT, {"HOST": dut.board.host_address, "PORT": server.port, "CIPHERS": asked, "KEY": KEY})
    assert lines == [f"{SUITES[suite]} b'gnip\\n'", "done"]


@pytest.mark.parametrize("suite", SUITES)
def test_a_server_speaks(dut: Dut, suite: str) -> None:
    asked = [SUITES[suite]] if suite.startswith("PSK") else None
    seen, lines = serve_openssl(dut, "host", "-cipher", suite, CIPHERS=asked)
    assert lines == [f"{SUITES[suite]} b'ping'", "done"], seen


def test_a_client_that_offers_certificates_only_is_refused(dut: Dut) -> None:
    seen, lines = serve_openssl(dut, "host", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")
    assert "alert handshake failure" in seen
    assert Failure.parse(lines).number == -0x6E00


def test_a_server_without_psk_gets_no_connection(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with peers.OpensslServer(authority.p256, tmp_path / "server.log", "-tls1_2") as server:
        values = {"HOST": dut.board.host_address, "PORT": server.port, "CIPHERS": None, "KEY": KEY}
        assert dut.failure(CLIENT, values) == peer_sent("handshake_failure")


def test_a_stranger_hears_that_it_is_one(dut: Dut) -> None:
    seen, lines = serve_openssl(dut, "stranger", "-cipher", "PSK")
    assert "alert unknown psk identity" in seen or "alert number 115" in seen
    assert Failure.parse(lines).number == -0x6C80


def test_the_hint_comes_from_openssl(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with openssl_server(authority, tmp_path / "server.log", "-psk_hint", "which one?") as server:
        lines = dut.attempt(HINTED, {"HOST": dut.board.host_address, "PORT": server.port, "KEY": KEY})
    assert lines == ["which one?", "done"]


def test_the_hint_goes_to_openssl(dut: Dut) -> None:
    seen, lines = serve_openssl(dut, "host", "-cipher", "PSK", HINT="who are you?")
    assert re.search("PSK identity hint: who are you\\?", seen), seen
    assert lines[-1] == "done"
