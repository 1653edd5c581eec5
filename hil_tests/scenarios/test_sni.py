# SPDX-License-Identifier: MIT
"""`sni_callback` of a server on the board, with OpenSSL's clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import Dut, client_handshake_error
from hil_tests.scenarios.failures import assert_echoes, assert_was_refused

pytestmark = pytest.mark.requires("sni-callback")

SERVER = """
def work():
    first, second = context(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    second.load_cert_chain(*SECOND)
    if RETRY:
        first.set_groups("secp384r1")
    def callback(sock, name, context):
        print(name)
        if name == "other.test":
            sock.context = second
        elif name != "server.test":
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    first.sni_callback = callback
    l = listen()
    for _ in range(TIMES):
        s = l.accept()[0]
        print("accepted")
        s = first.wrap_socket(s, server_side=True)
        s.write(s.recv(100))
        s.recv(1)
        s.close()
    l.close()
"""
BOTH_VERSIONS = pytest.mark.parametrize("version", ["1.2", pytest.param("1.3", marks=pytest.mark.requires("tls-1.3"))])
BOUNDS = {"1.2": (0x0303, 0x0303), "1.3": (0x0304, 0x0304)}


@BOTH_VERSIONS
def test_each_name_gets_its_certificate(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], version: str
) -> None:
    first, second = authority.p256, authority.issue("rsa", names=("other.test",))
    given: dict[str, Any] = {"SECOND": (second.chain_der, second.key_der()), "TIMES": 2, "RETRY": False}
    service = dut.serve(first, SERVER, VERSIONS=BOUNDS[version], **given)
    for identity in (second, first):
        with tls_client(service.address, identity, minimum=version, maximum=version) as client:
            assert_echoes(client)
            assert client.peer_certificate == identity.certificate_der
    assert service.lines() == ["other.test", "accepted", "server.test", "done"]


@pytest.mark.requires("tls-1.3", "groups")
def test_a_second_hello_does_not_ask_again(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    second = authority.issue(names=("other.test",))
    given: dict[str, Any] = {"SECOND": (second.chain_der, second.key_der()), "TIMES": 1, "RETRY": True}
    service = dut.serve(authority.p256, SERVER, VERSIONS=BOUNDS["1.3"], **given)
    with tls_client(service.address, second, minimum="1.3") as client:
        assert_echoes(client)
        assert client.messages.count("write client_hello") == 2, client.messages
    assert service.lines() == ["other.test", "done"]


@BOTH_VERSIONS
def test_an_unknown_name_is_refused(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], version: str
) -> None:
    given: dict[str, Any] = {"SECOND": (authority.p256.chain_der, authority.p256.key_der()), "TIMES": 1, "RETRY": False}
    service = dut.serve(authority.p256, SERVER, VERSIONS=BOUNDS[version], **given)
    with tls_client(service.address, authority.p256, name="stranger.test", minimum=version, maximum=version) as client:
        client_handshake_error(client)
        assert_was_refused(client, "unrecognized_name")
    assert "sni_callback refused the connection" in service.failure().text
