# SPDX-License-Identifier: MIT
"""Keeps two processes from using a board, its logs and its files at once."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from hil_tests.errors import BoardInUse


def reserve(name: str, directory: Path) -> IO[bytes]:
    """Make a board with its logs in `directory` this caller's own, until the result is closed or the process ends.

    Raises BoardInUse. The file that is locked stays.
    """
    directory.mkdir(parents=True, exist_ok=True)
    file = (directory / f"{name}.lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise BoardInUse(name, directory) from None
    return file
