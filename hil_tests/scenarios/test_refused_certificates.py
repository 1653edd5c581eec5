# SPDX-License-Identifier: MIT
"""Certificates that must be refused: by a board that is client, and by a client of a board that is server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import PING, Dut, client_handshake_error
from hil_tests.scenarios.failures import (
    UNSET_CLOCK,
    assert_did_refuse,
    assert_was_refused,
    peer_sent,
    refused_certificate,
)

UNTRUSTED = "issued by none of the trusted CAs"

# What the server shows, which checks fail on a board that trusts the P-256 root, and the alert that must say so.
REFUSED: dict[str, tuple[Callable[[Authority], Identity], str, str]] = {
    "unknown-ca": (lambda authority: authority.stranger, UNTRUSTED, "unknown_ca"),
    "unknown-ca-intermediate": (lambda authority: authority.issue(depth=1, root="stranger"), UNTRUSTED, "unknown_ca"),
    "expired": (lambda authority: authority.expired, "expired", "certificate_expired"),
    "self-signed": (lambda authority: authority.self_signed, UNTRUSTED, "unknown_ca"),
    "wrong-name": (
        lambda authority: authority.issue(names=("other.test",)),
        "not issued for server_hostname",
        "bad_certificate",
    ),
    "client-certificate": (
        lambda authority: authority.issue(client=True),
        "extendedKeyUsage does not allow this use",
        "unsupported_certificate",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_client_refuses(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], case: str) -> None:
    make, checks, alert = REFUSED[case]
    server = tls_server(make(authority))
    values = {**server.values(dut.board), "CA": authority.p256.root_der, "NAME": "server.test"}
    assert dut.failure(PING, values) == refused_certificate(checks)
    assert_was_refused(server.session(), alert)


def test_client_refuses_a_certificate_of_tomorrow_and_doubts_its_clock(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.not_yet_valid)
    failure = dut.failure(PING, server.values(dut.board))
    assert failure.text.startswith(refused_certificate("not yet valid; the board's clock is unset or wrong").text)
    assert (failure.kind, failure.number) == ("SSLCertVerificationError", -0x2700)
    assert f"(it reads {dut.board.clock():%Y-%m-%d})" in failure.text
    assert_was_refused(server.session(), "certificate_expired")


@pytest.mark.requires("settable-clock")
def test_client_with_unset_clock_says_so(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    dut.board.set_clock(datetime(2000, 1, 1, tzinfo=UTC))
    server = tls_server(authority.p256)
    failure = dut.failure(PING, server.values(dut.board))
    assert failure == refused_certificate("not yet valid" + UNSET_CLOCK)
    assert_was_refused(server.session(), "certificate_expired")


# What the client trusts and expects, and the alert by which OpenSSL refuses the board's certificate.
REFUSED_BY_CLIENT: dict[str, tuple[Callable[[Authority], Identity], str]] = {
    "unknown-ca": (lambda authority: authority.stranger, "unknown_ca"),
    "self-signed": (lambda authority: authority.self_signed, "unknown_ca"),
    "expired": (lambda authority: authority.expired, "certificate_expired"),
    "not-yet-valid": (lambda authority: authority.not_yet_valid, "bad_certificate"),
    "wrong-name": (lambda authority: authority.issue(names=("other.test",)), "bad_certificate"),
}


@pytest.mark.parametrize("case", REFUSED_BY_CLIENT)
def test_server_is_told_why_it_is_refused(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], case: str
) -> None:
    make, alert = REFUSED_BY_CLIENT[case]
    service = dut.serve(make(authority))
    with tls_client(service.address, authority.p256) as client:
        client_handshake_error(client)
        assert_did_refuse(client, alert)
    assert service.failure() == peer_sent(alert)
