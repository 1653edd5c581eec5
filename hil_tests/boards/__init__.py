# SPDX-License-Identifier: MIT
"""The boards: which there are, and the driver of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hil_tests.boards.base import Board
from hil_tests.boards.description import BoardDescription, board_names, read_description
from hil_tests.boards.esp32 import esp32_board
from hil_tests.boards.qemu import QemuBoard
from hil_tests.boards.rp2 import Rp2Board
from hil_tests.boards.unix import UnixBoard
from hil_tests.errors import RigError

DRIVERS: dict[str, Callable[[BoardDescription, Path, Path], Board]] = {
    "esp32": esp32_board,
    "qemu": QemuBoard,
    "rp2": Rp2Board,
    "unix": UnixBoard,
}

__all__ = ["Board", "BoardDescription", "board_names", "make_board", "read_description"]


def make_board(description: BoardDescription, directory: Path, image: Path | None = None) -> Board:
    """The board, not booted. Its driver goes by the "port" of board.json."""
    driver = DRIVERS.get(description.port)
    if driver is None:
        known = ", ".join(sorted(DRIVERS))
        raise RigError(f'{description.name}: no driver for "port": "{description.port}"; there are: {known}')
    return driver(description, image or description.image, directory)
