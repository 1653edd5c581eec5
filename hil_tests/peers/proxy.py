# SPDX-License-Identifier: MIT
"""A TCP proxy that records TLS records in both directions and can spoil them."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hil_tests.peers.server import Listener
from hil_tests.records import Alert, Direction, Record, RecordSplitter

TO_SERVER = Direction.TO_SERVER
TO_CLIENT = Direction.TO_CLIENT
CHUNK = 65536
# How soon a connection that is held notices that the proxy stops.
STOP_SECONDS = 0.2


@dataclass(frozen=True)
class Pause:
    """Wait this long before going on."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """End the connection, both ways: by FIN, or by RST."""

    reset: bool


@dataclass(frozen=True)
class Stop:
    """Forward nothing more in this direction; the connection stays."""


@dataclass(frozen=True)
class Finish:
    """Send FIN in this direction and drop what else comes; the other direction goes on."""


@dataclass(frozen=True)
class Hold:
    """Say that this point is reached, and wait until somebody sets `released`."""

    reached: threading.Event
    released: threading.Event


Action = bytes | Pause | Cut | Stop | Finish | Hold


@dataclass(frozen=True)
class Fault:
    """Does nothing. Subclasses override one of the two methods."""

    direction: Direction

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        """What becomes of the index-th record of this direction."""
        yield record

    def on_bytes(self, offset: int, data: bytes) -> Iterator[Action]:
        """What becomes of bytes that would be sent at `offset` in this direction."""
        yield data


@dataclass(frozen=True)
class CutAfterRecords(Fault):
    """End the connection when `count` records have passed."""

    count: int
    reset: bool = False

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index < self.count:
            yield record
        if index + 1 >= self.count:
            yield Cut(self.reset)


@dataclass(frozen=True)
class CutAfterBytes(Fault):
    """End the connection when `count` bytes have passed."""

    count: int
    reset: bool = False

    def on_bytes(self, offset: int, data: bytes) -> Iterator[Action]:
        if offset + len(data) < self.count:
            yield data
            return
        yield data[: max(0, self.count - offset)]
        yield Cut(self.reset)


@dataclass(frozen=True)
class Truncate(Fault):
    """Send FIN after `keep` bytes of one record (0: right before it); the other direction goes on."""

    record: int
    keep: int = 0

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index == self.record:
            yield record[: self.keep]
            yield Finish()
        else:
            yield record


@dataclass(frozen=True)
class Gate(Fault):
    """Hold the connection after `keep` bytes of one record (0: right before it) until `released` is set."""

    record: int
    keep: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index == self.record:
            yield record[: self.keep]
            yield Hold(self.reached, self.released)
            yield record[self.keep :]
        else:
            yield record


@dataclass(frozen=True)
class Split(Fault):
    """Send in segments of `size` bytes with a pause of `delay` seconds after each."""

    size: int = 1
    delay: float = 0.0

    def on_bytes(self, offset: int, data: bytes) -> Iterator[Action]:
        for start in range(0, len(data), self.size):
            yield data[start : start + self.size]
            yield Pause(self.delay)


@dataclass(frozen=True)
class Delay(Fault):
    """Hold every record for that long."""

    seconds: float

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        yield Pause(self.seconds)
        yield record


@dataclass(frozen=True)
class Stall(Fault):
    """Forward nothing after that many records, and leave the connection open."""

    after_records: int

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index < self.after_records:
            yield record
        else:
            yield Stop()


@dataclass(frozen=True)
class Corrupt(Fault):
    """Change one byte of one record: XOR `mask` at `offset` (from its header, or from its end if negative)."""

    record: int
    offset: int = -1
    mask: int = 1

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index != self.record:
            yield record
            return
        changed = bytearray(record)
        changed[self.offset] ^= self.mask
        yield bytes(changed)


@dataclass(frozen=True)
class Replay(Fault):
    """Send one record twice."""

    record: int

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        yield record
        if index == self.record:
            yield record


@dataclass(frozen=True)
class Drop(Fault):
    """Swallow one record."""

    record: int

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index != self.record:
            yield record


@dataclass(frozen=True)
class Inject(Fault):
    """Send `data` before a record (see `records.alert_record`, `records.empty_record`)."""

    before_record: int
    data: bytes

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        if index == self.before_record:
            yield self.data
        yield record


class ProxyConnection:
    """One connection through the proxy, and what passed, as it came in (before faults)."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.records: list[Record] = []
        self.received = {TO_SERVER: 0, TO_CLIENT: 0}
        self.ended: dict[Direction, str] = {}
        self._sockets = {TO_SERVER: (client, server), TO_CLIENT: (server, client)}
        self._reset_seen: set[Direction] = set()
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    @property
    def alerts(self) -> list[tuple[Direction, Alert]]:
        """The alerts in plaintext, in order."""
        return [(record.direction, record.alert) for record in list(self.records) if record.alert]

    def note_reset(self, direction: Direction) -> None:
        """Whoever sends in this direction has reset: the direction ends so, once all that came before is forwarded."""
        self._reset_seen.add(direction)

    def count(self, direction: Direction, kind: str | None = None) -> int:
        """How many records of a type ("handshake", …; None: all) came in this direction."""
        return sum(1 for r in list(self.records) if r.direction is direction and kind in (None, r.type))

    def describe(self) -> str:
        """One line for a report: the records in order, and how each direction ended."""
        arrows = {TO_SERVER: ">", TO_CLIENT: "<"}
        records = " ".join(f"{arrows[r.direction]}{r.type}({r.length})" for r in list(self.records))
        ends = ", ".join(f"{direction.value}: {end}" for direction, end in self.ended.items())
        return f"{records}; ended {ends or 'not'}"

    def forward(self, direction: Direction, faults: Sequence[Fault]) -> None:
        """Forward one direction to its end."""
        source, target = self._sockets[direction]
        try:
            for action in self._actions(direction, source, faults):
                if self.stopped.is_set():
                    return
                if isinstance(action, bytes):
                    if not self._send(direction, target, action):
                        return
                elif isinstance(action, Pause):
                    self.stopped.wait(action.seconds)
                elif isinstance(action, Cut):
                    self._cut(direction, action.reset)
                    return
                elif isinstance(action, Hold):
                    action.reached.set()
                    while not action.released.wait(STOP_SECONDS) and not self.stopped.is_set():
                        pass
                elif isinstance(action, Finish):
                    self._finish(direction)
                    return
                else:
                    self.stopped.wait()
                    return
            if direction in self._reset_seen:
                raise ConnectionResetError
            if not self.stopped.is_set():
                self._end(direction, "fin")
                target.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(direction, "reset")
            self._cut(direction, reset=True)

    def _send(self, direction: Direction, target: socket.socket, data: bytes) -> bool:
        """False when the target has reset: the other direction forwards what it had sent before, then ends so."""
        try:
            target.sendall(data)
        except OSError:
            back = TO_CLIENT if direction is TO_SERVER else TO_SERVER
            self.note_reset(back)
            if back in self.ended:
                self._cut(direction, reset=True)
            return False
        return True

    def _actions(self, direction: Direction, source: socket.socket, faults: Sequence[Fault]) -> Iterator[Action]:
        offset = 0
        for action in self._records(direction, source, faults):
            pieces: list[Action] = [action]
            for fault in faults:
                pieces = [new for old in pieces for new in _on_bytes(fault, offset, old)]
            for piece in pieces:
                offset += len(piece) if isinstance(piece, bytes) else 0
                yield piece

    def _records(self, direction: Direction, source: socket.socket, faults: Sequence[Fault]) -> Iterator[Action]:
        splitter = RecordSplitter(direction)
        index = 0
        while data := source.recv(CHUNK):
            with self._lock:
                self.received[direction] += len(data)
            for piece, record in splitter.feed(data):
                if record is None:
                    yield piece
                    continue
                with self._lock:
                    self.records.append(record)
                yield from _spoil(faults, index, piece)
                index += 1
        yield splitter.rest()

    def _end(self, direction: Direction, how: str) -> None:
        with self._lock:
            if not self.stopped.is_set():
                self.ended.setdefault(direction, how)

    def _finish(self, direction: Direction) -> None:
        source, target = self._sockets[direction]
        self._end(direction, "cut")
        target.shutdown(socket.SHUT_WR)
        while source.recv(CHUNK):
            pass

    def _cut(self, direction: Direction, reset: bool) -> None:
        self._end(direction, "cut")
        self.stopped.set()
        for end in self._sockets[direction]:
            with contextlib.suppress(OSError):  # the other direction may have closed it already
                if reset:
                    # RST is sent by close(), when no thread reads any more: SHUT_RD wakes it and sends nothing.
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD)
                else:
                    end.shutdown(socket.SHUT_RDWR)

    def abort(self) -> None:
        """End both directions now."""
        self.stopped.set()
        for end in self._sockets[TO_SERVER]:
            with contextlib.suppress(OSError):  # already closed
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close both sockets."""
        for end in self._sockets[TO_SERVER]:
            end.close()


class Proxy:
    """Listens on an ephemeral port of 127.0.0.1 and forwards to `target`, with `faults` on every connection.

    Seconds are for a quick board, and `slowness` times as long for this one.
    """

    def __init__(self, target: tuple[str, int], faults: Sequence[Fault] = (), slowness: float = 1.0) -> None:
        self._target = target
        self._slowness = slowness
        self._faults = tuple(faults)
        self._listener = Listener("proxy", self._open, self._serve)
        self.port = self._listener.port
        self.address = ("127.0.0.1", self.port)

    @property
    def connections(self) -> list[ProxyConnection]:
        """All so far."""
        return self._listener.accepted

    def connection(self, index: int = 0, timeout: float = 10.0) -> ProxyConnection:
        """The index-th connection, once it is over. Raises RigError after `timeout` seconds."""
        return self._listener.finished(index, timeout * self._slowness)

    def close(self) -> None:
        """Stop, aborting what is open."""
        self._listener.close(lambda connection: connection.abort())

    def _open(self, client: socket.socket) -> ProxyConnection:
        try:
            server = _connect(self._target)
        except OSError:
            return _refused(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return ProxyConnection(client, server)

    def _serve(self, connection: ProxyConnection) -> None:
        back = threading.Thread(target=connection.forward, args=(TO_CLIENT, self._of(TO_CLIENT)), daemon=True)
        back.start()
        connection.forward(TO_SERVER, self._of(TO_SERVER))
        back.join()
        connection.close()

    def _of(self, direction: Direction) -> list[Fault]:
        return [fault for fault in self._faults if fault.direction is direction]


def _connect(target: tuple[str, int]) -> socket.socket:
    server = socket.create_connection(target, timeout=10)
    server.settimeout(None)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def _refused(client: socket.socket) -> ProxyConnection:
    """A connection whose server reset before it said anything, or that nobody accepted."""
    server, nobody = socket.socketpair()
    nobody.close()
    connection = ProxyConnection(client, server)
    connection.note_reset(TO_CLIENT)
    return connection


def _spoil(faults: Iterable[Fault], index: int, record: bytes) -> list[Action]:
    actions: list[Action] = [record]
    for fault in faults:
        actions = [new for old in actions for new in _on_record(fault, index, old)]
    return actions


def _on_record(fault: Fault, index: int, action: Action) -> Iterator[Action]:
    if isinstance(action, bytes):
        yield from fault.on_record(index, action)
    else:
        yield action


def _on_bytes(fault: Fault, offset: int, action: Action) -> Iterator[Action]:
    if isinstance(action, bytes) and action:
        yield from fault.on_bytes(offset, action)
    elif action:
        yield action
