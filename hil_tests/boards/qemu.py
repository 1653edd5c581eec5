# SPDX-License-Identifier: MIT
"""A board emulated by QEMU, started from the "emulator" data of its board.json.

All ports are ephemeral and chosen by QEMU itself: the console's, and one for each port of the board that somebody on
the host wants to reach. The machine starts stopped, so that the console is connected before the first character.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hil_tests.boards.description import BoardDescription
from hil_tests.boards.mpremote import MpremoteBoard
from hil_tests.boards.qmp import Qmp
from hil_tests.boards.settings import EmulatorSettings, read_emulator
from hil_tests.console import connect_console
from hil_tests.errors import BoardCrashed, BoardError, BootFailed, ToolMissing
from hil_tests.process import CommandResult, child_command, describe_end, run_command, stop
from hil_tests.transport import Repl

# A cold boot takes 0.1 s; formatting its storage and a busy host take longer.
BOOT_SECONDS = 20.0
QUIT_SECONDS = 2.0
LAST_WORDS_SECONDS = 5.0
# A stopped machine prints nothing more; what is under way on the host's loopback arrives within this.
QUIET_SECONDS = 0.02
FIRST_PORT = 8443
LAST_PORT = 8999


class QemuBoard(MpremoteBoard):
    """One QEMU process. Its storage is blank at `boot()` and survives resets."""

    boot_seconds = BOOT_SECONDS

    def __init__(self, description: BoardDescription, image: Path, directory: Path) -> None:
        super().__init__(description, image, directory)
        self.emulator: EmulatorSettings = read_emulator(description)
        self.host_address = self.emulator.host_address
        self.flash_path = directory / f"{self.name}.flash.img"
        self._process: subprocess.Popen[bytes] | None = None
        self._qmp: Qmp | None = None
        self._console_port = 0
        self._log_start = 0
        self._next_port = FIRST_PORT
        self._forwards: dict[int, int] = {}

    # Life

    def _power_on(self) -> None:
        program = self.emulator.program
        if shutil.which(program) is None:
            raise ToolMissing(self.name, program, self.emulator.package)
        self._make_flash()
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        try:
            self._launch()
            self._connect(first=True)
        except (BoardError, OSError) as error:
            said = f"logs: {self.log_path}, {self.error_path}\n{self._errors()}"
            self.close()
            raise BootFailed(f"{self.name}: no prompt: {error}\n{said}") from error

    def _make_flash(self) -> None:
        self.flash_path.unlink(missing_ok=True)
        with self.flash_path.open("wb") as flash:
            flash.truncate(self.emulator.flash_size)

    def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        control = ["-chardev", f"socket,id=control,fd={theirs.fileno()}", "-mon", "chardev=control,mode=control"]
        command = [self.emulator.program, *self.emulator.command(self.image, self.flash_path), "-S", *control]
        with theirs, self.error_path.open("wb") as errors:
            self._process = subprocess.Popen(
                child_command(command),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=[theirs.fileno()],
            )
        self._qmp = Qmp(ours)
        self._qmp.greet()
        self._console_port = self._find_console()

    def _find_console(self) -> int:
        for device in self.qmp.execute("query-chardev"):
            match = re.search(r"tcp:127\.0\.0\.1:(\d+)", device["filename"])
            if device["label"] == "serial0" and match:
                return int(match.group(1))
        raise BoardError(f'{self.name}: QEMU has no serial port on TCP; check "arguments" in its board.json')

    def _connect(self, first: bool) -> None:
        console = connect_console(self.name, ("127.0.0.1", self._console_port), self.log_path)
        self._repl = Repl(console, self._check, self.slowness)
        if first:
            self.qmp.execute("cont")
            self._await_prompt()
        self._repl.enter(soft_reset=False, timeout=self.boot_seconds)

    def _await_prompt(self) -> None:
        ready = self.emulator.ready.encode()
        seen = self.repl.console.read_until(ready, self.boot_seconds)
        if not seen.endswith(ready):
            self._check()
            raise BootFailed(f"expected {ready!r} within {self.boot_seconds:g} s, seen {seen[-500:]!r}")

    def _power_off(self) -> None:
        if self._qmp is not None:
            self._qmp.quit()
            self._qmp.close()
            self._qmp = None
        if self._process is not None:
            stop(self._process, QUIT_SECONDS)
            self._process = None
        self._forwards.clear()

    def _reset(self, hard: bool) -> None:
        if hard:
            self._drain()
            self.qmp.execute("system_reset")
            self.qmp.execute("cont")
            self._await_prompt()
            self._resets()
        self.repl.enter(soft_reset=not hard, timeout=self.boot_seconds)

    def _drain(self) -> None:
        """Stop the machine and drop what it has printed, so that an old prompt is not taken for the next one."""
        self.qmp.execute("stop")
        while self.repl.console.read_available(QUIET_SECONDS):
            pass
        self._log_start = self.log_path.stat().st_size

    def _check(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is not None:
            end = describe_end(self._process.returncode)
            raise BoardCrashed(f"{self.name}: QEMU {end}; log: {self.error_path}\n{self._errors()}")
        if self._resets():
            raise BoardCrashed(f"{self.name}: the board reset by itself; log: {self.log_path}\n{self._last_words()}")

    def _resets(self) -> int:
        """How often the machine was reset since the last call."""
        return sum(1 for event in self.qmp.events() if event.get("event") == "RESET")

    def _last_words(self) -> str:
        # The news of the reset and the console come on two ways, and either may be the first.
        deadline = time.monotonic() + self.seconds(LAST_WORDS_SECONDS)
        text = self._printed()
        while "\n" not in text.partition(self.emulator.crash)[2] and time.monotonic() < deadline:
            time.sleep(0.01)
            text = self._printed()
        crash = text.rfind(self.emulator.crash)
        return text[crash:] if crash >= 0 else f"It printed no {self.emulator.crash!r}; at the end:\n{text[-500:]}"

    def _printed(self) -> str:
        return self.log_path.read_bytes()[self._log_start :].decode("utf-8", "replace")

    def _errors(self) -> str:
        return self.error_path.read_text(errors="replace") if self.error_path.exists() else ""

    @property
    def qmp(self) -> Qmp:
        """QEMU's control connection. Raises BoardError when it is not running."""
        if self._qmp is None:
            raise BoardError(f"{self.name}: QEMU is not running; call boot() first")
        return self._qmp

    # mpremote, the program

    @contextlib.contextmanager
    def lent_console(self) -> Iterator[str]:
        """Give the console away as a device for `mpremote connect`. Afterwards it is at its prompt again."""
        self.repl.stop_script()
        self.repl.close()
        try:
            yield f"socket://127.0.0.1:{self._console_port}"
        finally:
            self._connect(first=False)

    def mpremote(self, *arguments: str, timeout: float = 60.0) -> CommandResult:
        """Run the real mpremote on this board, in UTC (its `rtc --set` writes local time)."""
        with self.lent_console() as device:
            command = [sys.executable, "-m", "mpremote", "connect", device, *arguments]
            return run_command(command, timeout=timeout, environment=dict(os.environ, TZ="UTC"))

    # Network

    def listen_port(self) -> int:
        """The next port of the board, so that a connection in TIME_WAIT is not in the way."""
        port = self._next_port
        self._next_port = port + 1 if port < LAST_PORT else FIRST_PORT
        return port

    def listen_address(self, port: int) -> tuple[str, int]:
        """Forwards a free port of the host to `port` of the board, once."""
        if port not in self._forwards:
            refusal = self.qmp.human(f"hostfwd_add net0 tcp:127.0.0.1:0-:{port}").strip()
            line = rf"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+{port}\s"
            found = re.findall(line, self.qmp.human("info usernet"))
            if refusal or not found:
                raise BoardError(f"{self.name}: QEMU did not forward a port to {port}: {refusal or 'not listed'}")
            self._forwards[port] = int(found[0])
        return ("127.0.0.1", self._forwards[port])
