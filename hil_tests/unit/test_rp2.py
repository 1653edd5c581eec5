# SPDX-License-Identifier: MIT
"""The driver of emulated RP2 boards, without an emulator."""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from hil_tests.boards.description import BoardDescription
from hil_tests.boards.rp2 import Emulator, Rp2Board
from hil_tests.errors import BoardCrashed, BoardError, BootFailed, RigError, ToolMissing
from hil_tests.flash.uf2 import Uf2Error
from hil_tests.unit.test_uf2 import RP2350, block, file

CAPABILITIES = frozenset({"repl"})


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def board(folder: Path, image: Path, settings: Mapping[str, object] | None = None) -> Rp2Board:
    rom, packages = folder / "rom.bin", folder / "tool"
    emulator = {"folder": str(packages), "bootrom": str(rom)}
    given = {"family": "rp2040", "emulator": emulator} if settings is None else settings
    return Rp2Board(BoardDescription("PICO", "rp2", image, CAPABILITIES, given), image, folder / "logs")


def complete(folder: Path) -> None:
    """What `make rp2040` makes."""
    (folder / "rom.bin").touch()
    (folder / "tool" / "node_modules" / "rp2040js").mkdir(parents=True)


def test_a_board_without_an_emulator_says_so(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="PICO: there is no emulator for its chip"):
        board(tmp_path, file(tmp_path, block(0, 1)), {"family": "rp2350-arm-s"}).boot()


def test_without_node_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="node is not installed; install the Debian package nodejs"):
        board(tmp_path, file(tmp_path, block(0, 1))).boot()


def test_an_emulator_that_was_not_made_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(BoardError, match="rp2040js is missing; make it with: make rp2040"):
        board(tmp_path, file(tmp_path, block(0, 1))).boot()


def test_firmware_for_another_chip_is_not_booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    complete(tmp_path)
    with pytest.raises(Uf2Error, match="is for rp2350-arm-s, not for rp2040"):
        board(tmp_path, file(tmp_path, block(0, 1, RP2350))).boot()


def test_a_full_disk_is_told_and_leaves_no_half_flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    complete(tmp_path)
    image = file(tmp_path, block(0, 1))

    def fill_up(path: Path, data: bytes) -> int:
        with path.open("wb") as half:
            half.write(data[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    pico = board(tmp_path, image)
    with pytest.raises(BootFailed, match=r"cannot be written: No space left on device; it takes 2097152 bytes"):
        pico.boot()
    assert not pico.flash_path.exists()


def test_an_emulator_that_ends_at_once_is_told_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "node", "echo no such module >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    complete(tmp_path)
    with pytest.raises(BoardError, match=r"did not say 'listening'[\s\S]*no such module"):
        board(tmp_path, file(tmp_path, block(0, 1))).boot()


def test_events_are_kept_until_somebody_asks(tmp_path: Path) -> None:
    script = (
        """echo '{"event": "log"}'; echo '{"event": "listening", "console": 1}'; read line; echo '{"event": "reset"}'"""
    )
    emulator = Emulator("PICO", ["sh", "-c", script], tmp_path / "errors.log")
    try:
        assert emulator.wait_for("listening")["console"] == 1
        emulator.tell("anything")
        assert emulator.wait_for("reset") == {"event": "reset"}
    finally:
        emulator.quit()


def test_an_emulator_that_is_gone_is_a_crash(tmp_path: Path) -> None:
    emulator = Emulator("PICO", ["true"], tmp_path / "errors.log")
    emulator.process.wait()
    with pytest.raises(BoardCrashed, match="the emulator is gone"):
        for _ in range(100):
            emulator.tell("reset")
    emulator.quit()
