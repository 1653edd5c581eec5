# SPDX-License-Identifier: MIT
"""The distribution of tests over processes."""

from __future__ import annotations

import pytest

from hil_tests.schedule import board_in

BOARDS = ("UNIX", "UNIX_SAN")


@pytest.mark.parametrize(
    ("nodeid", "board"),
    [
        ("hil_tests/a.py::test_b[UNIX]", "UNIX"),
        ("hil_tests/a.py::test_b[UNIX_SAN-read]", "UNIX_SAN"),
        ("hil_tests/a.py::test_b[read-1-UNIX]", "UNIX"),
        ("hil_tests/a.py::test_b[RPI_PICO]", None),
        ("hil_tests/UNIX.py::test_b", None),
    ],
)
def test_the_board_is_between_the_brackets(nodeid: str, board: str | None) -> None:
    assert board_in(nodeid, BOARDS) == board
