# SPDX-License-Identifier: MIT
"""python -m hil_tests: the rig as a program."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hil_tests.boards import board_names, make_board, read_description
from hil_tests.boards.description import ROOT
from hil_tests.boards.qemu import QemuBoard
from hil_tests.certificates import Authority
from hil_tests.demo import run_demo
from hil_tests.errors import RigError

LOGS = ROOT / "build" / "logs"
DEMO_BOARD = "QEMU_VIRT_RV32"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its return value is the program's."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except RigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hil_tests", description="Boards, and TLS with them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="TLS sessions in both directions on a virtual board, with a report")
    _add_board(demo, DEMO_BOARD)
    demo.add_argument("--report", type=Path, default=ROOT / "build" / "demo.json", help="default: build/demo.json")
    demo.set_defaults(command=_demo)
    listing = commands.add_parser("list", help="the boards, whether their images are built, and what they can do")
    listing.set_defaults(command=_list)
    rtc = commands.add_parser("rtc", help="boot a virtual board and set its clock by mpremote")
    _add_board(rtc, DEMO_BOARD)
    rtc.set_defaults(command=_rtc)
    execute = commands.add_parser("exec", help="boot a board and run a script of the host on it")
    _add_board(execute, DEMO_BOARD)
    execute.add_argument("script", type=Path)
    execute.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="default: 60")
    execute.set_defaults(command=_execute)
    return parser


def _add_board(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--board", default=default, help=f"default: {default}")
    parser.add_argument("--image", type=Path, metavar="PATH", help="firmware other than the board's own")
    parser.add_argument("--board-log", type=Path, metavar="DIR", default=LOGS, help="default: build/logs")


def _qemu_board(options: argparse.Namespace) -> QemuBoard:
    board = make_board(read_description(options.board), options.board_log, options.image)
    if not isinstance(board, QemuBoard):
        raise RigError(f"{board.name} has no serial console for mpremote; take {DEMO_BOARD}")
    board.clear_logs()
    return board


def _demo(options: argparse.Namespace) -> int:
    board = _qemu_board(options)
    with tempfile.TemporaryDirectory(prefix="mpy-ssl-") as folder:
        try:
            passed = run_demo(board, Authority(Path(folder)), options.report, lambda line: print(line, flush=True))
        finally:
            board.close()
    print(f"\nreport: {options.report}\nconsole: {board.log_path}")
    if not passed:
        print(
            f"error: sessions failed; run them again with: python -m hil_tests demo --board {board.name}",
            file=sys.stderr,
        )
    return 0 if passed else 1


def _list(options: argparse.Namespace) -> int:
    for name in board_names():
        description = read_description(name)
        state = "built" if description.image.is_file() else f"not built: make firmware BOARD={name}"
        print(f"{name} ({description.port}, {state}): {', '.join(sorted(description.capabilities))}")
    return 0


def _rtc(options: argparse.Namespace) -> int:
    board = _qemu_board(options)
    try:
        board.boot()
        board.set_clock_by_mpremote()
        print(f"{board.name}: {board.clock():%F %T} UTC")
    finally:
        board.close()
    return 0


def _execute(options: argparse.Namespace) -> int:
    board = make_board(read_description(options.board), options.board_log, options.image)
    board.clear_logs()
    try:
        board.boot()
        print(board.run(options.script, timeout=options.timeout).output, end="")
    finally:
        board.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
