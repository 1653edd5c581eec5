# SPDX-License-Identifier: MIT
"""TLS records as they are on the wire (RFC 5246 section 6.2, RFC 8446 section 5), without any cryptography."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

HEADER_SIZE = 5
# Bytes of content that any record may have, and of an encrypted record in RFC 5246.
MAXIMUM_CONTENT = 2**14
MAXIMUM_LENGTH = MAXIMUM_CONTENT + 2048

CONTENT_TYPES = {20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data", 24: "heartbeat"}
ALERT_LEVELS = {1: "warning", 2: "fatal"}
ALERT_NAMES = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}


class Direction(Enum):
    """Which way bytes go through a proxy."""

    TO_SERVER = "to server"
    TO_CLIENT = "to client"


@dataclass(frozen=True)
class Alert:
    """An alert: level "warning" or "fatal", name as in the RFCs ("unknown_ca")."""

    level: str
    name: str

    @classmethod
    def parse(cls, data: bytes) -> Alert:
        """From its two bytes. Numbers without a name are given as text."""
        level, name = data[:2]
        return cls(ALERT_LEVELS.get(level, str(level)), ALERT_NAMES.get(name, str(name)))

    def encode(self) -> bytes:
        """Its two bytes. Raises ValueError for a name that no RFC has."""
        return bytes([_number(ALERT_LEVELS, self.level), _number(ALERT_NAMES, self.name)])


@dataclass(frozen=True)
class Record:
    """One record. `length` is that of its payload; `alert` is set for alerts in plaintext only."""

    direction: Direction
    type: str
    version: int
    length: int
    encrypted: bool
    alert: Alert | None = None


class RecordSplitter:
    """Cuts a byte stream into records. What is not TLS comes out as it went in, once and for all."""

    def __init__(self, direction: Direction) -> None:
        self.direction = direction
        self._pending = bytearray()
        self._raw = False
        self._encrypted = False

    def feed(self, data: bytes) -> list[tuple[bytes, Record | None]]:
        """Every piece that is complete now, with its description (None: not TLS)."""
        self._pending += data
        pieces: list[tuple[bytes, Record | None]] = []
        while not self._raw and len(self._pending) >= HEADER_SIZE:
            length = int.from_bytes(self._pending[3:5], "big")
            self._raw = self._pending[0] not in CONTENT_TYPES or self._pending[1] != 3 or length > MAXIMUM_LENGTH
            if self._raw or len(self._pending) < HEADER_SIZE + length:
                break
            pieces.append(self._take(HEADER_SIZE + length))
        if self._raw and self._pending:
            pieces.append((self.rest(), None))
        return pieces

    def rest(self) -> bytes:
        """What has not been given out: an incomplete record at the end of the stream."""
        data = bytes(self._pending)
        self._pending.clear()
        return data

    def _take(self, size: int) -> tuple[bytes, Record]:
        data = bytes(self._pending[:size])
        del self._pending[:size]
        record = describe_record(self.direction, data, self._encrypted)
        # In TLS 1.3 the record is a relic and comes before encryption starts as well.
        self._encrypted = self._encrypted or record.type == "change_cipher_spec"
        return data, record


def describe_record(direction: Direction, data: bytes, encrypted: bool) -> Record:
    """The description of one whole record."""
    kind = CONTENT_TYPES[data[0]]
    payload = data[HEADER_SIZE:]
    alert = Alert.parse(payload) if kind == "alert" and not encrypted and len(payload) == 2 else None
    return Record(direction, kind, int.from_bytes(data[1:3], "big"), len(payload), encrypted, alert)


def encode_record(kind: str, payload: bytes, version: int = 0x0303) -> bytes:
    """A plaintext record."""
    head = bytes([_number(CONTENT_TYPES, kind)]) + version.to_bytes(2, "big") + len(payload).to_bytes(2, "big")
    return head + payload


def alert_record(level: str, name: str) -> bytes:
    """A plaintext record with one alert."""
    return encode_record("alert", Alert(level, name).encode())


def empty_record(kind: str = "application_data") -> bytes:
    """A plaintext record without payload."""
    return encode_record(kind, b"")


def _number(names: dict[int, str], wanted: str) -> int:
    for number, name in names.items():
        if name == wanted:
            return number
    raise ValueError(f"{wanted!r} is none of: {', '.join(names.values())}")
