# SPDX-License-Identifier: MIT
"""Flashes a real board: python -m hil_tests.flash RPI_PICO, or ESP32_GENERIC_S3 --port /dev/ttyUSB0"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hil_tests.boards.description import ROOT, BoardDescription, read_description, text
from hil_tests.errors import RigError
from hil_tests.flash import esp32, pico
from hil_tests.flash.system import Host


def flash_pico(description: BoardDescription, firmware: Path, arguments: argparse.Namespace) -> str:
    """An RP2 board, known by its USB serial number."""
    family = text(description.image, description.settings, "family")
    return pico.flash(Host(), pico.Request(firmware, family, arguments.serial, arguments.version))


def flash_esp32(description: BoardDescription, firmware: Path, arguments: argparse.Namespace) -> str:
    """An ESP32 board, known by its port: most have a USB bridge whose serial number says nothing."""
    from hil_tests.flash.esp32_host import EspBench  # esptool takes a while to import

    chip = text(description.image, description.settings, "mcu")
    log = ROOT / "build" / "logs" / f"flash-{description.name}.log"
    return esp32.flash(EspBench(log), esp32.Request(firmware, chip, log, arguments.port, arguments.version))


FLASHERS = {"esp32": flash_esp32, "rp2": flash_pico}


def main() -> None:
    """Entry point: errors become messages."""
    parser = argparse.ArgumentParser(prog="python -m hil_tests.flash", description=__doc__)
    parser.add_argument("board", help="a folder of boards/")
    parser.add_argument("--serial", default="", help="RP2: USB serial number of the board (default: the only one)")
    parser.add_argument("--port", default="", help="ESP32: serial port of the board (default: the only one)")
    parser.add_argument("--firmware", type=Path, help="other image than the board's own")
    parser.add_argument("--version", default="", help="the ssl.VERSION that must be there afterwards")
    arguments = parser.parse_args()
    try:
        description = read_description(arguments.board)
        flasher = FLASHERS.get(description.port)
        if flasher is None or "emulator" in description.settings and description.port == "esp32":
            raise RigError(f"{arguments.board} is not a board that can be flashed")
        version = flasher(description, arguments.firmware or description.image, arguments)
    except RigError as error:
        sys.exit(f"error: {error}")
    print(f"{arguments.board} runs {version}")


if __name__ == "__main__":
    main()
