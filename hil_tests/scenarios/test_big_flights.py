# SPDX-License-Identifier: MIT
"""Certificates that are long, many, or in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.peers.proxy import TO_CLIENT, TO_SERVER, Action, Fault, Proxy
from hil_tests.records import HEADER_SIZE, encode_record
from hil_tests.scenarios.dut import PING, Dut, client_handshake_error
from hil_tests.scenarios.failures import Failure, assert_echoes, assert_was_refused, tls_failure

CERT_REQUIRED = 2
TOO_DEEP = tls_failure(
    -0x3000,
    "X509_FATAL_ERROR",
    "verify_callback refused the certificate, or its chain has too many intermediates",
)
TOO_LONG = tls_failure(
    -0x6A00,
    "SSL_BUFFER_TOO_SMALL",
    "a handshake message does not fit its buffer: is a certificate chain too long?",
)
MANY_NAMES = tuple(f"name-{index:03d}.example.test" for index in range(250))
TOO_MANY_NAMES = tuple(f"name-{index:03d}.example.test" for index in range(800))

BIG: dict[str, Callable[[Authority], Identity]] = {
    "rsa-4096": lambda authority: authority.issue("rsa4096", names=("client.test", "server.test")),
    "8-intermediates": lambda authority: authority.issue(names=("client.test", "server.test"), depth=8),
    "250-names": lambda authority: authority.issue(names=("client.test", "server.test", *MANY_NAMES)),
}


@pytest.mark.parametrize("case", BIG)
def test_client_accepts(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], case: str) -> None:
    identity = BIG[case](authority)
    server = tls_server(identity)
    dut.ping(server, NAME="server.test")


@dataclass(frozen=True)
class Refragment(Fault):
    """Spread each of the first `records` records, which are plaintext, over records of `size` bytes."""

    records: int
    size: int

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index >= self.records:
            yield record
            return
        body = record[HEADER_SIZE:]
        for start in range(0, len(body), self.size):
            yield encode_record("handshake", body[start : start + self.size])


# ServerHello to ServerHelloDone; ClientHello and ClientKeyExchange.
PLAINTEXT = {TO_CLIENT: 4, TO_SERVER: 2}
# Mbed TLS wants the four bytes of a message's header in one piece.
FRAGMENTS = [100, 17, 4]
# The first Mbed TLS whose server puts a ClientHello together.
FRAGMENTED_CLIENT_HELLO = (3, 6, 6)


@pytest.mark.parametrize("size", FRAGMENTS)
def test_client_reassembles_a_flight_in_records_of(
    dut: Dut,
    authority: Authority,
    tls_server: Callable[..., peers.TlsServer],
    proxy: Callable[..., Proxy],
    size: int,
) -> None:
    server = tls_server(authority.intermediate, maximum="1.2")
    link = proxy(server.address, Refragment(TO_CLIENT, PLAINTEXT[TO_CLIENT], size))
    dut.ping(server, PORT=link.port)


def mbedtls_version(dut: Dut) -> tuple[int, ...]:
    """(3, 6, 6)"""
    text = str(dut.board.eval("__import__('ssl').MBEDTLS_VERSION"))
    return tuple(int(part) for part in text.split()[-1].split("."))


@pytest.mark.parametrize("size", FRAGMENTS)
def test_server_reassembles_a_flight_in_records_of(
    dut: Dut,
    authority: Authority,
    tls_client: Callable[..., peers.TlsClient],
    proxy: Callable[..., Proxy],
    size: int,
) -> None:
    if mbedtls_version(dut) < FRAGMENTED_CLIENT_HELLO:
        pytest.skip("its Mbed TLS takes a ClientHello in one record only")
    service = dut.serve(authority.p256)
    link = proxy(service.address, Refragment(TO_SERVER, PLAINTEXT[TO_SERVER], size))
    with tls_client(link.address, authority.p256, maximum="1.2") as client:
        assert_echoes(client)
    assert service.lines() == ["done"]


# What does not fit, and why the board cannot take it; Mbed TLS's buffer for what comes has 16 KB.
TOO_BIG: dict[str, tuple[Callable[[Authority], Identity], Failure, str]] = {
    "9-intermediates": (lambda authority: authority.issue(depth=9), TOO_DEEP, "access_denied"),
    "17-kilobytes": (
        lambda authority: authority.issue(names=("server.test", *TOO_MANY_NAMES)),
        TOO_LONG,
        "internal_error",
    ),
}


@pytest.mark.parametrize("case", TOO_BIG)
def test_client_refuses(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], case: str) -> None:
    make, failure, alert = TOO_BIG[case]
    server = tls_server(make(authority))
    assert dut.failure(PING, server.values(dut.board)) == failure
    assert_was_refused(server.session(), alert)


def test_server_says_that_its_own_chain_is_too_long(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    identity = authority.issue(names=("server.test", *MANY_NAMES))
    service = dut.serve(identity)
    with tls_client(service.address, identity) as client:
        client_handshake_error(client)
        assert_was_refused(client, "internal_error")
    assert service.failure() == TOO_LONG


BIG_CLIENTS: dict[str, Callable[[Authority], Identity]] = {
    "rsa-4096": lambda authority: authority.issue("rsa4096", names=("client.test",), client=True),
    "250-names": lambda authority: authority.issue(names=("client.test", *MANY_NAMES), client=True, depth=2),
}


@pytest.mark.parametrize("case", BIG_CLIENTS)
def test_server_accepts(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], case: str) -> None:
    certificate = BIG_CLIENTS[case](authority)
    service = dut.serve(authority.p256, trust=certificate, VERIFY=CERT_REQUIRED)
    with tls_client(service.address, authority.p256, certificate=certificate) as client:
        assert_echoes(client)
    assert service.lines() == ["done"]
