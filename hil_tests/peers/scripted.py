# SPDX-License-Identifier: MIT
"""A TLS endpoint on tlslite-ng whose every message a script may change, drop or precede.

`Channel` has records, changes of keys and the transcript; `ScriptedServer` and `ScriptedClient` shake hands over it.
What is not changed is honest, and goes on until the other end refuses or the connection is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tlslite import messages  # type: ignore[import-untyped]
from tlslite.constants import (  # type: ignore[import-untyped]
    CipherSuite,
    ContentType,
    ExtensionType,
    GroupName,
    HandshakeType,
)
from tlslite.errors import TLSAbruptCloseError, TLSProtocolException  # type: ignore[import-untyped]
from tlslite.extensions import TLSExtension  # type: ignore[import-untyped]
from tlslite.handshakehashes import HandshakeHashes  # type: ignore[import-untyped]
from tlslite.mathtls import calc_key  # type: ignore[import-untyped]
from tlslite.recordlayer import RecordLayer  # type: ignore[import-untyped]
from tlslite.utils.codec import Parser  # type: ignore[import-untyped]
from tlslite.utils.cryptomath import (  # type: ignore[import-untyped]
    HKDF_expand_label,
    derive_secret,
    secureHMAC,
)

from hil_tests.peers.wire import Wire
from hil_tests.records import CONTENT_TYPES, Alert, encode_record

HANDSHAKE_HEADER = 4
TLS_1_2, TLS_1_3 = (3, 3), (3, 4)
# The only hash of all suites that are spoken here.
HASH, HASH_SIZE = "sha256", 32
GCM = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
CBC = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
GCM_1_3 = CipherSuite.TLS_AES_128_GCM_SHA256
P256 = GroupName.secp256r1
# What a server says, and what a client answers.
GREETING, ANSWER = b"hello", b"ping"
UNREADABLE = Alert("fatal", "unreadable")


@dataclass(frozen=True)
class Piece:
    """One record to be sent: content type, protected as the connection is, unless `clear`.

    Type "raw": `data` is all of the record; "sealed": it is a TLSInnerPlaintext (RFC 8446, 5.2).

    `version` is that of its header where it is not the usual one; `spoil` gets the finished record and gives what is
    sent. A handshake message is part of the transcript if `hashed`; it waits for the record of the next one if `held`.
    """

    kind: str
    data: bytes
    version: int | None = None
    clear: bool = False
    spoil: Callable[[bytes], bytes] | None = None
    hashed: bool = True
    held: bool = False


Edit = Callable[[Any], Iterable[Piece]]
Edits = Mapping[str, Edit]
# Changes a message before anything is computed from it.
Touch = Callable[[Any], None]


def whole(message: Any) -> Piece:
    """A message of tlslite-ng in one record."""
    return Piece(CONTENT_TYPES[message.contentType], bytes(message.write()))


def extension(kind: int, content: bytes = b"") -> Any:
    """Any extension, as bytes."""
    return TLSExtension().create(kind, bytearray(content))


@dataclass
class Seen:
    """What a scripted peer saw of one connection.

    `received`: application data; `ending`: "fin", "reset", or "silence" when the other end did neither.
    """

    alerts: list[Alert] = field(default_factory=list)
    received: bytes = b""
    established: bool = False
    ending: str | None = None

    def describe(self) -> str:
        """On one line, for reports."""
        return f"alerts {self.alerts}, established {self.established}, received {self.received!r}, ending {self.ending}"


class Over(Exception):
    """The other end has refused or closed; `Seen` has how."""


class _Buffer:
    """What tlslite-ng takes for a socket: it sends into memory, and receives from the wire."""

    def __init__(self, wire: Wire) -> None:
        self.sent = b""
        self._wire = wire

    def send(self, data: bytes) -> int:
        self.sent += bytes(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        return self._wire.receive(size)

    def take(self) -> bytes:
        data, self.sent = self.sent, b""
        return data


class Channel:
    """One end of a connection over `wire`, with the changes that a script makes to what is sent."""

    def __init__(self, wire: Wire, edits: Edits, *, client: bool) -> None:
        self.seen = Seen()
        self.transcript = HandshakeHashes()
        self._wire = wire
        self._edits = edits
        self._socket = _Buffer(wire)
        self.layer = RecordLayer(self._socket)
        self.layer.client = client
        self.layer.version = TLS_1_2
        self._messages = b""
        self._held = b""

    # Out

    def say(self, name: str, message: Any = None) -> None:
        """Send a message, or what the script has in its place. Raises Over when the other end is gone."""
        edit = self._edits.get(name)
        if edit is None and message is None:
            return
        for piece in [whole(message)] if edit is None else edit(message):
            if piece.kind == "handshake" and piece.hashed:
                self.transcript.update(bytearray(piece.data))
            if piece.held:
                self._held += piece.data
            elif piece.kind == "handshake":
                self._send(replace(piece, data=self._held + piece.data))
                self._held = b""
            else:
                self._send(piece)

    def _send(self, piece: Piece) -> None:
        try:
            self._wire.send(self._encode(piece))
        except ConnectionError:
            self.listen()
            raise Over from None

    def _encode(self, piece: Piece) -> bytes:
        if piece.kind == "raw":
            return piece.data
        if piece.kind == "sealed":
            record = self._seal(bytearray(piece.data))
        elif piece.clear or piece.version is not None:
            record = encode_record(piece.kind, piece.data, piece.version or 0x0303)
        else:
            kind = getattr(ContentType, piece.kind)
            for _ in self.layer.sendRecord(messages.Message(kind, bytearray(piece.data))):
                pass
            record = self._socket.take()
        return piece.spoil(record) if piece.spoil else record

    def _seal(self, content: bytearray) -> bytes:
        kind = ContentType.application_data
        return encode_record("application_data", bytes(self.layer._encryptThenSeal(content, kind)))

    # In

    def message(self, parsed: Any) -> Any:
        """The next handshake message, parsed by an empty one of tlslite-ng. Raises Over."""
        data = self.raw_message()
        parser = Parser(bytearray(data))
        parser.get(1)
        return parsed.parse(parser)

    def raw_message(self) -> bytes:
        """The next handshake message with its header. Raises Over."""
        while len(self._messages) < HANDSHAKE_HEADER or len(self._messages) < self._message_size():
            kind, data = self.record()
            if kind == "handshake":
                self._messages += data
        size = self._message_size()
        data, self._messages = self._messages[:size], self._messages[size:]
        self.transcript.update(bytearray(data))
        return data

    def next_is(self, kind: int) -> bool:
        """Whether the next handshake message has this type; takes a record for it if need be."""
        while not self._messages:
            name, data = self.record()
            self._messages += data if name == "handshake" else b""
        return self._messages[0] == kind

    def _message_size(self) -> int:
        return HANDSHAKE_HEADER + int.from_bytes(self._messages[1:HANDSHAKE_HEADER], "big")

    def change_cipher_spec(self) -> None:
        """Wait for one, and read with the new keys. Raises Over."""
        while self.record()[0] != "change_cipher_spec":
            pass
        self.layer.changeReadState()

    def application_data(self, size: int) -> None:
        """Wait until that many bytes have come in all. Raises Over."""
        while len(self.seen.received) < size:
            self.record()

    def record(self) -> tuple[str, bytes]:
        """The next record; data and alerts are noted. Raises Over at fatal alerts, close_notify and the end."""
        header, data = self._decrypted()
        kind = CONTENT_TYPES[header.type]
        if kind == "application_data":
            self.seen.received += data
        elif kind == "alert":
            alert = Alert.parse(data)
            self.seen.alerts.append(alert)
            if alert.level == "fatal" or alert.name == "close_notify":
                raise Over
        return kind, data

    def _decrypted(self) -> tuple[Any, bytes]:
        try:
            for result in self.layer.recvRecord():
                if result not in (0, 1):
                    return result[0], bytes(result[1].bytes)
        except TLSAbruptCloseError:
            self.seen.ending = "fin"
            raise Over from None
        except ConnectionError:
            self.seen.ending = "reset"
            raise Over from None
        except TimeoutError:
            self.seen.ending = "silence"
            raise Over from None
        except TLSProtocolException:
            if UNREADABLE not in self.seen.alerts:
                self.seen.alerts.append(UNREADABLE)
            raise Over from None
        raise AssertionError("the record layer gave nothing")

    def listen(self) -> None:
        """Read to the end: what the other end still says, and how it ends."""
        try:
            while True:
                self.record()
        except Over:
            if self.seen.ending is None:
                self.seen.ending = self._drain()

    def _drain(self) -> str:
        try:
            return self._wire.drain()
        except TimeoutError:
            return "silence"

    # Both

    def converse(self, shake_hands: Callable[[], None], own: bytes, expected: bytes) -> Seen:
        """From the ClientHello to the end: each side sends its data, and closes."""
        try:
            shake_hands()
            self.seen.established = True
            self.say("data", messages.ApplicationData().create(bytearray(own)))
            self.application_data(len(expected))
            self.say("close_notify", messages.Alert().create(0, 1))
            self.listen()
        except Over:
            if self.seen.ending is None:
                self.listen()
        return self.seen

    def agree_1_2(self, reply: Any) -> None:
        """What a ServerHello says of the records to come."""
        self.layer.encryptThenMAC = reply.getExtension(ExtensionType.encrypt_then_mac) is not None

    def send_finished_1_2(self, master: Any, suite: int) -> None:
        """ChangeCipherSpec, and Finished with the keys that are pending."""
        self.say("ChangeCipherSpec", messages.ChangeCipherSpec().create())
        self.layer.changeWriteState()
        label = b"client finished" if self.layer.client else b"server finished"
        verify = calc_key(TLS_1_2, master, suite, label, handshake_hashes=self.transcript, output_length=12)
        self.say("Finished", messages.Finished(TLS_1_2).create(verify))

    def receive_finished_1_2(self) -> None:
        """The same from the other end. Raises Over."""
        self.change_cipher_spec()
        self.message(messages.Finished(TLS_1_2))

    def forget_first_hello(self) -> None:
        """In front of a HelloRetryRequest a hash stands for the ClientHello (RFC 8446, 4.4.1)."""
        first = self.transcript.digest(HASH)
        self.transcript = HandshakeHashes()
        self.transcript.update(bytearray([HandshakeType.message_hash, 0, 0, HASH_SIZE]) + first)


# Keys


def master_secret(channel: Channel, suite: int, secret: Any, hello: Any, reply: Any) -> Any:
    """RFC 7627 if both have the extension, else RFC 5246, 8.1."""
    if reply.getExtension(ExtensionType.extended_master_secret) is not None:
        return calc_key(
            TLS_1_2,
            secret,
            suite,
            b"extended master secret",
            handshake_hashes=channel.transcript,
            output_length=48,
        )
    return calc_key(
        TLS_1_2,
        secret,
        suite,
        b"master secret",
        client_random=hello.random,
        server_random=reply.random,
        output_length=48,
    )


# Of TLS 1.3 (RFC 8446, 7.1), which both roles derive in the same way


class Schedule:
    """The secrets of one connection, with the transcript of its channel."""

    def __init__(self, channel: Channel, suite: int, shared: bytes) -> None:
        self._channel = channel
        self._suite = suite
        nothing = bytearray(HASH_SIZE)
        early = secureHMAC(nothing, nothing, HASH)
        self._handshake = secureHMAC(derive_secret(early, b"derived", None, HASH), bytearray(shared), HASH)
        self.client = self._secret(self._handshake, b"c hs traffic")
        self.server = self._secret(self._handshake, b"s hs traffic")
        self.final: tuple[Any, Any] = (None, None)

    def _secret(self, parent: Any, label: bytes) -> Any:
        return derive_secret(parent, label, self._channel.transcript, HASH)

    def _pend(self, client: Any, server: Any) -> None:
        self._channel.layer.calcTLS1_3PendingState(self._suite, client, server, ["python"])

    def use_handshake_keys(self) -> None:
        """Both ways, from the ServerHello on."""
        self._pend(self.client, self.server)
        self._channel.layer.changeReadState()
        self._channel.layer.changeWriteState()

    def derive_final(self) -> None:
        """When the server's Finished is the last message."""
        parent = secureHMAC(derive_secret(self._handshake, b"derived", None, HASH), bytearray(HASH_SIZE), HASH)
        self.final = (self._secret(parent, b"c ap traffic"), self._secret(parent, b"s ap traffic"))

    def read_with_final_keys(self) -> None:
        """Needs derive_final()."""
        self._pend(*self.final)
        self._channel.layer.changeReadState()

    def write_with_final_keys(self) -> None:
        """Needs derive_final()."""
        self._pend(*self.final)
        self._channel.layer.changeWriteState()

    def finished(self, secret: Any) -> Any:
        """verify_data for the messages so far."""
        key = HKDF_expand_label(secret, b"finished", b"", HASH_SIZE, HASH)
        return secureHMAC(key, self._channel.transcript.digest(HASH), HASH)


