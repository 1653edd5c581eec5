# SPDX-License-Identifier: MIT
"""The unix driver and its agent, with CPython in the place of MicroPython."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil_tests.boards.description import BoardDescription
from hil_tests.boards.unix import UnixBoard
from hil_tests.errors import BoardCrashed, BoardExecError, BoardTimeout, BootFailed

# What MicroPython has and CPython lacks, then the agent.
START = """
import sys, traceback
def print_exception(error):
    sys.stdout.write(f"{type(error).__name__}: {error}\\n")
    sys.stdout.flush()
sys.print_exception = print_exception
exec(sys.argv.pop())
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], UnixBoard]]:
    """Makes boards whose image is a shell script."""
    boards = []

    def make_board(body: str) -> UnixBoard:
        image = tmp_path / "image"
        image.write_text(f"#!/bin/sh\n{body}\n")
        image.chmod(0o755)
        boards.append(UnixBoard(BoardDescription("UNIX", "unix", image, frozenset(), {}), image, tmp_path))
        return boards[-1]

    yield make_board
    for board in boards:
        board.close()


@pytest.fixture
def board(make: Callable[[str], UnixBoard], tmp_path: Path) -> UnixBoard:
    """A board that runs Python."""
    start = tmp_path / "start.py"
    start.write_text(START)
    booted = make(f'exec {sys.executable} -u {start} "$2"')
    booted.boot()
    return booted


def test_scripts_share_their_globals_until_a_refresh(board: UnixBoard) -> None:
    board.exec("kept = 7")
    assert board.eval("kept") == 7
    board.refresh()
    assert board.eval("'kept' in globals()") is False


def test_an_exception_is_told(board: UnixBoard) -> None:
    with pytest.raises(BoardExecError, match="ValueError: no"):
        board.exec("raise ValueError('no')")


def test_a_long_script_arrives_whole(board: UnixBoard) -> None:
    assert board.eval("len(DATA)", values={"DATA": bytes(5000)}) == 5000


def test_ctrl_c_is_a_signal_and_the_agent_survives_it(board: UnixBoard) -> None:
    script = board.start("print('running')\nwhile True: pass")
    script.expect("running")
    with pytest.raises(BoardTimeout, match="KeyboardInterrupt"):
        script.wait(0.2)
    board.interrupt()
    assert board.eval("1 + 1") == 2


def test_the_end_of_the_process_is_a_crash(board: UnixBoard) -> None:
    with pytest.raises(BoardCrashed, match=r"the process exited with code 3; logs: .*console\.log, .*stderr\.log"):
        board.exec("import os; os._exit(3)")


def test_a_signal_is_named(board: UnixBoard) -> None:
    with pytest.raises(BoardCrashed, match="was killed by SIGSEGV"):
        board.exec("import os; os.kill(os.getpid(), 11)")


def test_a_sanitizer_report_is_a_crash_and_is_shown(board: UnixBoard) -> None:
    with pytest.raises(BoardCrashed, match="a sanitizer reported(.|\n)*heap-use-after-free on address 0x1234"):
        board.exec(
            "import os; os.write(2, b'ERROR: AddressSanitizer: heap-use-after-free on address 0x1234'); os._exit(99)"
        )


def test_a_report_at_the_end_of_the_process_is_found(board: UnixBoard) -> None:
    board.exec("import atexit, os; atexit.register(os.write, 2, b'ERROR: LeakSanitizer: detected memory leaks')")
    with pytest.raises(BoardCrashed, match="detected memory leaks"):
        board.refresh()


def test_a_report_is_raised_once(board: UnixBoard) -> None:
    with pytest.raises(BoardCrashed):
        board.exec("import os; os.write(2, b'x.c:1:2: runtime error: overflow'); os._exit(1)")
    board.close()
    board.boot()
    assert board.eval("1 + 1") == 2


def test_an_image_that_does_not_start_shows_its_errors(make: Callable[[str], UnixBoard]) -> None:
    with pytest.raises(BootFailed, match="did not start(.|\n)*cannot find libfoo"):
        make("echo cannot find libfoo >&2; exit 127").boot()


def test_close_ends_the_process(board: UnixBoard) -> None:
    pid = board.eval("__import__('os').getpid()")
    assert isinstance(pid, int)
    board.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
