# SPDX-License-Identifier: MIT
"""Scripts on a board: output, tracebacks, deadlines, Ctrl-C, and consoles that close."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.boards.fake import Answer, FakeBoard, FakeRepl
from hil_tests.errors import BoardCrashed, BoardError, BoardExecError, BoardTimeout
from hil_tests.transport import INTERRUPT_SECONDS
from hil_tests.unit.fakes import describe, fake_board


def test_exec_gives_the_output_with_plain_newlines(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("one\ntwo\n", "")) as board:
        assert board.exec("pass").output == "one\ntwo\n"


def test_a_script_longer_than_the_paste_window_arrives_whole(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(code: str) -> Answer:
        seen.append(code)
        return ("", "")

    script = "x = 1\n" * 500
    with fake_board(tmp_path, answer) as board:
        board.exec(script)
    assert seen == [script]


def test_a_traceback_is_raised_with_the_output_before_it(tmp_path: Path) -> None:
    with (
        fake_board(tmp_path, lambda code: ("begun\n", "Traceback:\nOSError: (1, 'EPERM')\n")) as board,
        pytest.raises(BoardExecError) as caught,
    ):
        board.exec("pass")
    assert caught.value.exception == "OSError: (1, 'EPERM')"
    assert caught.value.output == "begun\n"


def test_a_traceback_is_returned_without_check(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("", "Boom\n")) as board:
        assert board.exec("pass", check=False).error == "Boom\n"


def test_a_script_over_its_deadline_is_interrupted_and_the_board_usable(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: None if "hang" in code else ("ok\n", "")) as board:
        with pytest.raises(BoardTimeout, match=r"within 0\.1 s(.|\n)*KeyboardInterrupt(.|\n)*console\.log"):
            board.exec("hang", timeout=0.1)
        assert board.exec("pass").output == "ok\n"


def test_a_slow_board_has_more_time(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: None if "hang" in code else ("ok\n", ""), slowness=3) as board:
        with pytest.raises(BoardTimeout, match=r"end within 0\.3 s"):
            board.exec("hang", timeout=0.1)
        script = board.start("hang")
        with pytest.raises(BoardTimeout, match=r"expected /never/ within 0\.6 s"):
            script.expect("never", timeout=0.2)
        assert board.seconds(10) == 30


def test_a_second_script_while_one_runs_is_refused(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: None) as board:
        script = board.start("hang")
        with pytest.raises(BoardError, match="still running"):
            board.start("pass")
        assert script.stop().error


def test_expect_finds_the_first_match_after_the_last_one(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("port 1\nport 2\n", "")) as board:
        script = board.start("pass")
        assert script.expect(r"port (\d)").group(1) == "1"
        assert script.expect(r"port (\d)").group(1) == "2"
        script.wait()


def test_expect_says_what_it_expected_and_saw(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: None) as board:
        script = board.start("hang")
        fake = _fake(board)
        fake.send(b"something else\r\n")
        with pytest.raises(BoardTimeout, match=r"expected /ready/ within 0\.2 s(.|\n)*something else"):
            script.expect("ready", timeout=0.2)
        script.stop()


def test_expect_fails_at_once_when_the_script_ends(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("", "ValueError: no\n")) as board:
        script = board.start("pass")
        with pytest.raises(BoardExecError, match="ValueError: no"):
            script.expect("ready", timeout=60)


def test_a_closed_console_is_a_crash(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: None) as board:
        script = board.start("hang")
        _fake(board).crash()
        with pytest.raises(BoardCrashed, match=r"FAKE: .*closed its console.*console\.log"):
            script.wait(timeout=60)


def test_health_is_asked_while_a_silent_script_is_awaited(tmp_path: Path) -> None:
    class Sick(FakeBoard):
        def _check(self) -> None:
            raise BoardCrashed("FAKE: it reset by itself")

    board = Sick(describe(tmp_path), tmp_path, lambda code: None)
    board._power_on()
    with pytest.raises(BoardCrashed, match="reset by itself"):
        board.start("hang").wait(timeout=INTERRUPT_SECONDS)
    board.close()


def test_everything_the_board_says_is_logged(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("remember this\n", "")) as board:
        board.exec("pass")
    assert b"remember this" in board.log_path.read_bytes()


def _fake(board: FakeBoard) -> FakeRepl:
    assert board.fake is not None
    return board.fake
