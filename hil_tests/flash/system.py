# SPDX-License-Identifier: MIT
"""What flashing needs of the host: serial ports, drives, programs, time. Tests put a fake in its place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serial.tools import list_ports  # type: ignore[import-untyped]

INFO = "INFO_UF2.TXT"
MOUNTS = Path("/proc/self/mounts")
COMMAND_SECONDS = 120.0


@dataclass(frozen=True)
class Port:
    """A USB serial port: `/dev/ttyACM0`, and the serial number of the USB device that it belongs to."""

    device: str
    serial: str
    vendor: int


@dataclass(frozen=True)
class Drive:
    """A mounted drive of a boot ROM; `board` is its Board-ID, such as RPI-RP2 or RP2350."""

    path: Path
    board: str


@dataclass(frozen=True)
class Done:
    """How a program ended, and all that it said."""

    code: int
    output: str


class System(Protocol):
    """The host."""

    def ports(self) -> list[Port]:
        """The USB serial ports, in no particular order."""

    def drives(self) -> list[Drive]:
        """The drives of boards that wait for firmware."""

    def has(self, program: str) -> bool:
        """Whether a program is installed."""

    def run(self, command: Sequence[str]) -> Done:
        """Run a program to its end. Raises OSError when it cannot be started."""

    def free(self, drive: Drive) -> int:
        """Bytes free."""

    def copy(self, source: Path, drive: Drive) -> None:
        """Copy a file onto a drive and have it written. Raises OSError."""

    def now(self) -> float:
        """Seconds, monotonic."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Host:
    """The real one, on Linux."""

    def ports(self) -> list[Port]:
        found = list_ports.comports()
        return [Port(port.device, port.serial_number, port.vid or 0) for port in found if port.serial_number]

    def drives(self) -> list[Drive]:
        places = [Path(line.split()[1].replace("\\040", " ")) for line in MOUNTS.read_text().splitlines()]
        return [drive for place in places if (drive := read_drive(place)) is not None]

    def has(self, program: str) -> bool:
        return shutil.which(program) is not None

    def run(self, command: Sequence[str]) -> Done:
        words = [sys.executable, "-m", *command] if command[0] == "mpremote" else list(command)
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return Done(-1, f"not over after {COMMAND_SECONDS:g} s")
        return Done(done.returncode, done.stdout + done.stderr)

    def free(self, drive: Drive) -> int:
        return shutil.disk_usage(drive.path).free

    def copy(self, source: Path, drive: Drive) -> None:
        with source.open("rb") as reader, (drive.path / source.name).open("wb") as writer:
            shutil.copyfileobj(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def read_drive(place: Path) -> Drive | None:
    """The drive at a mount point, if a boot ROM made it."""
    try:
        lines = (place / INFO).read_text(errors="replace").splitlines()
    except OSError:
        return None
    boards = [line.partition(":")[2].strip() for line in lines if line.startswith("Board-ID:")]
    return Drive(place, boards[0]) if boards else None
