# SPDX-License-Identifier: MIT
"""Boards with an RP2 chip. Those with an "emulator" in their board.json run in tools/rp2040, without a Pico.

The emulator gives the USB serial port and UART1 as TCP ports; UART1 hangs on a modem, and the board gets a module
`socket` that dials through it, so that tests with sockets run on a board that has no network. Its entropy is seeded and
worth nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hil_tests.boards.description import ROOT, BoardDescription, text
from hil_tests.boards.mpremote import MpremoteBoard
from hil_tests.console import connect_console
from hil_tests.errors import BoardCrashed, BoardError, BootFailed, RigError, ToolMissing
from hil_tests.flash.image import flash_image
from hil_tests.process import CommandResult, child_command, describe_end, run_command, stop
from hil_tests.transport import Repl

BOOT_SECONDS = 30.0
ANSWER_SECONDS = 10.0
QUIT_SECONDS = 5.0
PROMPT = b">>> "
SOCKET = Path(__file__).with_name("serial_socket.py")
BUILD = "make rp2040"


class Emulator:
    """One process of the emulator. `events` that nobody has taken yet are kept, in order."""

    def __init__(self, name: str, command: list[str], errors: Path) -> None:
        self.name = name
        self.errors = errors
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        with errors.open("wb") as file:
            self.process = subprocess.Popen(
                child_command(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=dict(os.environ, TZ="UTC"),  # its real-time clock is the host's local time
            )
        self._thread = threading.Thread(target=self._read, name=f"emulator {name}", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.errors.open("ab") as log:
                log.write(line)
            self._events.put(json.loads(line))

    def tell(self, command: str) -> None:
        """Give it a command; see tools/rp2040/board.mjs. Raises BoardCrashed when it is gone."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{command}\n".encode())
            self.process.stdin.flush()
        except OSError as error:
            raise BoardCrashed(f"{self.name}: the emulator is gone; log: {self.errors}") from error

    def wait_for(self, event: str, timeout: float = ANSWER_SECONDS) -> dict[str, Any]:
        """The next event of that kind; those before it are dropped. Raises BoardError."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0 and (self._thread.is_alive() or not self._events.empty()):
            with contextlib.suppress(queue.Empty):
                found = self._events.get(timeout=min(left, 0.2))
                if found["event"] == event:
                    return found
        said = self.errors.read_text(errors="replace")[-1000:]
        raise BoardError(
            f"{self.name}: the emulator did not say {event!r} within {timeout:g} s; {self.errors}:\n{said}"
        )

    def events(self) -> Iterator[dict[str, Any]]:
        """What has happened since the last call."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._events.get_nowait()

    def quit(self) -> None:
        """End it; flash is written back."""
        with contextlib.suppress(BoardCrashed):
            self.tell("quit")
        stop(self.process, QUIT_SECONDS)
        self._thread.join(QUIT_SECONDS)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what could not be written does not matter any more
                    pipe.close()


