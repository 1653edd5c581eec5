# SPDX-License-Identifier: MIT
"""UF2 files: blocks of 512 bytes, each with its address, its number, and the chip that it is for."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from hil_tests.errors import RigError

BLOCK = 512
HEADER = struct.Struct("<8I")  # two magics, flags, address, size, number, count, family
MAGICS = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
NOT_MAIN_FLASH = 0x1
HAS_FAMILY = 0x2000
LARGEST_PAYLOAD = 476
FAMILIES = {
    0xE48BFF56: "rp2040",
    0xE48BFF57: "rp2350 data",
    0xE48BFF59: "rp2350-arm-s",
    0xE48BFF5A: "rp2350-riscv",
    0xE48BFF5B: "rp2350-arm-ns",
}


class Uf2Error(RigError):
    """A UF2 file that must not be flashed. The message names the file, what is wrong, and the cure."""


@dataclass(frozen=True)
class Uf2:
    """The content of a file: the chip, and pieces of memory as (address, bytes), in the file's order."""

    family: str
    pieces: tuple[tuple[int, bytes], ...]

    def image(self, base: int, size: int) -> bytes:
        """Memory from `base` on, 0xFF where the file has nothing. Raises Uf2Error if a piece lies outside."""
        memory = bytearray(b"\xff" * size)
        for address, data in self.pieces:
            if not base <= address <= base + size - len(data):
                raise Uf2Error(f"the file writes to {address:#x}, outside of {size} bytes at {base:#x}")
            memory[address - base : address - base + len(data)] = data
        return bytes(memory)


def read_uf2(path: Path, family: str) -> Uf2:
    """Read a whole file for the chip `family`. Raises Uf2Error for any other, and for a damaged or truncated one."""
    rebuild = "build it again with make firmware"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Uf2Error(f"{path}: {error.strerror}; build it with make firmware") from error
    if not data or len(data) % BLOCK:
        raise Uf2Error(f"{path}: truncated: {len(data)} bytes are not whole UF2 blocks of {BLOCK}; {rebuild}")
    blocks = [_block(path, data[offset : offset + BLOCK], offset) for offset in range(0, len(data), BLOCK)]
    found = {FAMILIES.get(block.family, f"{block.family:#010x}") for block in blocks}
    if found != {family}:
        chips = ", ".join(sorted(found))
        raise Uf2Error(f"{path}: is for {chips}, not for {family}; give the UF2 file of this board")
    numbers = [block.number for block in blocks]
    count = blocks[0].count
    if numbers != list(range(count)) or any(block.count != count for block in blocks):
        raise Uf2Error(f"{path}: truncated: it should have {count} blocks in order and has {len(blocks)}; {rebuild}")
    return Uf2(family, tuple((block.address, block.payload) for block in blocks))


@dataclass(frozen=True)
class _Block:
    address: int
    number: int
    count: int
    family: int
    payload: bytes


def _block(path: Path, data: bytes, offset: int) -> _Block:
    magic0, magic1, flags, address, size, number, count, family = HEADER.unpack_from(data)
    good = (magic0, magic1) == MAGICS and int.from_bytes(data[-4:], "little") == MAGIC_END
    if not good or size > LARGEST_PAYLOAD or flags & NOT_MAIN_FLASH:
        raise Uf2Error(f"{path}: not a UF2 block of firmware at byte {offset}; build it again with make firmware")
    payload = data[HEADER.size : HEADER.size + size]
    return _Block(address, number, count, family if flags & HAS_FAMILY else 0, payload)
