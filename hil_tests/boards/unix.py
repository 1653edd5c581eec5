# SPDX-License-Identifier: MIT
"""The host as a board: the unix port as a process, with or without sanitizers.

Its interpreter starts in milliseconds, so a fresh state is a new process. Its clock is the host's until it is shifted,
which the image's module `_clock` does.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from hil_tests.boards.base import Board
from hil_tests.boards.description import BoardDescription
from hil_tests.console import Console
from hil_tests.errors import BoardCrashed, BootFailed
from hil_tests.process import child_command, describe_end, stop
from hil_tests.transport import Repl

AGENT = Path(__file__).with_name("unix_agent.py")
BOOT_SECONDS = 10.0
# At its end a sanitized process looks for leaks first.
EXIT_SECONDS = 10.0
REPORTS = (
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "LeakSanitizer has encountered",
    "runtime error:",
    "DEADLYSIGNAL",
)


class UnixBoard(Board):
    """A process of the unix port. `reset(hard)` and `reset(soft)` are both a new process in the same folder."""

    def __init__(self, description: BoardDescription, image: Path, directory: Path) -> None:
        super().__init__(description, image, directory)
        self._process: subprocess.Popen[bytes] | None = None
        self._reported = 0
        self.files = directory / f"{self.name}.files"

    def _power_on(self) -> None:
        self.files.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs, self.error_path.open("ab") as errors:
            self._process = subprocess.Popen(
                child_command([str(self.image), "-c", AGENT.read_text(encoding="utf-8")]),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=errors,
                cwd=self.files,
                env=dict(os.environ, TZ="UTC"),
            )
        console = Console(self.name, ours, self.log_path, self._press_interrupt)
        self._repl = Repl(console, self._check, self.slowness)
        try:
            self._repl.enter(soft_reset=False, timeout=BOOT_SECONDS)
        except Exception as error:
            self.close()
            raise BootFailed(f"{self.name}: {self.image} did not start: {error}\n{self._errors()}") from error

    def _press_interrupt(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def _power_off(self) -> None:
        if self._process is None:
            return
        stop(self._process, EXIT_SECONDS)
        self._process = None

    def _reset(self, hard: bool) -> None:
        self._stop()
        self._check_report()
        self._power_on()

    def _write_clock(self, when: datetime | None) -> None:
        # Upwards: midnight must not become the day before.
        shift = math.ceil((when - datetime.now(UTC)).total_seconds()) if when else 0
        self.exec("import _clock; _clock.shift(SHIFT)", values={"SHIFT": shift})

    def _check(self) -> None:
        if self._process is not None and self._repl is not None and self._repl.console.ended:
            stop(self._process, EXIT_SECONDS)  # it ends by itself; how, is known a moment later
        self._check_report()
        if self._process is not None and self._process.poll() is not None:
            end = describe_end(self._process.returncode)
            logs = f"{self.log_path}, {self.error_path}"
            raise BoardCrashed(f"{self.name}: the process {end}; logs: {logs}\n{self._errors()}")

    def _check_report(self) -> None:
        text = self._errors()
        if any(report in text for report in REPORTS):
            self._reported = self.error_path.stat().st_size
            raise BoardCrashed(f"{self.name}: a sanitizer reported (log: {self.error_path})\n{text}")

    def _errors(self) -> str:
        """What standard error has received since the last report."""
        if not self.error_path.exists():
            return ""
        with self.error_path.open("rb") as errors:
            errors.seek(self._reported)
            return errors.read().decode("utf-8", "replace")

    def listen_port(self) -> int:
        """A free port of the host. Another process could take it before the script binds it; none of the rig's does."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
            return port

    def listen_address(self, port: int) -> tuple[str, int]:
        return ("127.0.0.1", port)
