# SPDX-License-Identifier: MIT
"""How upstream's runners reach our boards.

The unix port is started by the runners themselves. Any other board is booted by the rig (clock set, files put), and its
console is offered to the runners as a pseudo-terminal, which they take for a serial port.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console import ToolError

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from hil_tests.boards import Board, BoardDescription, make_board, read_description
from hil_tests.console import Console
from hil_tests.errors import BoardCrashed, BoardError, RigError

# Either direction of the pseudo-terminal looks this often whether the other has ended.
TURN_SECONDS = 0.2
CHUNK = 4096


@dataclass(frozen=True)
class Target:
    """A board as the runners see it.

    `host` is the program of the unix port that they run themselves: all of a single test on UNIX, and the server of a
    network test everywhere. `machine` is a board that the rig has booted, None on UNIX.
    """

    board: str
    host: Path
    machine: Board | None = None

    @contextmanager
    def terminal(self) -> Iterator[str | None]:
        """A terminal of the board, fresh and with the right clock; None on UNIX. RigError if it is beyond help."""
        if self.machine is None:
            yield None
            return
        freshen(self.machine)
        with terminal(self.machine.repl.console) as device:
            yield device


def describe(board: str) -> BoardDescription:
    """The board's data. Raises ToolError when there is no such board."""
    try:
        return read_description(board)
    except RigError as error:
        raise ToolError(str(error), "name a folder of boards/") from error


def image_of(board: str, images: Mapping[str, Path]) -> Path:
    """The board's firmware: from `images`, or the built one. Raises ToolError when there is none."""
    image = images.get(board, describe(board).image)
    if not image.is_file():
        raise ToolError(f"{board}: {image} does not exist", f"make firmware BOARD={board}")
    return image


@contextmanager
def open_target(board: str, images: Mapping[str, Path], files: Sequence[Path], folder: Path) -> Iterator[Target]:
    """Make `board` ready with `files` in its root, logging below `folder`; stop it at the end.

    `images` gives firmware other than the built one, by board.
    """
    description, image = describe(board), image_of(board, images)
    if description.port == "unix":
        yield Target(board, image)
        return
    host = image_of("UNIX", images)
    machine = make_board(description, folder, image)
    try:
        machine.boot()
        for file in files:
            machine.put(file, f"/{file.name}")
        yield Target(board, host, machine)
    except RigError as error:
        raise ToolError(str(error), f"see {machine.log_path}") from error
    finally:
        machine.close()


def freshen(machine: Board) -> None:
    """Bring a board to its raw prompt, fresh and with the right clock, whatever the last test did; else RigError."""
    try:
        machine.reset(hard=False)
        machine.check()
    except BoardError:
        machine.reset(hard=True)
    machine.set_clock()


def server_program(target: Target, folder: Path) -> Path:
    """The program that plays the server of a network test.

    The runner tells the client the host's address in the host's own network. A board may know the host by another one,
    and upstream's tests take it from a global `nic` when there is one, as on boards that define it in boot.py.
    """
    if target.machine is None:
        return target.host
    program = folder / "server"
    nic = f"class nic: ifconfig = staticmethod(lambda: ('{target.machine.host_address}',))"
    program.write_text(f'#!/bin/sh\nexec {target.host} "$1" "{nic}\n$2"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@contextmanager
def terminal(console: Console) -> Iterator[str]:
    """The path of a pseudo-terminal joined to `console` for as long as the context lasts."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    ended = threading.Event()
    threads = [threading.Thread(target=copy, args=(console, ours, ended)) for copy in (_to_terminal, _to_console)]
    for thread in threads:
        thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        os.close(theirs)
        os.close(ours)


def _to_terminal(console: Console, terminal_end: int, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            data = console.read_available(TURN_SECONDS)
        except BoardCrashed:
            return
        while data:
            data = data[os.write(terminal_end, data) :]


def _to_console(console: Console, terminal_end: int, ended: threading.Event) -> None:
    while not ended.is_set():
        readable, _, _ = select.select([terminal_end], [], [], TURN_SECONDS)
        if not readable:
            continue
        try:
            console.write(os.read(terminal_end, CHUNK))
        except BoardCrashed:
            return
