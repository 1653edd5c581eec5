# SPDX-License-Identifier: MIT
"""Both ends show certificates, or one should and does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import PING, Dut, client_handshake_error
from hil_tests.scenarios.failures import (
    NO_CERTIFICATE,
    UNSET_CLOCK,
    Failure,
    assert_did_refuse,
    assert_echoes,
    assert_was_refused,
    peer_sent,
    refused_certificate,
)

CERT_OPTIONAL = 1
CERT_REQUIRED = 2

# A server's identity, and a client's under the same root.
PAIRS: dict[str, tuple[Callable[[Authority], Identity], Callable[[Authority], Identity]]] = {
    "p256": (lambda authority: authority.p256, lambda authority: authority.client),
    "rsa": (lambda authority: authority.rsa, lambda authority: authority.rsa_client),
    "p256-intermediate": (
        lambda authority: authority.intermediate,
        lambda authority: authority.issue(names=("client.test",), client=True, depth=1),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_client_shows_its_certificate(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], pair: str
) -> None:
    identity, client = (make(authority) for make in PAIRS[pair])
    server = tls_server(identity, client_root=identity, client_auth="required")
    assert dut.ping(server, identity=client).peer_certificate == client.certificate_der


def test_client_without_certificate_is_let_in_by_a_server_that_does_not_insist(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, client_root=authority.p256, client_auth="optional")
    assert dut.ping(server).peer_certificate is None


SERVE_AND_TELL = """
def work():
    s = accept()
    certificate = s.getpeercert(True)
    print(certificate and hashlib.sha256(certificate).digest().hex())
    s.write(s.read(4))
    s.close()
"""


@pytest.mark.parametrize("pair", PAIRS)
def test_server_accepts_a_client_certificate(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], pair: str
) -> None:
    identity, certificate = (make(authority) for make in PAIRS[pair])
    service = dut.serve(identity, SERVE_AND_TELL, trust=identity, VERIFY=CERT_REQUIRED)
    with tls_client(service.address, identity, certificate=certificate) as client:
        assert_echoes(client)
    assert service.lines() == [certificate.fingerprint, "done"]


def test_server_that_does_not_insist_takes_a_client_without_certificate(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, SERVE_AND_TELL, trust=authority.p256, VERIFY=CERT_OPTIONAL)
    with tls_client(service.address, authority.p256) as client:
        assert_echoes(client)
    assert service.lines() == ["None", "done"]


# What the board's client shows, and the alert by which OpenSSL refuses it.
REFUSED_CLIENTS: dict[str, tuple[Callable[[Authority], Identity | None], str]] = {
    "missing": (lambda authority: None, "handshake_failure"),
    "unknown-ca": (lambda authority: authority.stranger_client, "unknown_ca"),
    "expired": (lambda authority: authority.expired_client, "certificate_expired"),
    "server-certificate": (lambda authority: authority.p256, "unsupported_certificate"),
}


@pytest.mark.parametrize("case", REFUSED_CLIENTS)
def test_client_is_told_why_it_is_refused(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], case: str
) -> None:
    make, alert = REFUSED_CLIENTS[case]
    server = tls_server(authority.p256, client_root=authority.p256, client_auth="required", maximum="1.2")
    assert dut.failure(PING, server.values(dut.board), identity=make(authority)) == peer_sent(alert)
    session = server.session()
    assert not session.established, session.describe()
    assert_did_refuse(session, alert)


# What a client shows to the board, how that raises, and the alert that the client must get.
REFUSED_BY_SERVER: dict[str, tuple[Callable[[Authority], Identity | None], Failure, str]] = {
    "missing": (lambda authority: None, NO_CERTIFICATE, "handshake_failure"),
    "unknown-ca": (
        lambda authority: authority.stranger_client,
        refused_certificate("issued by none of the trusted CAs"),
        "unknown_ca",
    ),
    "expired": (
        lambda authority: authority.expired_client,
        refused_certificate("expired"),
        "certificate_expired",
    ),
    "server-certificate": (
        lambda authority: authority.p256,
        refused_certificate("extendedKeyUsage does not allow this use"),
        "unsupported_certificate",
    ),
}


@pytest.mark.parametrize(
    ("case", "verify"),
    [(case, CERT_REQUIRED) for case in REFUSED_BY_SERVER] + [("unknown-ca", CERT_OPTIONAL)],
    ids=[*REFUSED_BY_SERVER, "unknown-ca-optional"],
)
def test_server_refuses(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], case: str, verify: int
) -> None:
    make, failure, alert = REFUSED_BY_SERVER[case]
    service = dut.serve(authority.p256, trust=authority.p256, VERIFY=verify)
    with tls_client(service.address, authority.p256, certificate=make(authority)) as client:
        client_handshake_error(client)
        assert_was_refused(client, alert)
    assert service.failure() == failure


@pytest.mark.requires("settable-clock")
def test_server_with_unset_clock_says_so(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    dut.board.set_clock(datetime(2000, 1, 1, tzinfo=UTC))
    service = dut.serve(authority.p256, trust=authority.p256, VERIFY=CERT_REQUIRED)
    with tls_client(service.address, authority.p256, certificate=authority.client) as client:
        client_handshake_error(client)
        assert_was_refused(client, "certificate_expired")
    assert service.failure() == refused_certificate("not yet valid" + UNSET_CLOCK)
