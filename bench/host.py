# SPDX-License-Identifier: MIT
"""A server of OpenSSL on the host, for sessions that leave the emulator."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bench.identities import Chain

PEM = serialization.Encoding.PEM
# What a client that sends a byte gets: as many records as this, of the largest size.
RECORDS = 8
RECORD = bytes(range(256)) * 64
# A handshake takes well under a second; a stuck peer must not hold the run up for ever.
SESSION_SECONDS = 60.0


def server_context(chain: Chain, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's context with that identity, of one version. Its key, which is public, is a file for a moment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    key = serialization.load_der_private_key(chain.key, None)
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate = chain.certificate
    if not certificate.startswith(b"-----BEGIN"):
        certificate = x509.load_der_x509_certificate(certificate).public_bytes(PEM)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "identity.pem"
        path.write_bytes(private + certificate)
        context.load_cert_chain(path)
    return context


@contextlib.contextmanager
def serve(chain: Chain, version: ssl.TLSVersion) -> Iterator[int]:
    """Answers handshakes, one after the other, while the block runs. Gives the port on the host's loopback."""
    context = server_context(chain, version)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener, context), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def answer(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Until the listener is shut down: a handshake, data if the client asks, then wait for the client to close."""
    while True:
        try:
            transport, _ = listener.accept()
        except OSError:
            return
        transport.settimeout(SESSION_SECONDS)
        # What goes wrong in a session is the board's to report: it is the one that is measured.
        with contextlib.suppress(OSError), context.wrap_socket(transport, server_side=True) as session:
            if session.recv(1):
                for _ in range(RECORDS):
                    session.sendall(RECORD)
                session.recv(1)
