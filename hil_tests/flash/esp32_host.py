# SPDX-License-Identifier: MIT
"""The real bench: esptool's Python interface, serial ports, mpremote. All that is said goes to a log."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

import serial  # type: ignore[import-untyped]
from esp_pylib.logger import EspLog, EspLogBase
from esptool import FatalError  # type: ignore[import-untyped]
from esptool.cmds import (  # type: ignore[import-untyped]
    attach_flash,
    detect_chip,
    reset_chip,
    run_stub,
    write_flash,
)

from hil_tests.flash.errors import FlashError
from hil_tests.flash.esp32 import Console, Target, WriteFailed
from hil_tests.flash.esp32_image import Region
from hil_tests.flash.system import Done, Host, Port

CONNECT_BAUD = 115200
CONNECT_SECONDS = 40.0
# Ten bits a byte, compressed to three quarters or better; the rest is for erasing and for verifying.
SECONDS_PER_BYTE_AND_BAUD = 10.0
WRITE_SECONDS = 60.0
RETURN_SECONDS = 15.0
POLL_SECONDS = 0.25
BAR = 40


class EspBench:
    """Serial ports of this host, on Linux. `log` is opened for each use, so that it can be read while it grows."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._host = Host()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")

    def ports(self) -> list[Port]:
        return self._host.ports()

    def connect(self, port: str, baud: int) -> Target:
        EspLog.set_logger(_Logger(self.log))
        loader: Any = None
        try:
            with deadline(CONNECT_SECONDS):
                loader = detect_chip(port, CONNECT_BAUD, "default-reset")
                loader = run_stub(loader)
                loader.change_baud(baud)
                attach_flash(loader)
        except (FatalError, OSError, TimeoutError) as error:
            close(loader)
            raise FlashError(f"{port}: {cure_for(str(error))}") from error
        return _EspTarget(loader, baud)

    def console(self, port: str) -> Console:
        return _SerialConsole(port, self.log)

    def mpremote(self, port: str, code: str) -> Done:
        return self._host.run(["mpremote", "connect", port, "exec", code])

    def now(self) -> float:
        return time.monotonic()


def close(loader: Any) -> None:
    """Give esptool's port back."""
    if loader is not None:
        with suppress(OSError):
            loader.__exit__(None, None, None)


def cure_for(said: str) -> str:
    """What to do about something that esptool said, on one line."""
    text = " ".join(said.split())
    if "No such file" in text or "Errno 2" in text:
        return "there is no such port; plug the board in, or say which one with PORT="
    if "Permission denied" in text:
        return "no permission to use the port; add yourself to the group that owns it (dialout), and log in again"
    if "busy" in text or "exclusively lock" in text:
        return "the port is busy; close the program that has it (mpremote, a terminal, another make)"
    if "Wrong boot mode" in text or "No serial data" in text or "connect" in text:
        return f"no chip answers ({text}); hold BOOT, press reset, release BOOT, and try again"
    return text or "no answer"


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """TimeoutError in the main thread after `seconds`: a serial line that goes quiet must not hang."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not over after {seconds:g} s: the board has stopped to answer")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _EspTarget:
    """A chip with esptool's flasher in its RAM."""

    def __init__(self, loader: Any, baud: int) -> None:
        self._loader = loader
        self._baud = baud

    @property
    def chip(self) -> str:
        return str(self._loader.CHIP_NAME).lower().replace("-", "")

    def write(self, regions: Sequence[Region]) -> None:
        size = sum(len(region.data) for region in regions)
        try:
            with deadline(WRITE_SECONDS + size * SECONDS_PER_BYTE_AND_BAUD / self._baud * 2):
                write_flash(
                    self._loader,
                    [(region.offset, region.data) for region in regions],
                    compress=True,
                    skip_flashed=True,
                )
        except (FatalError, OSError, TimeoutError) as error:
            raise WriteFailed(" ".join(str(error).split())) from error

    def reset(self) -> None:
        # A chip that resets its own USB takes the port away in mid-sentence.
        with suppress(OSError), deadline(CONNECT_SECONDS):
            reset_chip(self._loader, "hard-reset")

    def close(self) -> None:
        close(self._loader)


class _SerialConsole:
    """The port again, once it is back; what it says goes to the log."""

    def __init__(self, port: str, log: Path) -> None:
        self._log = log
        end = time.monotonic() + RETURN_SECONDS
        while True:
            try:
                # Neither line may be asserted: together they are a board's reset and its BOOT pin.
                self._serial = serial.Serial(None, CONNECT_BAUD, timeout=POLL_SECONDS, exclusive=True)
                self._serial.dtr = self._serial.rts = False
                self._serial.port = port
                self._serial.open()
                return
            except (OSError, serial.SerialException) as error:
                if time.monotonic() > end:
                    raise FlashError(
                        f"{port} did not come back within {RETURN_SECONDS:g} s after the reset: {error}; plug the"
                        f" board in again; log: {log}"
                    ) from error
                time.sleep(POLL_SECONDS)

    def read(self, seconds: float) -> bytes:
        end = time.monotonic() + seconds
        seen = b""
        while time.monotonic() < end:
            with suppress(OSError):
                seen += self._serial.read(max(1, self._serial.in_waiting))
        with self._log.open("ab") as file:
            file.write(seen)
        return seen

    def write(self, data: bytes) -> None:
        with suppress(OSError):
            self._serial.write(data)

    def close(self) -> None:
        with suppress(OSError):
            self._serial.close()


class _Logger(EspLogBase):
    """What esptool says: everything to the log, progress to the terminal too."""

    def __init__(self, path: Path, terminal: IO[str] = sys.stdout) -> None:
        self._path = path
        self._terminal = terminal

    def print(self, *args: object, **kwargs: object) -> None:
        with self._path.open("a") as file:
            file.write(" ".join(map(str, args)) + str(kwargs.get("end", "\n")))

    def note(self, *args: object) -> None:
        self.print("note:", *args)

    def hint(self, *args: object) -> None:
        self.print("hint:", *args)

    def debug(self, *args: object) -> None:
        self.print("debug:", *args)

    def warn(self, *args: object, suggestion: str | None = None) -> None:
        self.print("warning:", *args, suggestion or "")

    def err(self, *args: object, suggestion: str | None = None) -> None:
        self.print("error:", *args, suggestion or "")

    # Older names that esptool uses here and there.
    warning = warn
    error = err

    def set_verbosity(self, mode: int | str) -> None:
        pass

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = BAR
    ) -> None:
        done = cur_iter * BAR // max(1, total_iters)
        ending = "\n" if cur_iter == total_iters else ""
        print(f"\r{prefix}[{'#' * done}{' ' * (BAR - done)}]{suffix}", end=ending, file=self._terminal, flush=True)
