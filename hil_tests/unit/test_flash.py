# SPDX-License-Identifier: MIT
"""Flashing real boards, on a host that is a fake: no USB is needed."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hil_tests.flash.errors import FlashError
from hil_tests.flash.pico import Request, flash
from hil_tests.flash.system import Done, Drive, Port, read_drive
from hil_tests.flash.uf2 import Uf2Error
from hil_tests.unit.test_uf2 import RP2350, block, file

VENDOR = 0x2E8A
BOARD = Port("/dev/ttyACM3", "E660C0D1C7112233", VENDOR)
OTHER = Port("/dev/ttyACM0", "E660C0D1C7445566", VENDOR)
ARDUINO = Port("/dev/ttyACM1", "7543", 0x2341)
DRIVE = Drive(Path("/media/RPI-RP2"), "RPI-RP2")
DRIVE_2350 = Drive(Path("/media/RP2350"), "RP2350")


class FakeHost:
    """A host with boards. A board that runs goes to its boot ROM, one that gets a file runs it at once."""

    def __init__(self, *ports: Port) -> None:
        self.running = list(ports)
        self.waiting: list[Drive] = []
        self.hidden: list[Port] = []  # boards in their boot ROM
        self.version = "v1"
        self.picotool: Done | None = None
        self.bytes_free = 1 << 20
        self.copy_error: OSError | KeyboardInterrupt | None = None
        self.in_bootrom = True  # as picotool sees it
        self.returns = True
        self.bootloader = Done(0, "")
        self.commands: list[str] = []
        self.copied: list[Path] = []
        self.time = 0.0
        self.on_bootloader: Callable[[], None] = lambda: self.waiting.append(DRIVE)

    def ports(self) -> list[Port]:
        return list(self.running)

    def drives(self) -> list[Drive]:
        return list(self.waiting)

    def has(self, program: str) -> bool:
        return program == "picotool" and self.picotool is not None

    def run(self, command: Sequence[str]) -> Done:
        self.commands.append(" ".join(command))
        if command[-1] == "bootloader" and self.bootloader.code == 0:
            serial = command[2].removeprefix("id:")
            self.hidden += [port for port in self.running if port.serial == serial]
            self.running = [port for port in self.running if port.serial != serial]
            self.on_bootloader()
            return Done(1, "device disconnected")
        if command[-1] == "bootloader":
            return self.bootloader
        if command[0] == "picotool":
            assert self.picotool is not None
            if command[1] == "info":
                return Done(0 if self.in_bootrom else 1, "")
            if command[1] == "load" and self.picotool.code == 0:
                self.restart()
            return self.picotool
        return Done(0, f"{self.version}\r\n")

    def free(self, drive: Drive) -> int:
        return self.bytes_free

    def copy(self, source: Path, drive: Drive) -> None:
        if self.copy_error is None or (isinstance(self.copy_error, OSError) and self.copy_error.errno == errno.EIO):
            self.copied.append(drive.path)
            self.restart()
        if self.copy_error is not None:
            raise self.copy_error

    def restart(self) -> None:
        self.waiting.clear()
        if self.returns:
            self.running += self.hidden
            self.hidden.clear()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def request(folder: Path, **more: str) -> Request:
    return Request(file(folder, block(0, 1)), "rp2040", **more)


def test_the_only_board_is_flashed_by_its_drive(tmp_path: Path) -> None:
    host = FakeHost(ARDUINO, BOARD)
    assert flash(host, request(tmp_path, version="v1")) == "v1"
    assert host.copied == [DRIVE.path]
    assert host.commands[0] == f"mpremote connect id:{BOARD.serial} bootloader"
    assert host.commands[-1].startswith(f"mpremote connect id:{BOARD.serial} exec")


def test_a_board_is_chosen_by_its_serial_number_and_not_by_its_port(tmp_path: Path) -> None:
    host = FakeHost(OTHER, BOARD)
    flash(host, request(tmp_path, serial=BOARD.serial))
    assert all(BOARD.serial in command for command in host.commands)


def test_picotool_is_used_where_it_is_installed(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.picotool = Done(0, "")
    flash(host, request(tmp_path))
    assert host.copied == []
    assert any(command.startswith("picotool load --verify --execute") for command in host.commands)


def test_a_board_that_waits_in_its_boot_rom_is_flashed(tmp_path: Path) -> None:
    host = FakeHost()
    host.waiting, host.hidden = [DRIVE], [BOARD]
    assert flash(host, request(tmp_path)) == "v1"
    assert "bootloader" not in host.commands[0]


def test_a_board_in_its_boot_rom_is_flashed_by_picotool_without_a_drive(tmp_path: Path) -> None:
    host = FakeHost()
    host.hidden, host.picotool = [BOARD], Done(0, "")
    assert flash(host, request(tmp_path)) == "v1"
    assert not any(command.endswith("bootloader") for command in host.commands)


def test_a_serial_number_does_not_let_a_nameless_board_be_flashed(tmp_path: Path) -> None:
    host = FakeHost(OTHER)
    host.waiting = [DRIVE]
    with pytest.raises(FlashError, match=f"{BOARD.serial} is not running.*flash it without --serial; nothing was done"):
        flash(host, request(tmp_path, serial=BOARD.serial))
    assert host.commands == [] and host.copied == []


def test_two_boards_in_their_boot_roms_are_left_alone(tmp_path: Path) -> None:
    host = FakeHost()
    host.waiting = [DRIVE, Drive(Path("/media/RPI-RP21"), "RPI-RP2")]
    with pytest.raises(FlashError, match="several boards wait for firmware: .*RPI-RP21; unplug all but one.*old f"):
        flash(host, request(tmp_path))
    assert host.copied == []


def test_a_board_that_picotool_does_not_see_keeps_its_firmware(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.picotool, host.in_bootrom = Done(0, ""), False
    with pytest.raises(FlashError, match="picotool sees no board.*has its old firmware and stays in its boot ROM"):
        flash(host, request(tmp_path))
    assert not any("picotool load" in command for command in host.commands)


def test_an_interrupted_copy_leaves_a_board_that_is_called_half_flashed(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.copy_error = KeyboardInterrupt()
    with pytest.raises(FlashError, match="interrupted; the board may be half-flashed"):
        flash(host, request(tmp_path))


def test_no_board_says_what_was_seen_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match=r"a board is not there.*seen: 7543.*BOOTSEL"):
        flash(FakeHost(ARDUINO), request(tmp_path))


def test_two_boards_need_a_serial_number(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match=f"several boards: {BOARD.serial}, {OTHER.serial}.*--serial.*nothing was done"):
        flash(FakeHost(OTHER, BOARD), request(tmp_path))


def test_a_second_board_in_its_boot_rom_stops_everything(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.waiting = [DRIVE]
    with pytest.raises(FlashError, match="waits for firmware too.*still has its old firmware"):
        flash(host, request(tmp_path))
    assert host.commands == [] and host.copied == []


def test_the_drive_of_another_chip_is_left_alone(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.on_bootloader = lambda: host.waiting.append(DRIVE_2350)
    with pytest.raises(FlashError, match="no drive RPI-RP2 appeared"):
        flash(host, request(tmp_path))
    assert host.copied == []


def test_firmware_for_another_chip_does_not_touch_the_board(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    with pytest.raises(Uf2Error, match="is for rp2350-arm-s, not for rp2040"):
        flash(host, Request(file(tmp_path, block(0, 1, RP2350)), "rp2040"))
    assert host.commands == []


def test_truncated_firmware_does_not_touch_the_board(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    with pytest.raises(Uf2Error, match="truncated"):
        flash(host, Request(file(tmp_path, block(0, 2)), "rp2040"))
    assert host.commands == []


def test_a_full_drive_is_told_before_anything_is_written(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.bytes_free = 100
    with pytest.raises(FlashError, match="is full: 100 bytes free, 512 needed.*old firmware"):
        flash(host, request(tmp_path))
    assert host.copied == []


def test_a_drive_that_fills_up_leaves_a_board_that_is_called_half_flashed(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.copy_error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FlashError, match="No space left on device; the board may be half-flashed"):
        flash(host, request(tmp_path))


def test_a_drive_that_vanishes_with_the_last_block_is_success(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.copy_error = OSError(errno.EIO, "Input/output error")
    assert flash(host, request(tmp_path)) == "v1"


def test_a_failure_of_picotool_is_passed_on(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.picotool = Done(1, "ERROR: verification failed")
    with pytest.raises(FlashError, match="verification failed; the board may be half-flashed"):
        flash(host, request(tmp_path))


def test_a_board_that_mpremote_cannot_reach_keeps_its_firmware(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.bootloader = Done(1, "failed to access /dev/ttyACM3")
    with pytest.raises(FlashError, match="failed to access.*still has its old firmware"):
        flash(host, request(tmp_path))


def test_a_board_that_does_not_come_back_is_told(tmp_path: Path) -> None:
    host = FakeHost(BOARD)
    host.returns = False
    with pytest.raises(FlashError, match="did not come back within 30 s.*flash it again"):
        flash(host, request(tmp_path))


def test_another_version_than_expected_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="runs v1, expected v2"):
        flash(FakeHost(BOARD), request(tmp_path, version="v2"))


def test_a_boot_rom_drive_is_known_by_its_info_file(tmp_path: Path) -> None:
    assert read_drive(tmp_path) is None
    (tmp_path / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    assert read_drive(tmp_path) == Drive(tmp_path, "RPI-RP2")