class Rp2Board(MpremoteBoard):
    """An emulated board: its flash is the image, with an empty file system at `boot()`, and survives resets."""

    def __init__(self, description: BoardDescription, image: Path, directory: Path) -> None:
        super().__init__(description, image, directory)
        self.flash_path = directory / f"{self.name}.flash.img"
        self.error_path = directory / f"{self.name}.emulator.log"
        self._emulator: Emulator | None = None
        self._console_port = 0
        self._uart_port = 0

    # Life

    def _power_on(self) -> None:
        command = self._command()
        self._write_flash()
        try:
            self._emulator = Emulator(self.name, command, self.error_path)
            ports = self._emulator.wait_for("listening", self.seconds(ANSWER_SECONDS))
            self._console_port, self._uart_port = ports["console"], ports["uart"]
            self._connect()
            self._install_socket()
        except (BoardError, OSError) as error:
            self.close()
            raise BootFailed(f"{self.name}: no prompt: {error}\nlogs: {self.log_path}, {self.error_path}") from error

    def _write_flash(self) -> None:
        """The flash of a new chip with the image in it. Raises Uf2Error; BootFailed, and then nothing is left of it."""
        flash = flash_image(self.image, text(self.image, self.description.settings, "family"))
        try:
            self.flash_path.write_bytes(flash)
        except OSError as error:
            self.flash_path.unlink(missing_ok=True)
            raise BootFailed(
                f"{self.name}: {self.flash_path} cannot be written: {error.strerror}; it takes {len(flash)} bytes, free"
                " them or choose another folder with --board-log"
            ) from error

    def _settings(self) -> dict[str, object]:
        settings = self.description.settings.get("emulator")
        if not isinstance(settings, dict):
            raise RigError(
                f"{self.name}: there is no emulator for its chip; tests on a real board are not supported yet"
            )
        return settings

    def _command(self) -> list[str]:
        settings = self._settings()
        folder = ROOT / text(self.image, settings, "folder")
        rom = ROOT / text(self.image, settings, "bootrom")
        if shutil.which("node") is None:
            raise ToolMissing(self.name, "node", "nodejs")
        for path in (folder / "node_modules" / "rp2040js", rom):
            if not path.exists():
                raise BoardError(f"{self.name}: {path} is missing; make it with: {BUILD}")
        return ["node", str(folder / "board.mjs"), "--bootrom", str(rom), "--flash", str(self.flash_path)]

    def _connect(self) -> None:
        console = connect_console(self.name, ("127.0.0.1", self._console_port), self.log_path)
        self._repl = Repl(console, self._check, self.slowness)
        self._await_prompt()
        self._repl.enter(soft_reset=False, timeout=BOOT_SECONDS)

    def _await_prompt(self) -> None:
        """Press Enter until there is a prompt: the first one may go out before anybody listens on USB."""
        console, deadline = self.repl.console, time.monotonic() + self.seconds(BOOT_SECONDS)
        while time.monotonic() < deadline:
            console.write(b"\x03\x02\r")
            if console.read_until(PROMPT, 1.0).endswith(PROMPT):
                return
            self._check()
        raise BootFailed(f"no prompt {PROMPT!r} within {self.seconds(BOOT_SECONDS):g} s")

    def _install_socket(self) -> None:
        self.put(SOCKET, "socket.py")

    def _power_off(self) -> None:
        if self._emulator is not None:
            self._emulator.quit()
            self._emulator = None

    def _reset(self, hard: bool) -> None:
        if hard:
            self.emulator.tell("reset")
            self.emulator.wait_for("reset", self.seconds(ANSWER_SECONDS))
            self._await_prompt()
        self.repl.enter(soft_reset=not hard, timeout=BOOT_SECONDS)

    def _check(self) -> None:
        if self._emulator is None:
            return
        code = self._emulator.process.poll()
        if code is not None:
            raise BoardCrashed(f"{self.name}: the emulator {describe_end(code)}; log: {self.error_path}")
        for event in self._emulator.events():
            if event["event"] in ("reset", "fault", "bootloader"):
                what = event.get("text", "it reset by itself")
                raise BoardCrashed(f"{self.name}: {event['event']}: {what}; logs: {self.log_path}, {self.error_path}")

    @property
    def emulator(self) -> Emulator:
        """The process. Raises BoardError when it does not run."""
        if self._emulator is None:
            raise BoardError(f"{self.name}: the emulator is not running; call boot() first")
        return self._emulator

    # mpremote, the program

    def mpremote(self, *arguments: str, timeout: float = 60.0) -> CommandResult:
        """Run the real mpremote on this board, in UTC (its `rtc --set` writes local time)."""
        self.repl.stop_script()
        self.repl.close()
        try:
            device = f"socket://127.0.0.1:{self._console_port}"
            command = [sys.executable, "-m", "mpremote", "connect", device, *arguments]
            return run_command(command, timeout=self.seconds(timeout), environment=dict(os.environ, TZ="UTC"))
        finally:
            self._connect()

    # Network: the modem on UART1

    @contextlib.contextmanager
    def wire(self, address: tuple[str, int] | None = None) -> Iterator[tuple[str, int]]:
        """Without the modem: UART1 is connected to `address`, or to whoever connects to the address that this gives."""
        self.emulator.tell("wire" if address is None else f"wire {address[0]} {address[1]}")
        try:
            yield ("127.0.0.1", self._uart_port)
        finally:
            self.emulator.tell("modem")

    def listen_port(self) -> int:
        """Any will do: the modem does not know ports."""
        return 443

    def listen_address(self, port: int) -> tuple[str, int]:
        return ("127.0.0.1", self._uart_port)
