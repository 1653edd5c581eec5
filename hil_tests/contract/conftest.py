# SPDX-License-Identifier: MIT
"""Scripts of the contract's tests: their prelude, and identities for them."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hil_tests.boards import Board
from hil_tests.certificates import Identity
from hil_tests.transport import RunningScript

LOOPBACK = Path(__file__).with_name("loopback.py").read_bytes()
# Named after its content, so that a board never runs an old one.
MODULE = f"loopback_{hashlib.sha256(LOOPBACK).hexdigest()[:8]}"
PRELUDE = f"from {MODULE} import *"
# For tests of what holds in both versions of TLS, whose number is their `version`.
BOTH_VERSIONS = pytest.mark.parametrize(
    "version", [0x0303, pytest.param(0x0304, marks=pytest.mark.requires("tls-1.3"))], ids=["1.2", "1.3"]
)


def board_value(value: object) -> object:
    """What a value is for a script: an identity becomes (chain, key, root), each DER."""
    if isinstance(value, Identity):
        return (value.chain_der, value.key_der(), value.root_der)
    return value


@dataclass(frozen=True)
class Script:
    """Runs code on a board that has `loopback` at hand. Keyword arguments become variables of the code.

    `before` is code that comes first, and `values` are given to all.
    """

    board: Board
    before: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def after(self, code: str, /, **values: object) -> Script:
        """The same, for what runs after that code."""
        return Script(self.board, self.before + _dedent(code), {**self.values, **values})

    def __call__(self, code: str, timeout: float = 30.0, /, **values: object) -> list[str]:
        """The lines that the code printed. Raises BoardExecError, BoardTimeout."""
        return self.start(code, **values).wait(timeout).lines

    def start(self, code: str, /, **values: object) -> RunningScript:
        """The same without waiting."""
        given = {name: board_value(value) for name, value in {**self.values, **values}.items()}
        # The empty line keeps compound statements off the line of the values.
        return self.board.start(f"{PRELUDE}\n{self.before}{_dedent(code)}\nhang_up()\n", values=given)


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
