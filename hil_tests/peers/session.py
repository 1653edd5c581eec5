# SPDX-License-Identifier: MIT
"""One TLS session of OpenSSL, with everything it saw on record.

OpenSSL works on memory here, not on a socket, so that each burst of bytes passes through our hands: that is what makes
it possible to break off after the n-th flight of a handshake, or to send byte by byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import ssl
from collections.abc import Callable
from typing import TypeVar

from hil_tests.peers.wire import Wire
from hil_tests.records import Alert

T = TypeVar("T")

ALERT_CONTENT = 21
HANDSHAKE_CONTENT = 22


class ResetOnPurpose(Exception):
    """The session was told to reset at this flight and did."""


class Session:
    """A TLS session over a `Wire`. `reset_after`: RST after that many handshake flights (0 to 4).

    Errors are ssl.SSLError and OSError; the last one is also kept in `error` as text.
    """

    def __init__(
        self,
        wire: Wire,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_name: str | None = None,
        reset_after: int | None = None,
        record_size: int | None = None,
    ) -> None:
        self.wire = wire
        self.established = False
        self.version: str | None = None
        self.cipher: str | None = None
        self.server_name = server_name
        self.peer_certificate: bytes | None = None
        self.alpn: str | None = None
        self.received = 0
        self.sent = 0
        self.alerts_received: list[Alert] = []
        self.alerts_sent: list[Alert] = []
        self.messages: list[str] = []
        self.error: str | None = None
        self.ending: str | None = None
        self._received_hash = hashlib.sha256()
        self._sent_hash = hashlib.sha256()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._reset_after = reset_after
        self._record_size = record_size or 16384
        self._flights = 0
        self._flight_is_theirs = False
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side, None if server_side else server_name)

    # What it saw

    @property
    def received_digest(self) -> str:
        """SHA-256 of all application bytes received, hex."""
        return self._received_hash.hexdigest()

    @property
    def sent_digest(self) -> str:
        """SHA-256 of all application bytes sent, hex."""
        return self._sent_hash.hexdigest()

    @property
    def closed_cleanly(self) -> bool:
        """Whether the other end sent close_notify."""
        return any(alert.name == "close_notify" for alert in self.alerts_received)

    def describe(self) -> str:
        """One line for a report."""
        state = f"{self.version} {self.cipher}" if self.established else "no handshake"
        alerts = " ".join(f"{alert.level}:{alert.name}" for alert in self.alerts_received)
        traffic = f"received {self.received} B, sent {self.sent} B"
        return f"{state}, {traffic}, alerts received: [{alerts}], error: {self.error}"

    def note_message(self, direction: str, content_type: int, message: str, data: bytes) -> None:
        """Called by the context for each message of this session, decrypted."""
        if content_type == ALERT_CONTENT and len(data) == 2:
            (self.alerts_received if direction == "read" else self.alerts_sent).append(Alert.parse(data))
        elif content_type == HANDSHAKE_CONTENT:
            self.messages.append(f"{direction} {message.lower()}")

    # What it can do

    def handshake(self) -> None:
        """Shake hands. Raises ssl.SSLError (an alert has been sent), OSError."""
        try:
            self._flight_boundary()
            self._drive(self.tls.do_handshake)
            if self._flight_is_theirs:
                self._flights += 1
                self._flight_boundary()
        except ResetOnPurpose:
            return
        self.established = True
        self.version = self.tls.version()
        cipher = self.tls.cipher()
        self.cipher = cipher[0] if cipher else None
        self.peer_certificate = self.tls.getpeercert(binary_form=True)
        self.alpn = self.tls.selected_alpn_protocol()

    def read(self, size: int = 16384) -> bytes:
        """At most `size` bytes, waiting for the first; b"" at the end, clean or not (see `closed_cleanly`)."""
        try:
            data = self._drive(lambda: self.tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        self.received += len(data)
        self._received_hash.update(data)
        return data

    def read_exactly(self, size: int) -> bytes:
        """`size` bytes. Raises ConnectionAbortedError when the session ends before."""
        data = bytearray()
        while len(data) < size:
            piece = self.read(size - len(data))
            if not piece:
                raise ConnectionAbortedError(f"the session ended after {len(data)} of {size} bytes")
            data += piece
        return bytes(data)

    def read_all(self) -> bytes:
        """Everything until the end of the session."""
        return b"".join(iter(self.read, b""))

    def write(self, data: bytes) -> None:
        """Send all of `data`, in records of at most `record_size` bytes."""
        for offset in range(0, len(data), self._record_size):
            piece = data[offset : offset + self._record_size]
            self._drive(lambda piece=piece: self.tls.write(piece))  # type: ignore[misc]
            self.sent += len(piece)
            self._sent_hash.update(piece)

    def send_close_notify(self) -> None:
        """Say that nothing more will be sent; reading goes on."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # it would like to read the other end's
        except ssl.SSLError as error:
            if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":  # what is left to read may be read later
                raise
        self._flush()

    def shutdown(self) -> None:
        """Send close_notify and read until the other end's, or its end."""
        self.send_close_notify()
        while self.read():
            pass

    def half_close(self) -> None:
        """Send FIN; reading goes on."""
        self.wire.half_close()

    def await_end(self) -> str:
        """Wait until the other end ends the connection: by "fin" or by "reset"; kept in `ending`. Raises OSError."""
        self.ending = self.wire.drain()
        return self.ending

    def reset(self) -> None:
        """Drop the connection with RST."""
        self.wire.reset()

    def close(self) -> None:
        """Close the connection; no close_notify is sent (see `shutdown`). Idempotent."""
        self.wire.close()

    def _drive(self, step: Callable[[], T]) -> T:
        try:
            while True:
                try:
                    result = step()
                    self._flush()
                    return result
                except ssl.SSLWantReadError:
                    self._flush()
                    self._fill()
        except ssl.SSLZeroReturnError as error:
            if self.closed_cleanly:
                raise  # the other end's close_notify is no error
            # CPython before 3.11.4 says this of an end without close_notify, too.
            truncation = ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the other end closed without close_notify")
            self._note_error(truncation)
            raise truncation from error
        except OSError as error:
            self._note_error(error)
            raise

    def _fill(self) -> None:
        data = self.wire.receive()
        self._flight_is_theirs = True
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        data = self._outgoing.read()
        if not data:
            return
        if self.established:
            self.wire.send(data)
            return
        if self._flight_is_theirs:
            self._flights += 1
            self._flight_boundary()
        self.wire.send(data)
        self._flights += 1
        self._flight_is_theirs = False
        self._flight_boundary()

    def _flight_boundary(self) -> None:
        if self._reset_after == self._flights:
            self.reset()
            raise ResetOnPurpose

    def _hear_last_words(self) -> None:
        """Read what came before a reset that was noticed by sending: an alert is on record then."""
        with contextlib.suppress(OSError):
            while data := self.wire.receive():
                self._incoming.write(data)
        with contextlib.suppress(OSError):
            while self.tls.read():
                pass

    def _note_error(self, error: OSError) -> None:
        # The alert, if OpenSSL made one. When that fails too, the first error is the one to tell.
        with contextlib.suppress(OSError, ResetOnPurpose):
            self._flush()
        if isinstance(error, ConnectionError):
            self._hear_last_words()
        reason = getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else None
        self.error = f"{type(error).__name__}: {reason or error}"
