# SPDX-License-Identifier: MIT
"""Groups for the agreement on keys, with OpenSSL: each one, and a key share that is not liked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import PING_REVERSED, REVERSED, Dut
from hil_tests.scenarios.failures import assert_echoes

pytestmark = pytest.mark.requires("groups")

VERSIONS = {"tls1_2": (0x0303, 0x0303), "tls1_3": (0x0304, 0x0304)}
ALL = pytest.mark.parametrize(
    "group",
    [
        pytest.param("X25519", marks=pytest.mark.requires("x25519")),
        pytest.param("P-256", marks=pytest.mark.quick_boards),
        "P-384",
    ],
)
BOTH_VERSIONS = pytest.mark.parametrize(
    "version", ["tls1_2", pytest.param("tls1_3", marks=pytest.mark.requires("tls-1.3"))]
)
# What `openssl s_client` calls the server's key.
IN_ITS_OUTPUT = {
    "X25519": b"X25519, 253 bits",
    "P-256": b"ECDH, prime256v1, 256 bits",
    "P-384": b"ECDH, secp384r1, 384 bits",
}

SERVER = """
def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    c.set_groups(GROUPS)
    l = listen()
    s = l.accept()[0]
    l.close()
    print("accepted")
    s = c.wrap_socket(s, server_side=True)
    if ECHO:
        data = s.recv(100)
        s.write(data)
        s.recv(1)
    s.close()
"""


@ALL
@BOTH_VERSIONS
def test_client_agrees_on(dut: Dut, authority: Authority, tmp_path: Path, version: str, group: str) -> None:
    # With RSA, because TLS 1.2 has one list for agreements and for the curves of certificates.
    identity = authority.rsa
    with peers.OpensslServer(identity, tmp_path / "s_server.log", "-rev", f"-{version}", "-groups", group) as server:
        values = {**server.values(dut.board), "VERSIONS": VERSIONS[version]}
        assert dut.attempt(PING_REVERSED, values) == [REVERSED, "done"], server.output


@ALL
@BOTH_VERSIONS
def test_server_agrees_on(dut: Dut, authority: Authority, version: str, group: str) -> None:
    service = dut.serve(authority.rsa, SERVER, VERSIONS=VERSIONS[version], GROUPS=group, ECHO=False)
    words = [f"-{version}", "-groups", "X25519:P-256:P-384"]
    result = peers.openssl_client(service.address, *words, root=authority.rsa, timeout=dut.patience)
    assert IN_ITS_OUTPUT[group] in result.output, (result.output, result.error)
    assert service.lines() == ["done"]


@pytest.mark.requires("tls-1.3")
def test_server_asks_for_a_key_share_that_it_likes(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    # OpenSSL brings one for X25519.
    service = dut.serve(authority.p256, SERVER, VERSIONS=VERSIONS["tls1_3"], GROUPS="secp384r1:prime256v1", ECHO=True)
    with tls_client(service.address, authority.p256, minimum="1.3") as client:
        assert_echoes(client)
        assert client.messages.count("write client_hello") == 2, client.messages
    assert service.lines() == ["done"]