# Changes, of which scripts are made


def drop(_: Any) -> list[Piece]:
    """Not sent."""
    return []


def twice(message: Any) -> list[Piece]:
    """Sent, and sent again; the other end refuses the second before it counts."""
    return [whole(message), replace(whole(message), hashed=False)]


def instead(*pieces: Piece) -> Edit:
    """Something else is sent."""
    return lambda _: pieces


def before(*pieces: Piece) -> Edit:
    """Something comes first."""
    return lambda message: [*pieces, whole(message)]


def after(*pieces: Piece) -> Edit:
    """Something follows."""
    return lambda message: [whole(message), *pieces]


def touched(touch: Touch, edit: Edit | None = None) -> Edit:
    """The message is changed by `touch`, and then sent, or handed to another edit."""

    def change(message: Any) -> Iterable[Piece]:
        touch(message)
        return edit(message) if edit else [whole(message)]

    return change


def having(**members: object) -> Edit:
    """Members of the message have other values."""

    def touch(message: Any) -> None:
        for name, value in members.items():
            assert hasattr(message, name), name
            setattr(message, name, value)

    return touched(touch)


def rewritten(change: Callable[[bytes], bytes]) -> Edit:
    """The bytes of the message are others."""

    def edit(message: Any) -> list[Piece]:
        piece = whole(message)
        data = change(piece.data)
        assert data != piece.data, "changes nothing"
        return [replace(piece, data=data)]

    return edit


