# SPDX-License-Identifier: MIT
"""The demonstration's report, without a board."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.__main__ import main
from hil_tests.demo import CLIENT, Outcome, Seen, Session, format_table, judge
from hil_tests.errors import BoardError
from hil_tests.unit.fakes import fake_board

GOOD = Outcome("P-256", "board is client", "OpenSSL", "TLSv1.2", "SUITE", "board", 8, True, "", 0.5)
BAD = Outcome("RSA", "board is server", "curl", "-", "-", "curl", 0, False, "curl ended with 35", 1.25)


def test_the_table_lines_up() -> None:
    lines = format_table([GOOD, BAD]).splitlines()
    column = lines[0].index("result")
    assert lines[2][column:] == "ok (0.5 s)"
    assert lines[3][column:] == "FAILED (1.2 s)"


def test_what_failed_is_explained_below() -> None:
    assert format_table([GOOD, BAD]).endswith("board is server, RSA:\ncurl ended with 35")


def test_a_session_that_both_ends_confirm_is_good(tmp_path: Path) -> None:
    session = Session("P-256", CLIENT, "OpenSSL", "board", lambda board: Seen("TLSv1.2", "SUITE", 8, True, "fine"))
    with fake_board(tmp_path, lambda code: ("", "")) as board:
        outcome = judge(board, session)
    assert (outcome.passed, outcome.version, outcome.bytes_moved, outcome.detail) == (True, "TLSv1.2", 8, "")


def test_a_session_that_does_not_come_off_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    def run(_: object) -> Seen:
        raise BoardError("it fell over")

    with fake_board(tmp_path, lambda code: ("", "")) as board:
        outcome = judge(board, Session("P-256", CLIENT, "OpenSSL", "board", run))
    assert not outcome.passed
    assert outcome.detail.startswith("BoardError: it fell over\nlog: ")


def test_a_missing_image_is_an_error_that_says_how_to_build_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--image", "/nonexistent"]) == 1
    assert "make firmware BOARD=QEMU_VIRT_RV32" in capsys.readouterr().err


def test_a_board_without_serial_console_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--board", "UNIX"]) == 1
    assert "no serial console" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["demo"], ["list"], ["rtc"], ["exec"]])
def test_help_is_everywhere(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--help"])
    assert "usage: python -m hil_tests" in capsys.readouterr().out
