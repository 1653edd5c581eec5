# SPDX-License-Identifier: MIT
"""The flash of an RP2040 as an emulator takes it."""

from __future__ import annotations

from pathlib import Path

from hil_tests.flash.uf2 import read_uf2

FLASH_BASE = 0x10000000
FLASH_SIZE = 2 * 1024 * 1024  # a Pico's


def flash_image(firmware: Path, family: str) -> bytes:
    """A chip's whole flash with `firmware` (UF2) in it, otherwise erased. Raises Uf2Error."""
    return read_uf2(firmware, family).image(FLASH_BASE, FLASH_SIZE)
