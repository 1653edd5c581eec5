# SPDX-License-Identifier: MIT
"""Scripts of the contract's tests: their prelude, and identities for them."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hil_tests.boards import Board, read_description
from hil_tests.certificates import Identity
from hil_tests.plugin import board_of
from hil_tests.transport import RunningScript

LOOPBACK = Path(__file__).with_name("loopback.py").read_bytes()
# Named after its content, so that a board never runs an old one.
MODULE = f"loopback_{hashlib.sha256(LOOPBACK).hexdigest()[:8]}"
PRELUDE = f"from {MODULE} import *"
# A board this many times as slow as a quick one takes half an hour for all tests of this folder, which are about the
# portable module.
SLOW = 3


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests that take minutes."""
    config.addinivalue_line("markers", "slow: takes minutes; runs only when asked for with -m slow")
    config.addinivalue_line("markers", "every_board: tests what boards have of their own, so slow boards run it too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless they are asked for: those that say so, and on slow boards most of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("every_board"):
            board = board_of(item)
            if board is not None and read_description(board).slowness >= SLOW:
                item.add_marker(pytest.mark.slow)
    if "slow" in config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def board_value(value: object) -> object:
    """What a value is for a script: an identity becomes (chain, key, root), each DER."""
    if isinstance(value, Identity):
        return (value.chain_der, value.key_der(), value.root_der)
    return value


@dataclass(frozen=True)
class Script:
    """Runs code on a board that has `loopback` at hand. Keyword arguments become variables of the code."""

    board: Board

    def __call__(self, code: str, timeout: float = 30.0, /, **values: object) -> list[str]:
        """The lines that the code printed. Raises BoardExecError, BoardTimeout."""
        return self.start(code, **values).wait(timeout).lines

    def start(self, code: str, /, **values: object) -> RunningScript:
        """The same without waiting."""
        given = {name: board_value(value) for name, value in values.items()}
        # The empty line keeps compound statements off the line of the values.
        return self.board.start(f"{PRELUDE}\n{_dedent(code)}\nhang_up()\n", values=given)


def _dedent(code: str) -> str:
    return textwrap.dedent(code.removeprefix("\n"))


@pytest.fixture
def script(board: Board) -> Iterator[Script]:
    """Runs code with the loopback module on the board."""
    present = board.eval("__import__('os').listdir()")
    assert isinstance(present, list)
    if f"{MODULE}.py" not in present:
        board.put(LOOPBACK, f"{MODULE}.py")
    yield Script(board)
