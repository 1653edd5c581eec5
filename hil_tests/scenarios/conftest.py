# SPDX-License-Identifier: MIT
"""The board under test, for scenarios."""

from __future__ import annotations

import pytest

from hil_tests.boards import Board
from hil_tests.scenarios.dut import Dut


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Scenarios need a board with sockets."""
    for item in items:
        if "dut" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.requires("sockets"))


@pytest.fixture
def dut(board: Board) -> Dut:
    """The board, with the functions of on_board.py."""
    return Dut(board)
