# SPDX-License-Identifier: MIT
"""The only place that knows mpremote: its raw REPL spoken over a `Console`, with deadlines.

mpremote announces that its Python API will change, so its version is pinned. What this wrapper changes: reading waits
on the console's thread instead of polling byte by byte, and the end of a script is awaited here, with a deadline for
the whole script, where mpremote has a fixed one of ten seconds between two characters.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from mpremote.transport import TransportError  # type: ignore[import-untyped]
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]

from hil_tests.console import ANSWER_SECONDS, Console
from hil_tests.errors import BoardCrashed, BoardError, BoardExecError, BoardTimeout

# How long a script may take to end after Ctrl-C. Mbed TLS may be inside an RSA operation of an emulated board.
INTERRUPT_SECONDS = 5.0
# How often a wait without output asks whether the board is still alive.
HEALTH_SECONDS = 0.25
END = b"\x04"


@dataclass(frozen=True)
class ExecResult:
    """What a script left behind: what it printed, its traceback ("" if it ended well), and how long it took."""

    output: str
    error: str
    seconds: float

    @property
    def lines(self) -> list[str]:
        """The printed lines."""
        return self.output.splitlines()


class _ConsoleTransport(SerialTransport):  # type: ignore[misc]
    """mpremote's transport with a Console in the place of its serial port."""

    def __init__(self, console: Console, slowness: float) -> None:
        # The parent's constructor would open a port by name; these are all the attributes that it sets.
        self.serial = console
        self.device_name = console.name
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.mounted = False
        self.is_pty = False
        self._slowness = slowness

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float | None = ANSWER_SECONDS,
        data_consumer: object = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """Overrides the parent's: no polling, and every timeout is that of the whole wait, for a quick board."""
        limits = [limit * self._slowness for limit in (timeout, timeout_overall) if limit is not None]
        console: Console = self.serial
        return console.read_until(ending, max(limits, default=None))


class RunningScript:
    """A script that runs on the board while the host does other things.

    Its output is read when one of the methods is called; nothing is lost in between. One script runs at a time.
    Timeouts are for a quick board, and `slowness` times as long on this one.
    """

    def __init__(self, console: Console, health: Callable[[], None], slowness: float = 1.0) -> None:
        self._console = console
        self._health = health
        self._slowness = slowness
        self._streams = [bytearray(), bytearray()]
        self._current = 0
        self._matched = 0
        self._started = time.monotonic()
        self._ended = self._started

    @property
    def running(self) -> bool:
        """Whether the script has not ended, as far as its output has been read."""
        if self._current < 2:
            self._pump(0)
        return self._current < 2

    @property
    def output(self) -> str:
        """Everything printed so far."""
        if self._current < 2:
            self._pump(0)
        return _text(self._streams[0])

    @property
    def error(self) -> str:
        """The traceback, "" while there is none."""
        return _text(self._streams[1])

    def expect(self, pattern: str, timeout: float = 10.0) -> re.Match[str]:
        """Wait until the output after the last match matches `pattern` (re.search, multi-line).

        Raises BoardTimeout with what was seen, BoardExecError when the script ends first.
        """
        expression = re.compile(pattern, re.MULTILINE)
        timeout *= self._slowness
        deadline = time.monotonic() + timeout
        while True:
            seen = self.output
            match = expression.search(seen, self._matched)
            if match:
                self._matched = match.end()
                return match
            if self._current >= 2:
                error = self.error or f"(no exception; it ended without printing /{pattern}/)"
                raise BoardExecError(self._console.name, error, seen)
            if time.monotonic() >= deadline:
                raise self._late(f"expected /{pattern}/ within {timeout:g} s", seen[self._matched :])
            self._pump(min(HEALTH_SECONDS, deadline - time.monotonic()))

    def interrupt(self) -> None:
        """Press Ctrl-C: the script gets a KeyboardInterrupt."""
        if self.running:
            self._console.interrupt()

    def wait(self, timeout: float = 30.0, *, check: bool = True) -> ExecResult:
        """Wait for the end of the script.

        After `timeout` seconds the script is interrupted and BoardTimeout raised, with its output and the traceback of
        where it was. With `check`, an exception of the script is raised as BoardExecError.
        """
        timeout *= self._slowness
        if not self._finish(timeout):
            seen = self.output
            self._console.interrupt()
            limit = INTERRUPT_SECONDS * self._slowness
            ended = self._finish(limit)
            where = f"After Ctrl-C:\n{self.error}" if ended else f"Ctrl-C did not end it in {limit:g} s"
            raise self._late(f"expected the script to end within {timeout:g} s", f"{seen}\n{where}")
        result = ExecResult(self.output, self.error, self._ended - self._started)
        if check and result.error:
            raise BoardExecError(self._console.name, result.error, result.output)
        return result

    def stop(self) -> ExecResult:
        """End the script now, by Ctrl-C if it still runs; its exception is returned, not raised."""
        self.interrupt()
        return self.wait(INTERRUPT_SECONDS, check=False)

    def _finish(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._current < 2 and time.monotonic() < deadline:
            self._pump(min(HEALTH_SECONDS, deadline - time.monotonic()))
        return self._current >= 2

    def _pump(self, timeout: float) -> None:
        try:
            data = self._console.read_available(max(0.0, timeout))
        except BoardCrashed:
            self._health()
            raise
        if not data:
            self._health()
        while data and self._current < 2:
            head, mark, data = data.partition(END)
            self._streams[self._current] += head
            if mark:
                self._current += 1
                self._ended = time.monotonic()
        if data:
            self._console.unread(data)

    def _late(self, expected: str, seen: str) -> BoardTimeout:
        name, log = self._console.name, self._console.log
        return BoardTimeout(f"{name}: {expected}\nseen:\n{seen[-4000:] or '(nothing)'}\nconsole log: {log}")


class Repl:
    """The raw REPL of one board.

    `health` is called while a script is awaited; it raises when the board cannot answer any more. Timeouts here and in
    scripts are for a quick board, and `slowness` times as long on this one.
    """

    def __init__(self, console: Console, health: Callable[[], None], slowness: float = 1.0) -> None:
        self.console = console
        self._health = health
        self._slowness = slowness
        self._transport = _ConsoleTransport(console, slowness)
        self._script: RunningScript | None = None

    def enter(self, *, soft_reset: bool, timeout: float) -> None:
        """Interrupt whatever runs and get to the raw prompt, through a soft reset if wanted."""
        self._script = None
        try:
            self._transport.enter_raw_repl(soft_reset=soft_reset, timeout_overall=timeout)
        except TransportError as error:
            raise BoardError(self._explain("no raw REPL", error)) from error

    def start(self, code: str) -> RunningScript:
        """Send a script and let it run. A script that is still running is an error of the test."""
        if self._script is not None and self._script.running:
            raise BoardError(
                f"{self.console.name}: the previous script is still running; call its wait() or stop() first"
            )
        try:
            self._transport.exec_raw_no_follow(code)
        except TransportError as error:
            raise BoardError(self._explain("the board did not take the script", error)) from error
        self._script = RunningScript(self.console, self._health, self._slowness)
        return self._script

    def stop_script(self) -> None:
        """End a script that somebody left running."""
        if self._script is not None and self._script.running:
            self._script.stop()

    def close(self) -> None:
        """Close the console."""
        self.console.close()

    def _explain(self, what: str, error: Exception) -> str:
        return f"{self.console.name}: {what}: {error}; see {self.console.log}, then reset the board"


def _text(data: bytes | bytearray) -> str:
    return bytes(data).decode("utf-8", "replace").replace("\r\n", "\n")
