# SPDX-License-Identifier: MIT
"""What all boards share: values in scripts, clock, life, and errors that say what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hil_tests.boards.base import clock_is_right, rtc_tuple, script
from hil_tests.boards.description import BoardDescription
from hil_tests.boards.fake import Answer, FakeBoard
from hil_tests.errors import BoardError, BoardInUse, ImageMissing, RigError
from hil_tests.unit.fakes import describe, fake_board, with_clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_values_keep_line_numbers() -> None:
    assert script("first\nsecond\n", {"A": 1, "B": b"x"}) == "A = 1; B = b'x'; first\nsecond\n"


@pytest.mark.parametrize("first", ["for x in y:", "with a:", "def f():", "@decorated", "async def f():"])
def test_values_stand_alone_before_what_cannot_share_their_line(first: str) -> None:
    assert script(f"{first}\n  pass\n", {"A": 1}) == f"A = 1\n{first}\n  pass\n"


def test_an_indented_script_is_dedented() -> None:
    assert script("\n    if a:\n        b\n    ") == "if a:\n    b\n"


def test_a_slow_machine_has_more_patience_and_does_no_less(tmp_path: Path) -> None:
    board = FakeBoard(replace(describe(tmp_path, slowness=4), machine=3), tmp_path, lambda code: ("", ""))
    assert (board.seconds(10), board.rounds(20)) == (120, 5)


@pytest.mark.parametrize("seconds", [-2, 0, 2])
def test_the_clock_may_be_two_seconds_off(seconds: int) -> None:
    assert clock_is_right(NOON + timedelta(seconds=seconds), NOON)


@pytest.mark.parametrize("seconds", [-3, 3, 3600])
def test_the_clock_may_not_be_further_off(seconds: int) -> None:
    assert not clock_is_right(NOON + timedelta(seconds=seconds), NOON)


@pytest.mark.parametrize(("seconds", "right"), [(-3, False), (-2, True), (12, True), (13, False)])
def test_a_clock_may_have_gone_on_while_it_was_set_and_read(seconds: int, right: bool) -> None:
    assert clock_is_right(NOON + timedelta(seconds=seconds), NOON, timedelta(seconds=10)) is right


def test_the_clock_is_set_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=2)))
    assert rtc_tuple(local) == (2026, 3, 1, 6, 12, 0, 0, 0)


def test_a_board_in_use_is_not_to_be_had(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("", "")) as first:
        second = FakeBoard(first.description, tmp_path, lambda code: ("", ""))
        first.log_path.write_text("said")
        for use in (second.clear_logs, second.boot):
            with pytest.raises(BoardInUse, match="wait for the other run to end"):
                use()
        assert first.log_path.exists()


def test_a_closed_board_is_to_be_had(tmp_path: Path) -> None:
    with fake_board(tmp_path, lambda code: ("", "")) as first:
        description = first.description
    with fake_board(tmp_path, lambda code: ("", "")) as second:
        assert second.description.name == description.name


def test_a_clock_that_does_not_take_is_an_error(tmp_path: Path) -> None:
    with (
        fake_board(tmp_path, lambda code: ("", ""), "settable-clock") as board,
        pytest.raises(BoardError, match="was set to 2000-01-01 00:00:00 UTC and says 20"),
    ):
        board.set_clock(datetime(2000, 1, 1, tzinfo=UTC))


def test_setting_the_clock_of_a_board_that_cannot_names_the_marker(tmp_path: Path) -> None:
    with (
        fake_board(tmp_path, lambda code: ("", "")) as board,
        pytest.raises(RigError, match=r"requires\('settable-clock'\)"),
    ):
        board.set_clock(datetime(2000, 1, 1, tzinfo=UTC))


def test_a_missing_image_says_how_to_build_it(tmp_path: Path) -> None:
    description = BoardDescription("FAKE", "fake", tmp_path / "none.elf", frozenset(), {})
    with pytest.raises(ImageMissing, match=r"none\.elf does not exist; build it with: make firmware BOARD=FAKE"):
        FakeBoard(description, tmp_path, lambda code: ("", "")).boot()


def test_a_board_that_is_not_booted_says_so(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="not booted"):
        FakeBoard(describe(tmp_path), tmp_path, lambda code: ("", "")).exec("pass")


def test_a_closed_board_boots_again(tmp_path: Path) -> None:
    board = FakeBoard(describe(tmp_path), tmp_path, with_clock(lambda code: ("2\n", "")))
    board.boot()
    board.close()
    board.boot()
    assert board.eval("1 + 1") == 2
    board.close()


def test_eval_of_something_else_shows_it(tmp_path: Path) -> None:
    with (
        fake_board(tmp_path, lambda code: ("<object>\n", "")) as board,
        pytest.raises(BoardError, match="not a literal: <object>"),
    ):
        board.eval("object()")


def test_put_makes_folders_and_sends_pieces(tmp_path: Path) -> None:
    scripts: list[str] = []

    def answer(code: str) -> Answer:
        scripts.append(code)
        return ("", "")

    with fake_board(tmp_path, answer) as board:
        board.put(bytes(1500), "a/b/c.bin")
    assert scripts[0].startswith("FOLDERS = ['a', 'a/b']")
    assert [code.split("MODE = ")[1][:4] for code in scripts[1:]] == ["'wb'", "'ab'"]
