# SPDX-License-Identifier: MIT
"""The byte stream to a board's REPL: drained by a thread, logged, and read with deadlines.

It offers the few methods of pyserial's `Serial` that mpremote uses, so that mpremote's transport can run on it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from hil_tests.errors import BoardCrashed, BoardTimeout

# A console's answer to a few bytes of protocol (a prompt, the head of raw paste) takes milliseconds; ten seconds is
# what mpremote itself waits for them.
ANSWER_SECONDS = 10.0
CHUNK = 65536


class Console:
    """A duplex byte stream over a connected stream socket, which it owns.

    `interrupt` is what Ctrl-C does; without it the byte 3 is sent. All methods are safe to call after the other end
    is gone: reading then raises BoardCrashed once everything received has been read.
    """

    def __init__(
        self, name: str, connection: socket.socket, log: Path, interrupt: Callable[[], None] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._socket = connection
        self._interrupt = interrupt
        self._buffer = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        log.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = log.open("ab", buffering=0)
        self._thread = threading.Thread(target=self._drain, name=f"console {name}", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        while True:
            try:
                data = self._socket.recv(CHUNK)
            except OSError:
                data = b""
            if data:
                self._file.write(data)
            with self._changed:
                self._buffer += data
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    def write(self, data: bytes) -> int:
        """Send all of `data`. Raises BoardCrashed when the other end is gone."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise BoardCrashed(f"{self.name}: the console is closed ({error.strerror}); see {self.log}") from error
        return len(data)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        if self._interrupt is not None:
            self._interrupt()
        else:
            self.write(b"\x03")

    @property
    def ended(self) -> bool:
        """Whether the other end has closed the stream."""
        return self._ended

    def inWaiting(self) -> int:  # noqa: N802, the name is pyserial's
        """Bytes that can be read without waiting."""
        with self._changed:
            return len(self._buffer)

    def read_available(self, timeout: float) -> bytes:
        """Everything received, waiting at most `timeout` seconds for the first byte; b"" when nothing came.

        Raises BoardCrashed at the end of the stream.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._buffer or self._ended, timeout)
            if not self._buffer and self._ended:
                raise BoardCrashed(f"{self.name}: the board closed its console; see {self.log}")
            data = bytes(self._buffer)
            self._buffer.clear()
            return data

    def unread(self, data: bytes) -> None:
        """Put back bytes that were read too far."""
        with self._changed:
            self._buffer[:0] = data

    def read(self, size: int = 1) -> bytes:
        """Exactly `size` bytes. Raises BoardTimeout after ANSWER_SECONDS, BoardCrashed at the end of the stream."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._buffer) >= size or self._ended, ANSWER_SECONDS)
            if len(self._buffer) < size:
                if self._ended:
                    raise BoardCrashed(f"{self.name}: the board closed its console; see {self.log}")
                raise BoardTimeout(f"{self.name}: no answer within {ANSWER_SECONDS:g} s; see {self.log}")
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            return data

    def read_until(self, ending: bytes, timeout: float | None) -> bytes:
        """Bytes up to and including `ending`; what there is after `timeout` seconds (None: forever) without it."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            searched = 0
            while True:
                found = self._buffer.find(ending, max(0, searched - len(ending)))
                searched = len(self._buffer)
                remaining = None if deadline is None else deadline - time.monotonic()
                if found >= 0 or self._ended or (remaining is not None and remaining <= 0):
                    break
                self._changed.wait(remaining)
            end = found + len(ending) if found >= 0 else len(self._buffer)
            data = bytes(self._buffer[:end])
            del self._buffer[:end]
            return data

    def close(self) -> None:
        """Close both directions and the log. Idempotent."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):  # the other end was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=ANSWER_SECONDS)
        self._socket.close()
        self._file.close()


def connect_console(name: str, address: tuple[str, int], log: Path, timeout: float = 5.0) -> Console:
    """A console over TCP. Raises OSError when nobody listens at `address`."""
    connection = socket.create_connection(address, timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(None)
    return Console(name, connection, log)
