# SPDX-License-Identifier: MIT
"""Every cipher suite of the default list against OpenSSL, which is told to take that one; and others on request."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import PING, Dut, client_handshake_error
from hil_tests.scenarios.failures import (
    NOTHING_IN_COMMON,
    assert_did_refuse,
    assert_ended_well,
    assert_was_refused,
    peer_sent,
)

# OpenSSL's names of the suites of a context that was not told otherwise, and the board's names for them.
DEFAULT = {
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-SHA256": "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256",
    "ECDHE-RSA-AES128-SHA256": "TLS-ECDHE-RSA-WITH-AES-128-CBC-SHA256",
    "ECDHE-ECDSA-AES256-SHA384": "TLS-ECDHE-ECDSA-WITH-AES-256-CBC-SHA384",
    "ECDHE-RSA-AES256-SHA384": "TLS-ECDHE-RSA-WITH-AES-256-CBC-SHA384",
}
# Suites that are there only for a program that asks: without forward secrecy, or with SHA-1.
ON_REQUEST = {
    "AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-AES128-SHA": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
}
# A private RSA operation takes a slow board seconds; one suite with that key and those with the other show all ciphers.
ON_SERVERS = [
    pytest.param(suite, marks=pytest.mark.quick_boards if "-RSA-" in suite and "CHACHA20" not in suite else ())
    for suite in [*DEFAULT, *ON_REQUEST]
]
# More than one record each way, and no multiple of a cipher's block.
SIZE = 5000

CLIENT = """
def work():
    s = connect()
    print(s.cipher()[:2])
    data = pattern(SIZE)
    s.write(data)
    print(s.read(SIZE) == data)
    s.close()
"""

SERVER = """
def work():
    s = accept()
    print(s.cipher()[:2])
    s.write(s.read(SIZE))
    s.close()
"""


def identity_for(authority: Authority, suite: str) -> Identity:
    """The identity whose key the suite signs with."""
    return authority.p256 if "ECDSA" in suite else authority.rsa


def test_default_suites_are_the_ones_tested_here(dut: Dut) -> None:
    lines = dut.run("for name in ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers(): print(name)", {})
    # Those of TLS 1.3, where it is built, are in test_tls13.py.
    assert [line for line in lines if not line.startswith("TLS1-3-")] == list(DEFAULT.values())


@pytest.mark.parametrize("suite", [*DEFAULT, *ON_REQUEST])
def test_client_speaks(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], suite: str) -> None:
    server = tls_server(identity_for(authority, suite), maximum="1.2", ciphers=suite)
    asked = ON_REQUEST.get(suite)
    values = {**server.values(dut.board), "SIZE": SIZE, "CIPHERS": [asked] if asked else None}
    name = asked.replace("_", "-") if asked else DEFAULT[suite]
    assert dut.attempt(CLIENT, values) == [f"('{name}', 'TLSv1.2')", "True", "done"]
    assert_ended_well(server.session())
    assert server.session().cipher == suite


@pytest.mark.parametrize("suite", ON_SERVERS)
def test_server_speaks(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], suite: str) -> None:
    identity = identity_for(authority, suite)
    asked = ON_REQUEST.get(suite)
    service = dut.serve(identity, SERVER, SIZE=SIZE, CIPHERS=[asked] if asked else None)
    with tls_client(service.address, identity, maximum="1.2", ciphers=suite) as client:
        client.handshake()
        assert client.cipher == suite
        data = peers.pattern(SIZE)
        client.write(data)
        assert client.read_exactly(SIZE) == data
        client.shutdown()
        assert_ended_well(client)
    name = asked.replace("_", "-") if asked else DEFAULT[suite]
    assert service.lines() == [f"('{name}', 'TLSv1.2')", "done"]


@pytest.mark.parametrize("suite", ON_REQUEST)
def test_client_does_not_offer_unasked(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], suite: str
) -> None:
    server = tls_server(authority.rsa, maximum="1.2", ciphers=suite)
    assert dut.failure(PING, server.values(dut.board)) == peer_sent("handshake_failure")
    assert_did_refuse(server.session(), "handshake_failure")


@pytest.mark.parametrize("suite", ON_REQUEST)
def test_server_does_not_take_unasked(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], suite: str
) -> None:
    service = dut.serve(authority.rsa)
    with tls_client(service.address, authority.rsa, maximum="1.2", ciphers=suite) as client:
        client_handshake_error(client)
        assert_was_refused(client, "handshake_failure")
    assert service.failure() == NOTHING_IN_COMMON
