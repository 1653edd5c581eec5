# SPDX-License-Identifier: MIT
"""A TLS 1.3 server whose records are made by hand once the handshake is over, to send what no library would send."""

from __future__ import annotations

import hmac
import ssl
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from hil_tests.certificates import Identity
from hil_tests.peers import Wire
from hil_tests.records import Alert

HANDSHAKE, DATA, ALERT = 22, 23, 21
KEY_UPDATE, NEW_SESSION_TICKET = 24, 4
NOT_REQUESTED, REQUESTED = 0, 1


def expand_label(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label with SHA-256 and no context, for at most 32 bytes (RFC 8446, 7.1)."""
    info = size.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\x00"
    return hmac.digest(secret, info + b"\x01", sha256)[:size]


class Direction:
    """Keys of one direction."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._set()

    def _set(self) -> None:
        self._number = 0
        self._aead = ChaCha20Poly1305(expand_label(self.secret, b"key", 32))
        self._iv = int.from_bytes(expand_label(self.secret, b"iv", 12), "big")

    def nonce(self) -> bytes:
        """That of the next record."""
        number, self._number = self._number, self._number + 1
        return (self._iv ^ number).to_bytes(12, "big")

    def seal(self, plaintext: bytes) -> bytes:
        """The next record."""
        header = bytes([DATA, 3, 3]) + (len(plaintext) + 16).to_bytes(2, "big")
        return header + self._aead.encrypt(self.nonce(), plaintext, header)

    def open(self, header: bytes, body: bytes) -> bytes:
        """What is in the next record, its type behind it."""
        return self._aead.decrypt(self.nonce(), body, header)

    def update(self) -> None:
        """RFC 8446, 7.2."""
        self.secret = expand_label(self.secret, b"traffic upd", 32)
        self._set()


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def key_update(request: int) -> bytes:
    """A KeyUpdate."""
    return message(KEY_UPDATE, bytes([request]))


class Crafted13Server:
    """Shakes hands through OpenSSL, learns the keys from its key log, and takes over: after the handshake, or halfway,
    after the ServerHello. `folder` is for the log."""

    def __init__(self, wire: Wire, identity: Identity, folder: Path, *, halfway: bool = False) -> None:
        log = folder / "keys.log"
        log.unlink(missing_ok=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.chain_file, identity.key_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.keylog_filename = str(log)
        self._wire = wire
        self._log = log
        if halfway:
            self._answer(context)
            self._take_keys("HANDSHAKE_TRAFFIC_SECRET")
        else:
            self._shake(context)
            self._take_keys("TRAFFIC_SECRET_0")

    def _take_keys(self, which: str) -> None:
        lines = [line.split() for line in self._log.read_text().splitlines() if "_SECRET" in line]
        secrets = {label: bytes.fromhex(secret) for label, _, secret in lines}
        self.out, self.into = Direction(secrets[f"SERVER_{which}"]), Direction(secrets[f"CLIENT_{which}"])

    def record(self, kind: int, plaintext: bytes, padding: int = 0) -> bytes:
        """The next encrypted record."""
        return self.out.seal(plaintext + bytes([kind]) + bytes(padding))

    def send(self, *records: bytes) -> None:
        """All at once, so that a client that closes after the first does not get in the way of the rest."""
        self._wire.send(b"".join(records))

    def receive(self) -> tuple[int, bytes]:
        """The next record, decrypted: its type and plaintext. Raises ConnectionAbortedError at the end."""
        header = self._wire.receive_exactly(5)
        body = self._wire.receive_exactly(int.from_bytes(header[3:], "big"))
        plaintext = self.into.open(header, body).rstrip(b"\x00")
        return plaintext[-1], plaintext[:-1]

    def receive_alerts(self) -> list[Alert]:
        """All alerts until the end of the connection; other records are passed over, key updates followed."""
        alerts = []
        try:
            while True:
                kind, data = self.receive()
                if kind == ALERT:
                    alerts.append(Alert.parse(data))
                elif kind == HANDSHAKE:
                    self.into.update()
        except ConnectionError:
            return alerts

    def receive_plain_alerts(self) -> list[Alert]:
        """The same from a client that has no keys to write with yet."""
        alerts = []
        try:
            while True:
                header = self._wire.receive_exactly(5)
                body = self._wire.receive_exactly(int.from_bytes(header[3:], "big"))
                if header[0] == ALERT:
                    alerts.append(Alert.parse(body))
        except ConnectionError:
            return alerts

    def _answer(self, context: ssl.SSLContext) -> None:
        """A ClientHello by a ServerHello, and by nothing else that OpenSSL would send."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        header = self._wire.receive_exactly(5)
        incoming.write(header + self._wire.receive_exactly(int.from_bytes(header[3:], "big")))
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        flight = outgoing.read()
        self._wire.send(flight[: 5 + int.from_bytes(flight[3:5], "big")])

    def _shake(self, context: ssl.SSLContext) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            if data := outgoing.read():
                self._wire.send(data)
            if done:
                return
            # One record at a time: what follows the handshake is not OpenSSL's.
            header = self._wire.receive_exactly(5)
            incoming.write(header + self._wire.receive_exactly(int.from_bytes(header[3:], "big")))
