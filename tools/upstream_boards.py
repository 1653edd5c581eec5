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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console import ToolError

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from hil_tests.boards import BoardDescription, make_board, read_description
from hil_tests.console import Console
from hil_tests.errors import BoardCrashed, RigError

# Either direction of the pseudo-terminal looks this often whether the other has ended.
TURN_SECONDS = 0.2
CHUNK = 4096


@dataclass(frozen=True)
class Target:
    """A board as the runners see it.

    `host` is the program of the unix port that they run themselves: all of a single test on UNIX, and the server of a
    network test everywhere. `device` is the board's terminal, None on UNIX; `server_address` is where that board finds
    the host.
    """

    board: str
    host: Path
    device: str | None = None
    server_address: str | None = None


def describe(board: str) -> BoardDescription:
    """The board's data. Raises ToolError when there is no such board."""
    try:
        return read_description(board)
    except RigError as error:
        raise ToolError(str(error), "name a folder of boards/") from error


def image_of(board: str) -> Path:
    """The board's firmware. Raises ToolError when it has not been built."""
    image = describe(board).image
    if not image.is_file():
        raise ToolError(f"{board}: {image} does not exist", f"make firmware BOARD={board}")
    return image


@contextmanager
def open_target(board: str, image: Path | None, files: Sequence[Path], folder: Path) -> Iterator[Target]:
    """Make `board` ready with `files` in its root, logging below `folder`; stop it at the end."""
    description = describe(board)
    if description.port == "unix":
        yield Target(board, image or image_of(board))
        return
    machine = make_board(description, folder, image or image_of(board))
    try:
        machine.boot()
        for file in files:
            machine.put(file, f"/{file.name}")
        with terminal(machine.repl.console) as device:
            yield Target(board, image_of("UNIX"), device, machine.host_address)
    except RigError as error:
        raise ToolError(str(error), f"see {machine.log_path}") from error
    finally:
        machine.close()


def server_program(target: Target, folder: Path) -> Path:
    """The program that plays the server of a network test.

    The runner tells the client the host's address in the host's own network. A board may know the host by another one,
    and upstream's tests take it from a global `nic` when there is one, as on boards that define it in boot.py.
    """
    if target.server_address is None:
        return target.host
    program = folder / "server"
    nic = f"class nic: ifconfig = staticmethod(lambda: ('{target.server_address}',))"
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
