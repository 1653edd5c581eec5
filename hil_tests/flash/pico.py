# SPDX-License-Identifier: MIT
"""Puts firmware onto a real RP2 board and makes sure that it is there.

The board is known by its USB serial number, which is its flash's unique number, never by the order of ports. It is sent
into its boot ROM by mpremote, gets the UF2 file by picotool if that is installed and otherwise as a file on its drive,
and has to come back with the version that was asked for. Every error says what to do, and whether the board still has
its old firmware.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hil_tests.flash.errors import FlashError
from hil_tests.flash.system import Drive, Port, System
from hil_tests.flash.uf2 import read_uf2

VENDOR = 0x2E8A  # Raspberry Pi, as MicroPython's rp2 boards have it
BOARD_IDS = {"rp2040": "RPI-RP2", "rp2350-arm-s": "RP2350", "rp2350-riscv": "RP2350"}
# A boot ROM is on USB after a second, and a desktop takes a few more to mount its drive.
DRIVE_SECONDS = 20.0
RETURN_SECONDS = 30.0
POLL_SECONDS = 0.25
UNTOUCHED = "the board still has its old firmware"
WAITING = f"{UNTOUCHED} and stays in its boot ROM until it is unplugged"
UNSURE = "the board may be half-flashed and stays in its boot ROM: flash it again"
ASK_VERSION = "import ssl; print(ssl.VERSION)"

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """What to flash: a UF2 file for the chip `family`, onto the board `serial` ("": the only one), and the version
    (`ssl.VERSION`) that has to be there afterwards ("": any)."""

    firmware: Path
    family: str
    serial: str = ""
    version: str = ""


def flash(system: System, request: Request) -> str:
    """Flash and verify; gives the version that the board reports. Raises FlashError, Uf2Error."""
    read_uf2(request.firmware, request.family)
    board = find_board(system, request)
    waiting = matching_drives(system, request.family)
    if board is not None:
        if waiting:
            raise FlashError(
                f"a board at {waiting[0].path} waits for firmware too, and boot ROMs cannot be told apart;"
                f" unplug it or flash it first; {UNTOUCHED}"
            )
        enter_bootrom(system, board)
    load(system, request)
    port = await_board(system, request, board.serial if board else request.serial)
    return check_version(system, request, port)


def find_board(system: System, request: Request) -> Port | None:
    """The board that runs a firmware; None if the only one there waits in its boot ROM. Raises FlashError."""
    ports = [port for port in system.ports() if port.vendor == VENDOR]
    if request.serial:
        ports = [port for port in ports if port.serial == request.serial]
    serials = sorted({port.serial for port in ports})
    if len(serials) > 1:
        raise FlashError(
            f"there are several boards: {', '.join(serials)}; say which one with --serial; nothing was done"
        )
    if ports:
        return ports[0]
    if matching_drives(system, request.family) or (system.has("picotool") and in_bootrom(system)):
        if request.serial:
            raise FlashError(
                f"the board {request.serial} is not running, and of the one that waits in its boot ROM nobody knows"
                " whether it is that one: if it is, flash it without --serial; nothing was done"
            )
        return None
    wanted = f"the board {request.serial}" if request.serial else "a board"
    others = ", ".join(sorted(port.serial for port in system.ports())) or "none"
    raise FlashError(
        f"{wanted} is not there (USB serial numbers seen: {others}); plug it in with a cable that carries data,"
        " and if its firmware does not run, hold BOOTSEL while you do"
    )


def in_bootrom(system: System) -> bool:
    """Whether picotool sees a board in its boot ROM."""
    return system.run(["picotool", "info"]).code == 0


def matching_drives(system: System, family: str) -> list[Drive]:
    """The drives of boot ROMs of this chip."""
    return [drive for drive in system.drives() if drive.board == BOARD_IDS[family]]


def enter_bootrom(system: System, board: Port) -> None:
    """Make a running board wait for firmware."""
    done = system.run(["mpremote", "connect", f"id:{board.serial}", "bootloader"])
    # The board goes away while mpremote talks to it, which some versions call an error: what counts is what follows.
    if done.code and any(port.serial == board.serial for port in system.ports()):
        raise FlashError(f"mpremote could not start the boot ROM of {board.serial}: {done.output.strip()}; {UNTOUCHED}")


def load(system: System, request: Request) -> None:
    """Give the file to the one board that waits for it. Whatever ends this, the message says what state it is in."""
    if system.has("picotool"):
        load_by_picotool(system, request)
        return
    drives = wait(system, DRIVE_SECONDS, lambda: matching_drives(system, request.family))
    if not drives:
        raise FlashError(
            f"no drive {BOARD_IDS[request.family]} appeared within {DRIVE_SECONDS:g} s; mount it, or install picotool;"
            f" {WAITING}"
        )
    if len(drives) > 1:
        places = ", ".join(str(drive.path) for drive in drives)
        raise FlashError(f"several boards wait for firmware: {places}; unplug all but one; {WAITING}")
    try:
        copy(system, request.firmware, drives[0])
    except KeyboardInterrupt as interrupt:
        raise FlashError(f"interrupted; {UNSURE}") from interrupt


def load_by_picotool(system: System, request: Request) -> None:
    """Have picotool write, verify and start the firmware."""
    if not wait(system, DRIVE_SECONDS, lambda: [True] if in_bootrom(system) else []):
        raise FlashError(f"picotool sees no board in its boot ROM within {DRIVE_SECONDS:g} s; {WAITING}")
    try:
        done = system.run(["picotool", "load", "--verify", "--execute", str(request.firmware)])
    except KeyboardInterrupt as interrupt:
        raise FlashError(f"interrupted; {UNSURE}") from interrupt
    if done.code:
        raise FlashError(f"picotool: {done.output.strip()}; {UNSURE}")


def copy(system: System, firmware: Path, drive: Drive) -> None:
    """Copy the file onto a drive. Its boot ROM restarts with the last block, and the drive may vanish in mid-close."""
    size = firmware.stat().st_size
    if (free := system.free(drive)) < size:
        raise FlashError(
            f"{drive.path} is full: {free} bytes free, {size} needed; unplug the board and hold BOOTSEL while you"
            f" plug it in; {UNTOUCHED}"
        )
    try:
        system.copy(firmware, drive)
    except OSError as error:
        if error.errno in (errno.EIO, errno.ENODEV, errno.ENOENT) and drive not in system.drives():
            return  # it has restarted; await_board() tells whether with the new firmware
        raise FlashError(f"copying to {drive.path} failed: {error.strerror}; {UNSURE}") from error


def await_board(system: System, request: Request, serial: str) -> Port:
    """The board, running again. A serial number that nobody knew before is found out now."""

    def returned() -> list[Port]:
        ports = [port for port in system.ports() if port.vendor == VENDOR]
        return [port for port in ports if serial in ("", port.serial)]

    ports = wait(system, RETURN_SECONDS, returned)
    if not ports:
        raise FlashError(f"the board did not come back within {RETURN_SECONDS:g} s; {UNSURE} with {request.firmware}")
    return ports[0]


def check_version(system: System, request: Request, port: Port) -> str:
    """Ask the board which version it runs. Raises FlashError if it is another one."""
    done = system.run(["mpremote", "connect", f"id:{port.serial}", "exec", ASK_VERSION])
    version = done.output.strip()
    if done.code or not version:
        raise FlashError(f"the board {port.serial} was flashed and does not answer: {version}; try mpremote by hand")
    if request.version not in ("", version):
        raise FlashError(
            f"the board {port.serial} runs {version}, expected {request.version}: {request.firmware} is not that"
            " version, or the board did not take it; build and flash again"
        )
    return version


def wait(system: System, seconds: float, look: Callable[[], list[T]]) -> list[T]:
    """What `look` finds, as soon as it finds something; empty after `seconds`."""
    deadline = system.now() + seconds
    while not (found := look()) and system.now() < deadline:
        system.sleep(POLL_SECONDS)
    return found
