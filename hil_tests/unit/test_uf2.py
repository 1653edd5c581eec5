# SPDX-License-Identifier: MIT
"""UF2 files: what is taken, and what must never reach a board."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from hil_tests.flash.uf2 import HAS_FAMILY, HEADER, MAGIC_END, MAGICS, Uf2Error, read_uf2

RP2040 = 0xE48BFF56
RP2350 = 0xE48BFF59
BASE = 0x10000000


def block(number: int, count: int, family: int = RP2040, payload: bytes = b"\x55" * 256) -> bytes:
    header = HEADER.pack(*MAGICS, HAS_FAMILY, BASE + 256 * number, len(payload), number, count, family)
    return header + payload.ljust(476, b"\0") + struct.pack("<I", MAGIC_END)


def file(folder: Path, *blocks: bytes) -> Path:
    path = folder / "firmware.uf2"
    path.write_bytes(b"".join(blocks))
    return path


def test_a_good_file_gives_memory(tmp_path: Path) -> None:
    uf2 = read_uf2(file(tmp_path, block(0, 2), block(1, 2, payload=b"\xaa" * 256)), "rp2040")
    assert uf2.image(BASE, 1024) == b"\x55" * 256 + b"\xaa" * 256 + b"\xff" * 512


def test_another_chip_is_named(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="is for rp2350-arm-s, not for rp2040"):
        read_uf2(file(tmp_path, block(0, 1, RP2350)), "rp2040")


def test_an_unknown_chip_is_shown_as_a_number(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="is for 0x12345678, not for rp2040"):
        read_uf2(file(tmp_path, block(0, 1, 0x12345678)), "rp2040")


def test_a_file_that_ends_inside_of_a_block_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="truncated: 1000 bytes.*make firmware"):
        read_uf2(file(tmp_path, (block(0, 2) + block(1, 2))[:1000]), "rp2040")


def test_a_file_that_lacks_its_last_block_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="should have 3 blocks in order and has 2"):
        read_uf2(file(tmp_path, block(0, 3), block(1, 3)), "rp2040")


def test_blocks_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="blocks in order"):
        read_uf2(file(tmp_path, block(1, 2), block(0, 2)), "rp2040")


@pytest.mark.parametrize("damage", [0, 4, 511], ids=["first-magic", "second-magic", "last-magic"])
def test_a_damaged_block_is_told_with_its_place(tmp_path: Path, damage: int) -> None:
    data = bytearray(block(0, 2) + block(1, 2))
    data[512 + damage] ^= 1
    with pytest.raises(Uf2Error, match="not a UF2 block of firmware at byte 512"):
        read_uf2(file(tmp_path, bytes(data)), "rp2040")


def test_an_empty_file_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="truncated: 0 bytes"):
        read_uf2(file(tmp_path), "rp2040")


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="make firmware"):
        read_uf2(tmp_path / "nothing.uf2", "rp2040")


def test_memory_outside_of_the_chip_is_refused(tmp_path: Path) -> None:
    uf2 = read_uf2(file(tmp_path, block(0, 2), block(1, 2)), "rp2040")
    with pytest.raises(Uf2Error, match="writes to 0x10000100, outside of 256 bytes"):
        uf2.image(BASE, 256)
