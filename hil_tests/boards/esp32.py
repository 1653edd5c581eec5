# SPDX-License-Identifier: MIT
"""Boards with an ESP32. Those with an "emulator" in their board.json run in Espressif's QEMU.

It has the chips' engines for AES, SHA and long numbers. It is a fork with the name of the original: of several on PATH
the one that knows the chip is taken, and without it the board is unavailable, which skips its tests.

The flash is the image with everything behind it erased, the eFuses say which revision the chip is, and the network is
an OpenCores Ethernet controller, which the driver starts after each boot.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from hil_tests.boards.base import Board
from hil_tests.boards.description import BoardDescription
from hil_tests.boards.qemu import QemuBoard
from hil_tests.errors import BoardUnavailable, RigError

LIST_SECONDS = 20.0
NETWORK_SECONDS = 30.0

# openeth is in our images; network.PHY_OPENETH in those of MicroPython 1.29's own QEMU variant.
START_NETWORK = """
import time
try:
    import openeth
    openeth.start()
    address = openeth.address
except ImportError:
    import network
    lan = network.LAN(phy_type=network.PHY_OPENETH, phy_addr=1)
    lan.active(True)
    address = lambda: lan.isconnected() and lan.ifconfig()[0]
deadline = time.ticks_add(time.ticks_ms(), MILLISECONDS)
while not address():
    if time.ticks_diff(deadline, time.ticks_ms()) < 0:
        raise OSError("no address from DHCP")
    time.sleep_ms(20)
"""


def esp32_board(description: BoardDescription, image: Path, directory: Path) -> Board:
    """The driver of this board: emulated, or one that says why it cannot be used."""
    driver = Esp32QemuBoard if "emulator" in description.settings else RealEsp32Board
    return driver(description, image, directory)


class Esp32QemuBoard(QemuBoard):
    """One process of Espressif's QEMU. Its flash is new at `boot()` and survives resets."""

    boot_seconds = 90.0  # the first boot formats the file system

    def __init__(self, description: BoardDescription, image: Path, directory: Path) -> None:
        super().__init__(description, image, directory)
        self.efuse_path = directory / f"{self.name}.efuse.img"
        self.emulator = replace(self.emulator, defaults={**self.emulator.defaults, "efuse_image": str(self.efuse_path)})

    def _power_on(self) -> None:
        machine = section(self.description, "emulator").get("machine")
        program = find_emulator(self.name, self.emulator.program, str(machine), os.environ.get("PATH", ""))
        self.emulator = replace(self.emulator, program=program)
        super()._power_on()

    def _make_flash(self) -> None:
        self.flash_path.write_bytes(whole_flash(self.description, self.image.read_bytes()))
        self.efuse_path.write_bytes(efuses(self.description))

    def _connect(self, first: bool) -> None:
        super()._connect(first)
        if first:
            self._start_network()

    def _reset(self, hard: bool) -> None:
        super()._reset(hard)
        if hard:
            self._start_network()

    def _start_network(self) -> None:
        milliseconds = int(NETWORK_SECONDS * 1000)
        self.exec(START_NETWORK, timeout=NETWORK_SECONDS + 10, values={"MILLISECONDS": milliseconds})


class RealEsp32Board(Board):
    """A board on a cable: it can be flashed (make flash), and is not driven by the rig."""

    def _power_on(self) -> NoReturn:
        raise BoardUnavailable(
            f"{self.name}: there is no emulator for its chip, and the rig does not drive real ones; flash it with"
            f" make flash BOARD={self.name} PORT=..."
        )

    def _power_off(self) -> None:
        pass

    def _reset(self, hard: bool) -> None:
        pass

    def _check(self) -> None:
        pass

    def listen_port(self) -> int:
        return 443

    def listen_address(self, port: int) -> tuple[str, int]:
        raise RigError(f"{self.name}: its address is not known")


def section(description: BoardDescription, name: str) -> Mapping[str, object]:
    """An object of board.json. Raises RigError."""
    found = description.settings.get(name)
    if not isinstance(found, dict):
        raise RigError(f'boards/{description.name}/board.json: "{name}" must be an object, found {found!r}')
    return found


def number(description: BoardDescription, name: str, key: str) -> int:
    """A number in a section of board.json. Raises RigError."""
    found = section(description, name).get(key)
    if not isinstance(found, int):
        raise RigError(f'boards/{description.name}/board.json: "{name}"."{key}" must be a number, found {found!r}')
    return found


def whole_flash(description: BoardDescription, image: bytes) -> bytes:
    """The chip's flash with `image` (firmware.bin) in it. Raises RigError when it is too long."""
    size, offset = number(description, "flash", "size"), number(description, "flash", "image_offset")
    if offset + len(image) > size:
        excess = offset + len(image) - size
        raise RigError(f"{description.name}: the image is {excess} bytes too long for {size} bytes of flash")
    return (b"\xff" * offset + image).ljust(size, b"\xff")


def efuses(description: BoardDescription) -> bytes:
    """The eFuses of a chip that left the factory: all zero, but for the bytes that board.json gives."""
    content = bytearray(number(description, "efuse", "size"))
    values = section(description, "efuse").get("bytes", {})
    assert isinstance(values, dict)
    for position, value in values.items():
        content[int(position)] = value
    return bytes(content)


def find_emulator(board: str, program: str, machine: str, path: str) -> str:
    """The first `program` of `path` that emulates `machine`. Raises BoardUnavailable that says what was found."""
    places = [str(Path(folder) / program) for folder in path.split(os.pathsep)]
    found = [place for place in places if os.access(place, os.X_OK)]
    for candidate in found:
        if machine in machines_of(candidate):
            return candidate
    seen = f"none of {', '.join(found)} knows the machine {machine}" if found else f"{program} is not on PATH"
    raise BoardUnavailable(
        f"{board}: {seen}; install Espressif's QEMU: python $IDF_PATH/tools/idf_tools.py install qemu-riscv32"
        " qemu-xtensa, and run $IDF_PATH/export.sh"
    )


def machines_of(program: str) -> set[str]:
    """The machines that a QEMU emulates; none if it does not run."""
    try:
        done = subprocess.run(
            [program, "-machine", "help"], capture_output=True, text=True, timeout=LIST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return set()
    return {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
