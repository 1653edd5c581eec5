# SPDX-License-Identifier: MIT
"""Loads the rig for the tests of this folder, and leaves out what takes minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.boards import read_description
from hil_tests.items import board_of

pytest_plugins = ("hil_tests.plugin",)

CONTRACT = Path(__file__).with_name("contract")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of tests that take minutes, and of those that do so on slow boards."""
    config.addinivalue_line("markers", "slow: takes minutes; runs only when asked for with -m slow")
    config.addinivalue_line("markers", "every_board: tests what boards have of their own, so slow boards run it too")
    config.addinivalue_line("markers", "quick_boards: slow boards show it by another test, so there it is slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless they are asked for."""
    for item in items:
        if on_slow_board(item) and is_for_quick_boards(item):
            item.add_marker(pytest.mark.slow)
    if "slow" in config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def on_slow_board(item: pytest.Item) -> bool:
    """Whether a test's board is so slow that it runs fewer."""
    board = board_of(item)
    return board is not None and read_description(board).is_slow


def is_for_quick_boards(item: pytest.Item) -> bool:
    """Whether slow boards leave a test to `-m slow`."""
    if item.get_closest_marker("quick_boards"):
        return True
    return CONTRACT in item.path.parents and not item.get_closest_marker("every_board")
