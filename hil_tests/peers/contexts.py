# SPDX-License-Identifier: MIT
"""OpenSSL contexts for peers: explicit about everything, and telling each session what goes over its wire."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from hil_tests.certificates import Identity
from hil_tests.peers.session import Session

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
CLIENT_AUTH = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


@dataclass(frozen=True)
class TlsOptions:
    """What both kinds of peers can be told. `ciphers`: an OpenSSL cipher string (TLS 1.2 only), `options`: ssl.OP_*."""

    minimum: str = "1.2"
    maximum: str = "1.3"
    ciphers: str | None = None
    alpn: Sequence[str] = ()
    options: int = 0


class RecordingContext:
    """An SSLContext that reports messages and server names to the sessions made with it."""

    def __init__(self, context: ssl.SSLContext, options: TlsOptions) -> None:
        self.context = context
        self._sessions: WeakKeyDictionary[ssl.SSLObject, Session] = WeakKeyDictionary()
        context.minimum_version = VERSIONS[options.minimum]
        context.maximum_version = VERSIONS[options.maximum]
        if options.ciphers is not None:
            context.set_ciphers(options.ciphers)
        context.options |= ssl.Options(options.options)
        if options.alpn:
            context.set_alpn_protocols(list(options.alpn))
        # Not documented, but CPython's own tests rest on it: the only way to see alerts that were encrypted.
        context._msg_callback = self._note  # type: ignore[attr-defined]

    def watch(self, session: Session) -> Session:
        """Report to this session what happens on it."""
        self._sessions[session.tls] = session
        return session

    def note_name(self, tls: ssl.SSLObject, name: str | None) -> None:
        """Report the server name that a client asked for."""
        if tls in self._sessions:
            self._sessions[tls].server_name = name

    def _note(
        self, tls: ssl.SSLObject, direction: str, _version: object, kind: int, message: object, data: bytes
    ) -> None:
        if tls in self._sessions:
            self._sessions[tls].note_message(direction, int(kind), getattr(message, "name", str(message)), data)


def server_context(
    identity: Identity, options: TlsOptions, client_root: Identity | None, client_auth: str
) -> RecordingContext:
    """A server that shows `identity` and trusts `client_root` for client certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.chain_file, identity.key_file)
    context.verify_mode = CLIENT_AUTH[client_auth]
    if client_root is not None:
        context.load_verify_locations(cadata=client_root.root_pem.decode())
    recording = RecordingContext(context, options)

    def note_name(tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        recording.note_name(tls, name)

    context.sni_callback = note_name
    return recording


def client_context(root: Identity | None, options: TlsOptions, certificate: Identity | None) -> RecordingContext:
    """A client that trusts the root of `root` (None: no verification at all) and shows `certificate` when asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if root is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=root.root_pem.decode())
    if certificate is not None:
        context.load_cert_chain(certificate.chain_file, certificate.key_file)
    return RecordingContext(context, options)
