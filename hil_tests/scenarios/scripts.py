# SPDX-License-Identifier: MIT
"""What the cases of misbehaving peers are made of: how a case is told, and pieces that several of them send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from tlslite.constants import ExtensionType  # type: ignore[import-untyped]

from hil_tests.peers.scripted import Edit, Piece, before, extension, handshake, touched, whole
from hil_tests.records import HEADER_SIZE, MAXIMUM_CONTENT, MAXIMUM_LENGTH

EMS, ETM = ExtensionType.extended_master_secret, ExtensionType.encrypt_then_mac
UNKNOWN_EXTENSION = 0xFF02
OTHER_POINT = b"\x04" + bytes(31) + b"\x01" + bytes(31) + b"\x01"  # on no curve
T = TypeVar("T")
Alerts = str | tuple[str, ...] | None
# (minimum_version, maximum_version) of the board's context.
ONLY_1_2, UP_TO_1_3 = (0x0303, 0x0303), (0x0303, 0x0304)

# Alerts by the name that RFC 5246, 7.2 and RFC 8446, 6 give them.
UNEXPECTED, ILLEGAL, DECODE = "unexpected_message", "illegal_parameter", "decode_error"
MAC, OVERFLOW, DECRYPT = "bad_record_mac", "record_overflow", "decrypt_error"
FAILURE, VERSION, UNSUPPORTED = "handshake_failure", "protocol_version", "unsupported_extension"
MISSING = "missing_extension"
# Where the RFC has no other name for a limit of this implementation.
INTERNAL = "internal_error"


@dataclass(frozen=True)
class Case(Generic[T]):
    """A script of a peer, and the alert that has to answer it: one of these names.

    None: the other end is not answered, because it has ended the connection itself. "": nothing is wrong, the data get
    through. `earlier`: scripts of connections that come first and get through.
    """

    alert: Alerts
    script: T
    earlier: tuple[T, ...] = ()

    @property
    def tolerated(self) -> bool:
        """Whether the connection has to work."""
        return self.alert == ""

    def allows(self, alert: str | None) -> bool:
        """Whether that one, or none, is right."""
        return alert in (self.alert if isinstance(self.alert, tuple) else (self.alert or None,))


@dataclass(frozen=True)
class Group(Generic[T]):
    """Cases that one script of the board goes through.

    `versions` and `settings`, by attribute, are those of its context. `everywhere`: those that every board goes
    through, slow ones and those whose build relies on Mbed TLS's own checks.
    """

    versions: tuple[int, int]
    cases: Mapping[str, Case[T]]
    everywhere: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)


CCS = Piece("change_cipher_spec", b"\x01")
DATA = Piece("application_data", b"stray")
WARNING = Piece("alert", b"\x01\x5a")  # user_canceled
CLOSE = Piece("alert", b"\x01\x00")
FATAL = Piece("alert", b"\x02\x28")  # handshake_failure
UNKNOWN_FATAL = Piece("alert", b"\x02\xc8")
UNKNOWN_LEVEL = Piece("alert", b"\x03\x28")
CUT_ALERT = Piece("alert", b"\x02")
HELLO_REQUEST = Piece("handshake", bytes(4), hashed=False)
UNKNOWN_MESSAGE = handshake(99, b"what?")
UNKNOWN_TYPE = Piece("raw", b"\x63\x03\x03\x00\x01\x00")
HEARTBEAT = Piece("heartbeat", b"\x01\x00\x01x" + bytes(16))
KEY_UPDATE = handshake(24, b"\x00")
EMPTY = {kind: Piece(kind, b"") for kind in ("handshake", "alert", "change_cipher_spec", "application_data")}
# A hundred: a record layer that has no bound takes any number.
FLOOD = 100
# Lengths that no record may have (RFC 5246, 6.2.1 and 6.2.3; RFC 8446, 5.2).
TOO_LONG_PLAIN, TOO_LONG_CIPHER = MAXIMUM_CONTENT + 1, MAXIMUM_LENGTH + 1
# TLS 1.3 adds a content type and a tag: together with them this is too long for a ciphertext.
TOO_LONG_CONTENT = MAXIMUM_CONTENT + 256 - 1 - 16 + 1
# Bytes of a message's header that do not tell its length.
PARTS_OF_HEADER = (1, 2, 3)
TOO_LONG_MESSAGE = handshake(11, bytes(16), length=0xFFFFFF)


def oversized(kind: int, version: int = 0x0303) -> Piece:
    """The beginning of a record that says to be longer than any may be."""
    header = bytes([kind]) + version.to_bytes(2, "big") + TOO_LONG_CIPHER.to_bytes(2, "big")
    return Piece("raw", header + bytes(64))


def vector(data: bytes, width: int = 2) -> bytes:
    """With its length in front."""
    return len(data).to_bytes(width, "big") + data


def inner(kind: int, content: bytes = b"") -> Piece:
    """A record of TLS 1.3 whose true content type is this one; 0: it has none."""
    return Piece("sealed", content + bytes([kind]))


# Changes that are made to messages of both roles


def without(*kinds: int) -> Edit:
    """Extensions of these types are left out."""

    def touch(message: Any) -> None:
        message.extensions = [item for item in message.extensions if item.extType not in kinds]

    return touched(touch)


def extended(kind: int, content: bytes = b"") -> Edit:
    """One more extension."""
    return touched(lambda message: message.extensions.append(extension(kind, content)))


def joined_by(data: bytes) -> Edit:
    """More bytes are in the record of the message."""
    return lambda message: [replace(whole(message), held=True), Piece("handshake", data, hashed=False)]


def changed(kind: int, content: bytes) -> Edit:
    """An extension has another content."""

    def touch(message: Any) -> None:
        message.extensions = [extension(kind, content) if item.extType == kind else item for item in message.extensions]

    return touched(touch)


def many(piece: Piece) -> Edit:
    """A flood, and then what should have come."""
    return before(*[piece] * FLOOD)


def cleartext(message: Any) -> list[Piece]:
    """Without the protection that is in force."""
    return [replace(whole(message), clear=True)]


def replayed(record: bytes) -> bytes:
    """The same record again."""
    return record * 2


def shortened(size: int) -> Callable[[bytes], bytes]:
    """A protected record of which `size` bytes are left, header included."""

    def change(record: bytes) -> bytes:
        return record[:3] + (size - HEADER_SIZE).to_bytes(2, "big") + record[HEADER_SIZE:size]

    return change
