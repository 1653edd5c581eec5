# SPDX-License-Identifier: MIT
"""The distribution of tests over processes."""

from __future__ import annotations

import pytest

from hil_tests.schedule import board_in, first_scope

BOARDS = ("UNIX", "UNIX_SAN")


@pytest.mark.parametrize(
    ("nodeid", "board"),
    [
        ("hil_tests/a.py::test_b[UNIX]", "UNIX"),
        ("hil_tests/a.py::test_b[UNIX_SAN-read]", "UNIX_SAN"),
        ("hil_tests/a.py::test_b[read-1-UNIX]", "UNIX"),
        ("hil_tests/a.py::test_b[UNIX_SAN-LIST[0]]", "UNIX_SAN"),
        ("hil_tests/a.py::test_b[UNIX-[]]", "UNIX"),
        ("hil_tests/a.py::test_b[RPI_PICO]", None),
        ("hil_tests/UNIX.py::test_b", None),
    ],
)
def test_the_board_is_between_the_brackets(nodeid: str, board: str | None) -> None:
    assert board_in(nodeid, BOARDS) == board


def test_boards_begin_in_the_order_in_which_they_were_named() -> None:
    waiting = ["a.py", "UNIX_SAN", "b.py", "UNIX"]
    begun = []
    while waiting:
        begun.append(first_scope(waiting, BOARDS))
        waiting.remove(begun[-1])
    assert begun == ["UNIX", "UNIX_SAN", "a.py", "b.py"]
