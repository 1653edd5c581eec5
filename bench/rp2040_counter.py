# SPDX-License-Identifier: MIT
# mypy: ignore-errors
"""Runs on the emulated RP2040 as module `_bench`: cycles, for what bench/on_board.py measures.

The emulator counts them at 0x40070000 (low word, which latches the high one) and 0x40070004. Reading costs the same for
either TLS module. It watches the heap as tools/rp2040/heap.mjs says. The stack cannot be measured here.
"""

import io

import machine

INSTRUCTIONS = 0
HEAP = 1
WATCH = 0x40074000
COUNTER = 0x40070000
POLL = 3
POLL_RD = 1
POLL_WR = 4

_kind = INSTRUCTIONS
_total = 0
_start = 0
_watching = False


def _now():
    low = machine.mem32[COUNTER] & 0xFFFFFFFF
    return machine.mem32[COUNTER + 4] << 32 | low


def measure(kind):
    global _kind, _total
    _kind = kind
    _total = 0
    machine.mem32[WATCH] = 2


def begin():
    global _start, _watching
    if _kind == HEAP:
        _watching = True
        machine.mem32[WATCH] = 1
    else:
        _start = _now()


def end():
    global _total, _watching
    if _kind == HEAP:
        machine.mem32[WATCH] = 0
        _watching = False
    else:
        _total += _now() - _start


def result():
    """Cycles, nothing, and of the heap: bytes live, their peak, the largest block, allocations."""
    return (_total, 0) + tuple(machine.mem32[WATCH + 4 * i] for i in range(4))  # noqa: RUF005 (no stars in MicroPython)


def blocks():
    """Not known here."""
    return ()


class End(io.IOBase):
    """One end of a pipe that never blocks: what the other end wrote is there, or nothing is."""

    def __init__(self):
        self.inbox = bytearray(20480)
        self.start = self.stop = 0
        self.peer = None

    def setblocking(self, flag):
        pass

    def readinto(self, buf):
        n = min(len(buf), self.stop - self.start)
        if not n:
            return None
        buf[:n] = memoryview(self.inbox)[self.start : self.start + n]
        self.start += n
        if self.start == self.stop:
            self.start = self.stop = 0
        return n

    def write(self, data):
        peer, n = self.peer, len(data)
        memoryview(peer.inbox)[peer.stop : peer.stop + n] = data
        peer.stop += n
        return n

    def ioctl(self, request, arg):
        if request == POLL:
            return ((POLL_RD if self.stop > self.start else 0) | POLL_WR) & arg
        return 0


class QuietEnd(End):
    """The same, and what it takes from the heap itself is not watched."""

    def readinto(self, buf):
        machine.mem32[WATCH] = 0
        n = End.readinto(self, buf)
        machine.mem32[WATCH] = int(_watching)
        return n

    def write(self, data):
        machine.mem32[WATCH] = 0
        n = End.write(self, data)
        machine.mem32[WATCH] = int(_watching)
        return n


_ends = {}


def pipe():
    """The two ends, always the same ones, empty."""
    kind = QuietEnd if _kind == HEAP else End
    if kind not in _ends:
        _ends[kind] = kind(), kind()
        _ends[kind][0].peer, _ends[kind][1].peer = _ends[kind][1], _ends[kind][0]
    for end in _ends[kind]:
        end.start = end.stop = 0
    return _ends[kind]
