# SPDX-License-Identifier: MIT
"""A board that is a thread: it speaks the raw REPL and answers what a test tells it to. For the rig's own tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

from hil_tests.boards.base import Board
from hil_tests.boards.description import BoardDescription
from hil_tests.console import Console
from hil_tests.transport import Repl

# A script's source to what it prints and its traceback ("" if none). None: it hangs until Ctrl-C.
Answer = tuple[str, str] | None
BANNER = b"raw REPL; CTRL-B to exit\r\n>"
WINDOW = 64


class FakeRepl:
    """The board's end of a console."""

    def __init__(self, connection: socket.socket, answer: Callable[[str], Answer]) -> None:
        self._socket = connection
        self._answer = answer
        self.interrupted = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="fake board", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Print something, whoever asked."""
        self._socket.sendall(data)

    def crash(self) -> None:
        """Close the console."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        try:
            while byte := self._socket.recv(1):
                if byte == b"\x01":
                    self.send(BANNER)
                elif byte == b"\x04":
                    self.send(b"OK\r\nMPY: soft reboot\r\n" + BANNER)
                elif byte == b"\x05":
                    self._paste()
        except OSError:
            pass  # the console was closed

    def _paste(self) -> None:
        self._socket.recv(2)
        self.send(b"R\x01" + WINDOW.to_bytes(2, "little"))
        code = bytearray()
        while (byte := self._socket.recv(1)) != b"\x04":
            code += byte
            if len(code) % WINDOW == 0:
                self.send(b"\x01")
        self.send(b"\x04")
        self._run(code.decode())

    def _run(self, code: str) -> None:
        answer = self._answer(code)
        if answer is None:
            while self._socket.recv(1) != b"\x03":
                pass
            self.interrupted.set()
            answer = ("", "KeyboardInterrupt: \n")
        output, error = (text.replace("\n", "\r\n").encode() for text in answer)
        self.send(output + b"\x04" + error + b"\x04>")


class FakeBoard(Board):
    """A board with a FakeRepl; `answer` decides what scripts do."""

    def __init__(self, description: BoardDescription, directory: Path, answer: Callable[[str], Answer]) -> None:
        super().__init__(description, description.image, directory)
        self._answer = answer
        self.fake: FakeRepl | None = None

    def _power_on(self) -> None:
        ours, theirs = socket.socketpair()
        self.fake = FakeRepl(theirs, self._answer)
        self._repl = Repl(Console(self.name, ours, self.log_path), self._check, self.slowness)
        self._repl.enter(soft_reset=False, timeout=2)

    def _power_off(self) -> None:
        self.fake = None

    def _reset(self, hard: bool) -> None:
        self.repl.enter(soft_reset=True, timeout=2)

    def _check(self) -> None:
        pass

    def listen_port(self) -> int:
        """Nothing listens on this board."""
        return 0

    def listen_address(self, port: int) -> tuple[str, int]:
        """Nothing listens on this board."""
        return ("127.0.0.1", port)
