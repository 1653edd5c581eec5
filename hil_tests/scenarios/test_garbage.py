# SPDX-License-Identifier: MIT
"""The other end does not speak TLS."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.records import alert_record
from hil_tests.scenarios.dut import PING, Dut
from hil_tests.scenarios.failures import NOT_TLS, TRUNCATED, Failure, tls_failure

# Reproducible; the first byte is no ContentType.
NOISE = b"\xf7" + random.Random(1).randbytes(2000)
UNEXPECTED = tls_failure(-0x7700, "SSL_UNEXPECTED_MESSAGE")

# What the other end says, how that raises, and the alert that answers it.
GARBAGE: dict[str, tuple[bytes, Failure, str]] = {
    "http": (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", NOT_TLS, "unexpected_message"),
    "http-request": (b"GET / HTTP/1.1\r\nHost: server.test\r\n\r\n", NOT_TLS, "unexpected_message"),
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", NOT_TLS, "unexpected_message"),
    "random": (NOISE, NOT_TLS, "unexpected_message"),
    "zeros": (bytes(1000), NOT_TLS, "unexpected_message"),
    "no-tls-version": (b"\x16\x09\x09\x00\x04\x01\x00\x00\x00", NOT_TLS, "protocol_version"),
    "too-long": (b"\x16\x03\x03\xff\xff" + bytes(100), NOT_TLS, "record_overflow"),
}


@pytest.mark.parametrize("case", GARBAGE)
def test_client_refuses(dut: Dut, authority: Authority, raw_server: Callable[..., peers.RawServer], case: str) -> None:
    data, failure, alert = GARBAGE[case]
    answer = bytearray()
    endings: list[str] = []

    def behave(wire: peers.Wire) -> None:
        wire.receive_record()
        wire.send(data)
        answer.extend(wire.receive_record())
        endings.append(wire.drain())

    server = raw_server(behave)
    values = server.values(dut.board, authority.p256)
    assert dut.failure(PING, values) == failure
    server.finished()
    assert (bytes(answer), endings) == (alert_record("fatal", alert), ["fin"])


@pytest.mark.parametrize("case", GARBAGE)
def test_server_refuses(dut: Dut, authority: Authority, case: str) -> None:
    data, failure, alert = GARBAGE[case]
    service = dut.serve(authority.p256)
    with socket.create_connection(service.address, dut.patience) as connection:
        wire = peers.Wire(connection, dut.patience)
        wire.send(data)
        assert wire.receive_exactly(7) == alert_record("fatal", alert)
        assert wire.drain() == "fin"
    assert service.failure() == failure


def test_client_is_not_content_with_an_empty_answer(
    dut: Dut, authority: Authority, raw_server: Callable[..., peers.RawServer]
) -> None:
    endings: list[str] = []

    def behave(wire: peers.Wire) -> None:
        wire.receive_record()
        wire.half_close()
        endings.append(wire.drain())

    server = raw_server(behave)
    values = server.values(dut.board, authority.p256)
    assert dut.failure(PING, values) == TRUNCATED
    server.finished()
    assert endings == ["fin"]


def test_server_is_not_content_with_an_empty_request(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.p256)
    with socket.create_connection(service.address, dut.patience) as connection:
        service.accepted()
        connection.shutdown(socket.SHUT_WR)
        assert peers.Wire(connection, dut.patience).receive() == b""
    assert service.failure() == TRUNCATED
