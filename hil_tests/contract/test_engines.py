# SPDX-License-Identifier: MIT
"""ssl.engines(): what computes each algorithm."""

from __future__ import annotations

import ast

import pytest

from hil_tests.boards import Board
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.every_board

ALGORITHMS = {"AES", "ChaCha20-Poly1305", "ECC", "RSA", "SHA-1", "SHA-256", "SHA-512", "entropy"}


def test_engines_names_each_algorithm(script: Script) -> None:
    engines = ast.literal_eval(script("print(ssl.engines())")[0])
    assert set(engines) == ALGORITHMS
    assert all(isinstance(name, str) and name for name in engines.values())


def test_engines_without_hardware_are_software(board: Board, script: Script) -> None:
    engines = ast.literal_eval(script("print(ssl.engines())")[0])
    assert engines["ChaCha20-Poly1305"] == "software"
    assert (engines["AES"] == "software") == ("accelerated" not in board.capabilities)
