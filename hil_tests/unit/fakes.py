# SPDX-License-Identifier: MIT
"""Fake boards for the rig's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hil_tests.boards.description import BoardDescription
from hil_tests.boards.fake import Answer, FakeBoard


def describe(folder: Path, *capabilities: str, slowness: float = 1.0) -> BoardDescription:
    """A description whose image exists."""
    image = folder / "image"
    image.touch()
    return BoardDescription("FAKE", "fake", image, frozenset(capabilities), {}, slowness)


def with_clock(answer: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Add a right clock to what a board answers."""

    def reply(code: str) -> Answer:
        if "gmtime" in code:
            return (f"{tuple(datetime.now(UTC).timetuple())[:6]}\n", "")
        return answer(code)

    return reply


@contextmanager
def fake_board(
    folder: Path, answer: Callable[[str], Answer], *capabilities: str, slowness: float = 1.0
) -> Iterator[FakeBoard]:
    """A booted fake board."""
    board = FakeBoard(describe(folder, *capabilities, slowness=slowness), folder, with_clock(answer))
    board.boot()
    try:
        yield board
    finally:
        board.close()
