# SPDX-License-Identifier: MIT
"""What a board can do for a test, whatever it is. Drivers fill in how it is booted, reached and reset."""

from __future__ import annotations

import ast
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from hil_tests.boards.description import BoardDescription
from hil_tests.boards.lock import reserve
from hil_tests.errors import BoardError, ImageMissing, RigError
from hil_tests.transport import ExecResult, Repl, RunningScript

# mpremote sends whole seconds and the board's clock may tick between setting and reading.
CLOCK_TOLERANCE = timedelta(seconds=2)
# Bytes of a file a script carries at once: small enough for the heap of a small board.
PUT_CHUNK = 1024


class Board(ABC):
    """A board, booted on the first use of `boot()`. One thread uses it, and from then to `close()` nobody else does.

    `directory` receives the logs of this board; `image` is the firmware.
    """

    host_address = "127.0.0.1"

    def __init__(self, description: BoardDescription, image: Path, directory: Path) -> None:
        self.description = description
        self.name = description.name
        self.capabilities = description.capabilities
        self.slowness = description.patience
        self.image = image
        self.directory = directory
        self.log_path = directory / f"{self.name}.console.log"
        self.error_path = directory / f"{self.name}.stderr.log"
        self._repl: Repl | None = None
        self._lock: IO[bytes] | None = None

    # Life

    def clear_logs(self) -> None:
        """Remove what an earlier run left in the logs; before the first `boot()`. Raises BoardInUse."""
        self._reserve()
        for path in (self.log_path, self.error_path):
            path.unlink(missing_ok=True)

    def boot(self) -> None:
        """Bring it to its prompt, with the right clock. Raises ImageMissing, ToolMissing, BootFailed, BoardInUse."""
        if self._repl is not None:
            return
        if not self.image.is_file():
            raise ImageMissing(self.name, self.image)
        self._reserve()
        self._power_on()
        self.set_clock()

    def seconds(self, nominal: float) -> float:
        """How long a wait may take on this board that takes at most `nominal` seconds on a quick one."""
        return nominal * self.slowness

    def rounds(self, nominal: int) -> int:
        """How often, or how much of, something is done on this board that a quick one does `nominal` times."""
        return max(1, round(nominal / self.description.slowness))

    def close(self) -> None:
        """Stop the board. Idempotent; a booted board can be booted again afterwards."""
        self._stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def reset(self, hard: bool = False) -> None:
        """Reset the board: soft is Ctrl-D at the prompt, hard is the reset line. Afterwards it is at its prompt."""
        self._reset(hard)

    def refresh(self) -> None:
        """A fresh interpreter, as cheaply as this board can."""
        self.reset()

    def check(self) -> None:
        """Raise BoardCrashed when the board can no longer be trusted. Cheap; called while scripts are awaited."""
        self._check()

    def _reserve(self) -> None:
        if self._lock is None:
            self._lock = reserve(self.name, self.directory)

    def _stop(self) -> None:
        if self._repl is not None:
            self._repl.close()
            self._repl = None
        self._power_off()

    @abstractmethod
    def _power_on(self) -> None:
        """Start it and set `self._repl`."""

    @abstractmethod
    def _power_off(self) -> None:
        """Stop it, surely."""

    @abstractmethod
    def _reset(self, hard: bool) -> None: ...

    @abstractmethod
    def _check(self) -> None: ...

    # Scripts

    @property
    def repl(self) -> Repl:
        """The raw REPL. Raises BoardError when the board is not booted."""
        if self._repl is None:
            raise BoardError(f"{self.name}: not booted; call boot() first")
        return self._repl

    def start(self, code: str, *, values: Mapping[str, object] | None = None) -> RunningScript:
        """Run a script on the board while the host goes on. `values` become variables of it (by repr)."""
        return self.repl.start(script(code, values))

    def exec(
        self, code: str, *, timeout: float = 30.0, values: Mapping[str, object] | None = None, check: bool = True
    ) -> ExecResult:
        """Run a script to its end. Raises BoardExecError (with `check`) and BoardTimeout after `seconds(timeout)`."""
        return self.start(code, values=values).wait(timeout, check=check)

    def run(
        self, path: Path, *, timeout: float = 30.0, values: Mapping[str, object] | None = None, check: bool = True
    ) -> ExecResult:
        """Run a script of the host."""
        return self.exec(path.read_text(encoding="utf-8"), timeout=timeout, values=values, check=check)

    def eval(self, expression: str, *, timeout: float = 10.0, values: Mapping[str, object] | None = None) -> object:
        """The value of an expression, if it is made of literals."""
        printed = self.exec(f"print(repr({expression}))", timeout=timeout, values=values).output.strip()
        try:
            value: object = ast.literal_eval(printed)
        except (ValueError, SyntaxError) as error:
            raise BoardError(f"{self.name}: {expression} is not a literal: {printed}") from error
        return value

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.repl.console.interrupt()

    # Files

    def put(self, source: Path | bytes, remote: str) -> None:
        """Write a file on the board, making its folders. Paths are the board's own."""
        data = source if isinstance(source, bytes) else source.read_bytes()
        folders = [str(parent) for parent in reversed(PurePosixPath(remote).parents)][1:]
        self.exec(_MAKE_FOLDERS, values={"FOLDERS": folders})
        for offset in range(0, max(len(data), 1), PUT_CHUNK):
            mode = "ab" if offset else "wb"
            chunk = data[offset : offset + PUT_CHUNK]
            self.exec("with open(NAME, MODE) as f: f.write(DATA)", values={"NAME": remote, "MODE": mode, "DATA": chunk})

    def get(self, remote: str) -> bytes:
        """Read a file of the board. Raises BoardExecError (OSError ENOENT) when there is none."""
        text = self.exec(_READ_HEX, values={"NAME": remote}).output
        return bytes.fromhex(text)

    # Time

    def clock(self) -> datetime:
        """The board's clock, UTC, whole seconds."""
        fields = self.eval("tuple(__import__('time').gmtime())[:6]")
        if not isinstance(fields, tuple) or len(fields) != 6:
            raise BoardError(f"{self.name}: time.gmtime() gave {fields!r}")
        return datetime(*fields, tzinfo=UTC)

    def set_clock(self, when: datetime | None = None) -> None:
        """Set the clock to `when` (aware) or to now, and read it back.

        Raises RigError when the board cannot (no "settable-clock"), BoardError when it is wrong afterwards.
        """
        if when is None and clock_is_right(self.clock(), datetime.now(UTC)):
            return
        if "settable-clock" not in self.capabilities:
            raise RigError(f"{self.name}: its clock cannot be set; mark the test with requires('settable-clock')")
        begun = datetime.now(UTC)
        self._write_clock(when)
        seen, wanted = self.clock(), when or begun
        if not clock_is_right(seen, wanted, datetime.now(UTC) - begun):
            raise BoardError(
                f"{self.name}: the clock was set to {wanted:%F %T} UTC and says {seen:%F %T}; see {self.log_path}"
            )

    def _write_clock(self, when: datetime | None) -> None:
        self.exec("import machine; machine.RTC().datetime(WHEN)", values={"WHEN": rtc_tuple(when or datetime.now(UTC))})

    # Network

    @abstractmethod
    def listen_port(self) -> int:
        """A port that a script on the board may bind."""

    @abstractmethod
    def listen_address(self, port: int) -> tuple[str, int]:
        """Where the host reaches that port of the board."""


