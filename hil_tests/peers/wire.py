# SPDX-License-Identifier: MIT
"""A connected TCP socket whose every wait has a deadline."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import sys
import termios
import time

from hil_tests.records import HEADER_SIZE

CHUNK = 65536
# On one machine it takes microseconds.
DELIVERY_SECONDS = 1.0


class Wire:
    """Owns `connection`. `patience` seconds is how long all its waits together may take.

    With `dribble` (seconds) everything is sent byte by byte with that pause. Network errors are OSError.
    """

    def __init__(self, connection: socket.socket, patience: float = 30.0, dribble: float | None = None) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._deadline = time.monotonic() + patience
        self._dribble = dribble

    def set_patience(self, seconds: float) -> None:
        """Give all further waits together that long."""
        self._deadline = time.monotonic() + seconds

    def receive(self, size: int = CHUNK) -> bytes:
        """What is there, at most `size` bytes; b"" after the other end's FIN. Raises TimeoutError, ConnectionError."""
        self._arm()
        return self._connection.recv(size)

    def receive_exactly(self, size: int) -> bytes:
        """`size` bytes. Raises ConnectionAbortedError when the other end closes before."""
        data = b""
        while len(data) < size:
            piece = self.receive(size - len(data))
            if not piece:
                raise ConnectionAbortedError(f"the other end closed after {len(data)} of {size} bytes")
            data += piece
        return data

    def receive_record(self) -> bytes:
        """One whole TLS record, in however many pieces it comes. Raises as receive_exactly()."""
        header = self.receive_exactly(HEADER_SIZE)
        return header + self.receive_exactly(int.from_bytes(header[-2:], "big"))

    def send(self, data: bytes) -> None:
        """Send all of `data`. Raises TimeoutError, ConnectionError."""
        if self._dribble is None:
            self._arm()
            self._connection.sendall(data)
            return
        for offset in range(len(data)):
            self._arm()
            self._connection.sendall(data[offset : offset + 1])
            time.sleep(self._dribble)

    def drain(self) -> str:
        """Drop what comes until the other end ends the connection: by "fin" or by "reset". Raises TimeoutError."""
        try:
            while self.receive():
                pass
        except ConnectionError:
            return "reset"
        return "fin"

    def half_close(self) -> None:
        """Send FIN; receiving goes on."""
        self._connection.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Drop the connection with RST, after what was sent has reached the other end's system (or a second)."""
        deadline = time.monotonic() + DELIVERY_SECONDS
        while self._unacknowledged() and time.monotonic() < deadline:
            time.sleep(0.001)  # the system has no event for this
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def abort(self) -> None:
        """Wake a thread that is waiting here; its wait ends with an error or b""."""
        with contextlib.suppress(OSError):  # already closed
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close. Idempotent."""
        self._connection.close()

    def _unacknowledged(self) -> int:
        return int.from_bytes(fcntl.ioctl(self._connection, termios.TIOCOUTQ, bytes(4)), sys.byteorder)

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the peer's patience is over")
        self._connection.settimeout(left)
