# SPDX-License-Identifier: MIT
"""What can go wrong with a board. Every message names the board, the cause, the cure, and where the log is."""

from __future__ import annotations

from pathlib import Path


class RigError(Exception):
    """The rig cannot do what was asked: something is missing or misused. The message says what to do."""


class BoardError(RigError):
    """A board did not do what was asked."""


class ImageMissing(BoardError):
    """The firmware of a board has not been built."""

    def __init__(self, board: str, image: Path) -> None:
        super().__init__(f"{board}: the image {image} does not exist; build it with: make firmware BOARD={board}")


class BoardUnavailable(BoardError):
    """This machine cannot run the board at all; its tests are skipped with this message."""


class BoardInUse(BoardError):
    """Another process uses the board, or somebody in this one."""

    def __init__(self, board: str, directory: Path) -> None:
        super().__init__(
            f"{board}: it is in use, with its logs in {directory}; wait for the other run to end, "
            "or, if this board can be had twice, give another folder with --board-log"
        )


class ToolMissing(BoardError):
    """A program that a driver needs is not installed."""

    def __init__(self, board: str, tool: str, package: str) -> None:
        super().__init__(f"{board}: {tool} is not installed; install the Debian package {package}, or run: make setup")


class BootFailed(BoardError):
    """A board did not reach its prompt in time."""


class BoardTimeout(BoardError):
    """A script or an answer did not come in time. The script has been interrupted."""


class BoardCrashed(BoardError):
    """The board reset, stopped, or reported a fatal error by itself."""


class BoardExecError(BoardError):
    """A script on the board ended with an exception.

    `error` is the board's traceback, `output` what the script had printed before.
    """

    def __init__(self, board: str, error: str, output: str) -> None:
        tail = output[-2000:] if output else "(nothing)\n"
        super().__init__(f"{board}: the script ended with\n{error}\nIt had printed:\n{tail}")
        self.error = error
        self.output = output

    @property
    def exception(self) -> str:
        """The traceback's last line: "OSError: (-9984, 'X509_…')"."""
        return self.error.strip().splitlines()[-1]
