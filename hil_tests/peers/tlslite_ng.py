# SPDX-License-Identifier: MIT
"""tlslite-ng as an honest peer, for what OpenSSL does not speak: record_size_limit (RFC 8449)."""

from __future__ import annotations

from typing import Any

from tlslite.api import HandshakeSettings, TLSConnection  # type: ignore[import-untyped]
from tlslite.utils.keyfactory import parsePEMKey  # type: ignore[import-untyped]
from tlslite.x509certchain import X509CertChain  # type: ignore[import-untyped]

from hil_tests.certificates import Identity
from hil_tests.peers.wire import Wire


class _Socket:
    """A wire in the form that tlslite-ng takes for a socket."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, data: bytes) -> int:
        self._wire.send(bytes(data))
        return len(data)

    def sendall(self, data: bytes) -> None:
        self._wire.send(bytes(data))

    def recv(self, size: int) -> bytes:
        return self._wire.receive(size)

    def close(self) -> None:
        self._wire.close()


def _settings(version: tuple[int, int], limit: int | None) -> Any:
    settings = HandshakeSettings()
    settings.minVersion = settings.maxVersion = version
    settings.record_size_limit = limit
    return settings


def chain_and_key(identity: Identity) -> tuple[Any, Any]:
    """An identity in the form that tlslite-ng takes."""
    chain = X509CertChain()
    chain.parsePemList(identity.chain_pem.decode())
    return chain, parsePEMKey(identity.key_pem().decode(), private=True, implementations=["python"])


def _serve(wire: Wire, identity: Identity, version: tuple[int, int], limit: int | None) -> Any:
    chain, key = chain_and_key(identity)
    connection = TLSConnection(_Socket(wire))
    connection.handshakeServer(certChain=chain, privateKey=key, settings=_settings(version, limit))
    return connection


def send_once(wire: Wire, identity: Identity, version: tuple[int, int], data: bytes) -> None:
    """Serve one connection, and neither record_size_limit nor max_fragment_length: send `data`, close."""
    connection = _serve(wire, identity, version, None)
    connection.write(data)
    connection.close()


def echo_once(wire: Wire, identity: Identity, version: tuple[int, int], limit: int, size: int) -> None:
    """Serve one connection: receive `size` bytes, send them back, close.

    `limit` is the value of the extension. Longer records end with record_overflow, an exception of tlslite-ng.
    """
    connection = _serve(wire, identity, version, limit)
    connection.write(connection.read(size, size))
    connection.close()


def exchange(wire: Wire, name: str, version: tuple[int, int], limit: int, data: bytes) -> bytes:
    """Connect, send `data`, and return the next bytes, as many; the server is not verified. `limit` as above."""
    connection = TLSConnection(_Socket(wire))
    connection.handshakeClientCert(serverName=name, settings=_settings(version, limit))
    connection.write(data)
    answer = bytes(connection.read(len(data), len(data)))
    connection.close()
    return answer
