# SPDX-License-Identifier: MIT
# mypy: ignore-errors
"""Runs on the emulated RP2040 as module `_bench`: cycles, for what bench/on_board.py measures.

The emulator counts them at 0x40070000 (low word, which latches the high one) and 0x40070004. Reading costs the same for
either TLS module. Heap and stack cannot be measured here.
"""

import io

import machine

INSTRUCTIONS = 0
COUNTER = 0x40070000
POLL = 3
POLL_RD = 1
POLL_WR = 4

_total = 0
_start = 0


def _now():
    low = machine.mem32[COUNTER] & 0xFFFFFFFF
    return machine.mem32[COUNTER + 4] << 32 | low


def measure(kind):
    global _total
    _total = 0


def begin():
    global _start
    _start = _now()


def end():
    global _total
    _total += _now() - _start


def result():
    return (_total,)


class End(io.IOBase):
    """One end of a pipe that never blocks: what the other end wrote is there, or nothing is."""

    def __init__(self):
        self.inbox = bytearray(20480)
        self.start = self.stop = 0
        self.peer = None

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


_ends = None


def pipe():
    """The two ends, always the same ones, empty."""
    global _ends
    if _ends is None:
        _ends = End(), End()
        _ends[0].peer, _ends[1].peer = _ends[1], _ends[0]
    for end in _ends:
        end.start = end.stop = 0
    return _ends
