# SPDX-License-Identifier: MIT
"""A TLS 1.2 server whose records are made by hand once the handshake is over, to send what no library would send."""

from __future__ import annotations

import hmac
import ssl
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hil_tests.certificates import Identity
from hil_tests.peers import Wire
from hil_tests.records import CONTENT_TYPES, Alert

SUITE = "ECDHE-ECDSA-AES128-GCM-SHA256"
TYPES = {name: number for number, name in CONTENT_TYPES.items()}
# Record header, handshake header, version: what stands before ServerHello.random in the server's first bytes.
RANDOM_OFFSET = 5 + 4 + 2


class CraftedServer:
    """Shakes hands through OpenSSL, learns the keys from its key log, and takes over. `folder` is for the log."""

    def __init__(self, wire: Wire, identity: Identity, folder: Path) -> None:
        log = folder / "keys.log"
        log.unlink(missing_ok=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.chain_file, identity.key_file)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(SUITE)
        context.keylog_filename = str(log)
        self._wire = wire
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        first = self._handshake()
        self._derive(log, first[RANDOM_OFFSET : RANDOM_OFFSET + 32])
        # Each side's Finished was its record number 0.
        self._sent, self._received = 1, 1

    def record(self, kind: str, plaintext: bytes, *, corrupt: bool = False) -> bytes:
        """The next encrypted record, of a content type, whatever it holds; with `corrupt` its tag is wrong."""
        nonce = self._sent.to_bytes(8, "big")
        header = nonce + bytes([TYPES[kind]]) + b"\x03\x03" + len(plaintext).to_bytes(2, "big")
        body = nonce + AESGCM(self._server_key).encrypt(self._server_salt + nonce, plaintext, header)
        if corrupt:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self._sent += 1
        return bytes([TYPES[kind]]) + b"\x03\x03" + len(body).to_bytes(2, "big") + body

    def send(self, *records: bytes) -> None:
        """All at once, so that a client that closes after the first does not get in the way of the rest."""
        self._wire.send(b"".join(records))

    def receive(self) -> tuple[str, bytes]:
        """The next record, decrypted: its type and plaintext. Raises ConnectionAbortedError at the end."""
        header = self._wire.receive_exactly(5)
        body = self._wire.receive_exactly(int.from_bytes(header[3:], "big"))
        nonce, sealed = body[:8], body[8:]
        length = len(sealed) - 16
        associated = self._received.to_bytes(8, "big") + header[:3] + length.to_bytes(2, "big")
        self._received += 1
        return CONTENT_TYPES[header[0]], AESGCM(self._client_key).decrypt(self._client_salt + nonce, sealed, associated)

    def receive_alerts(self) -> list[Alert]:
        """All alerts until the end of the connection; other records are passed over."""
        alerts = []
        try:
            while True:
                kind, data = self.receive()
                if kind == "alert":
                    alerts.append(Alert.parse(data))
        except ConnectionError:
            return alerts

    def _handshake(self) -> bytes:
        """Returns all that was sent."""
        sent = b""
        done = False
        while not done:
            try:
                self._tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            data = self._outgoing.read()
            sent += data
            if data:
                self._wire.send(data)
            if not done:
                self._incoming.write(self._wire.receive())
        return sent

    def _derive(self, log: Path, server_random: bytes) -> None:
        """RFC 5246, 6.3 and RFC 5288."""
        line = next(line for line in log.read_text().splitlines() if line.startswith("CLIENT_RANDOM "))
        client_random, master = (bytes.fromhex(word) for word in line.split()[1:])
        block = _prf(master, b"key expansion" + server_random + client_random, 40)
        self._client_key, self._server_key = block[:16], block[16:32]
        self._client_salt, self._server_salt = block[32:36], block[36:40]


def _prf(secret: bytes, seed: bytes, size: int) -> bytes:
    """P_SHA256 of RFC 5246, 5."""
    output, a = b"", seed
    while len(output) < size:
        a = hmac.digest(secret, a, sha256)
        output += hmac.digest(secret, a + seed, sha256)
    return output[:size]