def script(code: str, values: Mapping[str, object] | None = None) -> str:
    """The dedented code, with `values` assigned on its first line so that line numbers stay true."""
    text = textwrap.dedent(code.removeprefix("\n"))
    assignments = "".join(f"{name} = {value!r}; " for name, value in (values or {}).items())
    if not assignments:
        return text
    first = text.split("\n", 1)[0]
    joint = "" if _is_simple(first) else "\n"
    return f"{assignments.rstrip('; ') if joint else assignments}{joint}{text}"


def _is_simple(line: str) -> bool:
    """Whether a statement may stand after others on its line: not a compound one, nor a decorator."""
    words = line.replace(":", " ").replace("(", " ").split()
    compound = {"if", "for", "while", "with", "try", "def", "class", "async"}
    return not words or (words[0] not in compound and not words[0].startswith("@"))


def clock_is_right(seen: datetime, wanted: datetime, since: timedelta = timedelta()) -> bool:
    """Whether a clock that was right at `wanted`, or up to `since` later, can say `seen`, within CLOCK_TOLERANCE."""
    return -CLOCK_TOLERANCE <= seen - wanted <= since + CLOCK_TOLERANCE


def rtc_tuple(when: datetime) -> tuple[int, ...]:
    """The argument of machine.RTC().datetime(): year, month, day, weekday, hour, minute, second, subsecond; in UTC."""
    utc = when.astimezone(UTC)
    return (utc.year, utc.month, utc.day, utc.weekday(), utc.hour, utc.minute, utc.second, utc.microsecond)


_MAKE_FOLDERS = """
import os
for folder in FOLDERS:
    try:
        os.mkdir(folder)
    except OSError as error:
        if error.errno != 17:
            raise
"""

_READ_HEX = """
with open(NAME, "rb") as f:
    while True:
        data = f.read(256)
        if not data:
            break
        print(data.hex())
"""