def held(message: Any) -> list[Piece]:
    """In the record of the next message, in front of it."""
    return [replace(whole(message), held=True)]


def halves(piece: Piece, size: int) -> tuple[Piece, Piece]:
    """In two records, the first with so many bytes."""
    return replace(piece, data=piece.data[:size]), replace(piece, data=piece.data[size:])


def cut(size: int, *gap: Piece) -> Edit:
    """The same for a message, with `gap` between the two."""

    def edit(message: Any) -> list[Piece]:
        first, second = halves(whole(message), size)
        return [first, *gap, second]

    return edit


def split(size: int, gap: Piece | None = None) -> Edit:
    """In records of `size` bytes, with `gap` after the first."""

    def edit(message: Any) -> list[Piece]:
        piece = whole(message)
        parts = [replace(piece, data=piece.data[i : i + size]) for i in range(0, len(piece.data), size)]
        return [parts[0], *([gap] if gap else []), *parts[1:]]

    return edit


def spoiled(spoil: Callable[[bytes], bytes]) -> Edit:
    """The finished record is changed."""
    return lambda message: [replace(whole(message), spoil=spoil)]


def handshake(kind: int, body: bytes = b"", length: int | None = None) -> Piece:
    """A handshake message, whose header says `length` if that is given."""
    return Piece("handshake", bytes([kind]) + (len(body) if length is None else length).to_bytes(3, "big") + body)


def body(change: Callable[[bytes], bytes]) -> Edit:
    """The body of a handshake message is another one, and its length says so."""

    def edit(data: bytes) -> bytes:
        content = change(data[HANDSHAKE_HEADER:])
        return data[:1] + len(content).to_bytes(3, "big") + content

    return rewritten(edit)


def flip(offset: int, mask: int = 1) -> Callable[[bytes], bytes]:
    """Bits of one byte are inverted."""

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[offset] ^= mask
        return bytes(changed)

    return change
