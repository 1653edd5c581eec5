# SPDX-License-Identifier: MIT
"""What a peer does once it is connected: factories of functions that are called with the session (or the wire)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from hil_tests.peers.session import Session
from hil_tests.peers.wire import Wire

Behaviour = Callable[[Session], None]
RawBehaviour = Callable[[Wire], None]

HTTP_HEAD_LIMIT = 16384


def pattern(size: int) -> bytes:
    """Reproducible bytes that do not compress and have no short period."""
    return random.Random(size).randbytes(size)


# With TLS


def echo() -> Behaviour:
    """Send back what comes, until the end; then close with close_notify."""

    def behave(session: Session) -> None:
        while data := session.read():
            session.write(data)
        session.shutdown()

    return behave


def http(body: bytes = b"hello\n") -> Behaviour:
    """Answer each HTTP request with 200 and `body`, then close, as "Connection: close" says."""

    def behave(session: Session) -> None:
        request = b""
        while b"\r\n\r\n" not in request and len(request) < HTTP_HEAD_LIMIT:
            data = session.read()
            if not data:
                return
            request += data
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        session.write(head.encode() + body)
        session.shutdown()

    return behave


def sink(size: int) -> Behaviour:
    """Read `size` bytes, answer with their SHA-256 in hex (64 bytes), and close."""

    def behave(session: Session) -> None:
        session.read_exactly(size)
        session.write(session.received_digest.encode())
        session.shutdown()

    return behave


def source(size: int) -> Behaviour:
    """Send `pattern(size)` and close."""

    def behave(session: Session) -> None:
        session.write(pattern(size))
        session.shutdown()

    return behave


def answer(size: int, data: bytes) -> Behaviour:
    """Send `data` once `size` bytes have come, and close."""

    def behave(session: Session) -> None:
        session.read_exactly(size)
        session.write(data)
        session.shutdown()

    return behave


def half_close(reply: bytes) -> Behaviour:
    """Send `reply` and close_notify, then go on reading until the end."""

    def behave(session: Session) -> None:
        session.write(reply)
        session.send_close_notify()
        session.read_all()

    return behave


def truncate(data: bytes) -> Behaviour:
    """Send `data`, then FIN without close_notify: a truncation."""

    def behave(session: Session) -> None:
        session.write(data)
        session.half_close()
        session.read_all()

    return behave


def reset(data: bytes = b"") -> Behaviour:
    """Send `data`, wait for one answer, then RST."""

    def behave(session: Session) -> None:
        if data:
            session.write(data)
            session.read()
        session.reset()

    return behave


def silent(seconds: float) -> Behaviour:
    """Say nothing for that long, then close with close_notify."""

    def behave(session: Session) -> None:
        time.sleep(seconds)
        session.shutdown()

    return behave


# Without TLS


def garbage(data: bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n") -> RawBehaviour:
    """Wait for the first record of the other end, answer with something that is not TLS, read to the end."""

    def behave(wire: Wire) -> None:
        wire.receive_record()
        wire.send(data)
        _drain(wire)

    return behave


def truncated_record(announced: int = 512, sent: int = 100) -> RawBehaviour:
    """Answer with a handshake record that announces more than it sends, then FIN."""

    def behave(wire: Wire) -> None:
        wire.receive_record()
        wire.send(b"\x16\x03\x03" + announced.to_bytes(2, "big") + b"\x02" + bytes(sent - 1))
        wire.half_close()
        _drain(wire)

    return behave


def hang() -> RawBehaviour:
    """Read and never answer, until the other end closes."""
    return _drain


def _drain(wire: Wire) -> None:
    while wire.receive():
        pass
