# SPDX-License-Identifier: MIT
"""The driver of emulated ESP32 boards without their emulator: what it makes, and which emulator it takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hil_tests.boards import make_board, read_description
from hil_tests.boards.esp32 import Esp32QemuBoard, efuses, find_emulator, whole_flash
from hil_tests.errors import BoardUnavailable, RigError

C3 = read_description("ESP32_GENERIC_C3_QEMU")


def fake_qemu(folder: Path, *machines: str) -> Path:
    folder.mkdir()
    program = folder / "qemu-system-riscv32"
    program.write_text(
        "#!/bin/sh\necho 'Supported machines are:'\n" + "".join(f"echo '{m}  a board'\n" for m in machines)
    )
    program.chmod(0o755)
    return program


def test_the_emulator_that_knows_the_chip_is_taken(tmp_path: Path) -> None:
    fake_qemu(tmp_path / "debian", "virt", "spike")
    espressif = fake_qemu(tmp_path / "espressif", "esp32c3", "virt")
    path = os.pathsep.join([str(tmp_path / "debian"), str(tmp_path / "espressif")])
    assert find_emulator("B", "qemu-system-riscv32", "esp32c3", path) == str(espressif)


def test_without_the_right_emulator_the_board_is_unavailable(tmp_path: Path) -> None:
    debian = fake_qemu(tmp_path / "debian", "virt")
    with pytest.raises(BoardUnavailable, match=f"none of {debian} knows the machine esp32c3; install Espressif's QEMU"):
        find_emulator("B", "qemu-system-riscv32", "esp32c3", str(tmp_path / "debian"))
    with pytest.raises(BoardUnavailable, match="qemu-system-riscv32 is not on PATH"):
        find_emulator("B", "qemu-system-riscv32", "esp32c3", str(tmp_path))


def test_the_image_is_at_its_place_in_a_flash_that_is_else_erased() -> None:
    flash = whole_flash(C3, b"\xe9image")
    assert len(flash) == 4 * 1024 * 1024
    assert flash.startswith(b"\xe9image\xff") and flash.endswith(b"\xff")


def test_an_image_that_does_not_fit_says_by_how_much() -> None:
    with pytest.raises(RigError, match="the image is 7 bytes too long for 4194304 bytes of flash"):
        whole_flash(C3, bytes(4 * 1024 * 1024 + 7))


def test_the_efuses_say_revision_0_3() -> None:
    content = efuses(C3)
    assert len(content) == 1024
    assert [(i, value) for i, value in enumerate(content) if value] == [(38, 0x0C)]


def test_the_arguments_are_complete(tmp_path: Path) -> None:
    board = make_board(C3, tmp_path)
    assert isinstance(board, Esp32QemuBoard)
    command = board.emulator.command(board.image, board.flash_path)
    assert f"file={board.flash_path},if=mtd,format=raw" in command
    assert f"file={board.efuse_path},if=none,format=raw,id=efuse" in command


def test_a_real_board_says_what_can_be_done_with_it(tmp_path: Path) -> None:
    image = tmp_path / "firmware.bin"
    image.touch()
    board = make_board(read_description("ESP32_GENERIC_S3"), tmp_path, image)
    with pytest.raises(BoardUnavailable, match="make flash BOARD=ESP32_GENERIC_S3"):
        board.boot()
