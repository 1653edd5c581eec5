# SPDX-License-Identifier: MIT
"""Peers that speak TLS 1.2 only, TLS 1.3 only, or both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.records import Alert, encode_record
from hil_tests.scenarios.dut import PING, Dut, client_handshake_error
from hil_tests.scenarios.failures import (
    NO_COMMON_VERSION,
    NOTHING_IN_COMMON,
    assert_did_refuse,
    assert_echoes,
    assert_was_refused,
    peer_sent,
)

ONLY_1_2 = (0x0303, 0x0303)
NEW_TO_US = "; it may insist on TLS 1.3: see ssl.HAS_TLSv1_3 and maximum_version"


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
def test_client_speaks_1_2(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], maximum: str
) -> None:
    server = tls_server(authority.p256, maximum=maximum)
    assert dut.ping(server, VERSIONS=ONLY_1_2).version == "TLSv1.2"


@pytest.mark.requires("tls-1.3")
def test_client_speaks_1_3_unasked(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, minimum="1.3")
    assert dut.ping(server).version == "TLSv1.3"


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
def test_server_speaks_1_2(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], maximum: str
) -> None:
    service = dut.serve(authority.p256)
    with tls_client(service.address, authority.p256, maximum=maximum) as client:
        assert_echoes(client)
        assert client.version == "TLSv1.2"
    assert service.lines() == ["done"]


def test_client_is_refused_by_a_1_3_only_server_and_says_why(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, minimum="1.3")
    values = {**server.values(dut.board), "VERSIONS": ONLY_1_2}
    assert dut.failure(PING, values) == peer_sent("protocol_version", NEW_TO_US)
    session = server.session()
    assert not session.established, session.describe()
    assert_did_refuse(session, "protocol_version")


def test_server_refuses_a_1_3_only_client(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256)
    with tls_client(service.address, authority.p256, minimum="1.3") as client:
        client_handshake_error(client)
        assert_was_refused(client, "handshake_failure")
    assert service.failure() == NOTHING_IN_COMMON


def test_client_refuses_a_server_hello_of_tls_1_1(
    dut: Dut, authority: Authority, raw_server: Callable[..., peers.RawServer]
) -> None:
    said: list[bytes] = []

    def answer(wire: peers.Wire) -> None:
        wire.receive_record()
        hello = b"\x03\x02" + bytes(32) + b"\x00" + b"\xc0\x2b" + b"\x00"
        wire.send(encode_record("handshake", b"\x02" + len(hello).to_bytes(3, "big") + hello, version=0x0302))
        said.append(wire.receive_record())
        assert wire.drain() == "fin"

    server = raw_server(answer)
    values = server.values(dut.board, authority.p256)
    assert dut.failure(PING, values) == NO_COMMON_VERSION
    server.finished()
    assert said == [encode_record("alert", Alert("fatal", "protocol_version").encode(), version=0x0302)]


def test_server_refuses_a_1_1_only_client(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.rsa)
    result = peers.openssl_client(service.address, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", root=authority.rsa)
    assert "alert protocol version" in result.error
    assert service.failure() == NO_COMMON_VERSION
