# SPDX-License-Identifier: MIT
"""Flashes a real RP2 board: python -m hil_tests.flash RPI_PICO"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hil_tests.boards.description import read_description, text
from hil_tests.errors import RigError
from hil_tests.flash.pico import Request, flash
from hil_tests.flash.system import Host


def main() -> None:
    """Entry point: errors become messages."""
    parser = argparse.ArgumentParser(prog="python -m hil_tests.flash", description=__doc__)
    parser.add_argument("board", help="a folder of boards/")
    parser.add_argument("--serial", default="", help="USB serial number of the board (default: the only one)")
    parser.add_argument("--firmware", type=Path, help="other UF2 file than the board's own")
    parser.add_argument("--version", default="", help="the ssl.VERSION that must be there afterwards")
    arguments = parser.parse_args()
    try:
        description = read_description(arguments.board)
        family = text(description.image, description.settings, "family")
        firmware = arguments.firmware or description.image
        version = flash(Host(), Request(firmware, family, arguments.serial, arguments.version))
    except RigError as error:
        sys.exit(f"error: {error}")
    print(f"{arguments.board} runs {version}")


if __name__ == "__main__":
    main()
