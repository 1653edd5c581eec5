# SPDX-License-Identifier: MIT
"""Puts firmware onto a real ESP32 board and makes sure that it is there.

The chip is asked what it is before anything is written, regions that are the same already are skipped, what is written
is read back, and after a reset the board has to come to its prompt and tell the version that was asked for. A failed
write is tried once more at a lower baud rate. Every error says what to do, and whether the board has its old firmware.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hil_tests.flash.errors import FlashError
from hil_tests.flash.esp32_image import Plan, Region, read_plan
from hil_tests.flash.system import Done, Port

# Fast enough for two megabytes in half a minute, and what every USB bridge can; then what every cable can.
BAUD_RATES = (460800, 115200)
# Of USB bridges, and of chips with USB of their own: Espressif, Silicon Labs, WCH, FTDI.
VENDORS = {0x303A, 0x10C4, 0x1A86, 0x0403}
PROMPT = b">>> "
# A first boot formats the file system; a chip with USB of its own is gone for a while after its reset.
PROMPT_SECONDS = 45.0
READ_SECONDS = 0.5
# A boot loop repeats itself within a second; one reset more than a healthy start has is not yet a loop.
LOOP_RESETS = 4
LOOP_BROWNOUTS = 2
ASK_VERSION = "import ssl; print(ssl.VERSION)"
UNTOUCHED = "the board still has its old firmware"
UNSURE = "the board is half-flashed: flash it again"


class WriteFailed(FlashError):
    """Writing failed half-way; it may succeed at a lower baud rate."""


class Target(Protocol):
    """A chip in its boot ROM, connected."""

    @property
    def chip(self) -> str:
        """What it is: esp32c3."""

    def write(self, regions: Sequence[Region]) -> None:
        """Write and verify; skips what is there already. Raises WriteFailed."""

    def reset(self) -> None:
        """Let it run its firmware."""

    def close(self) -> None:
        """Give the port back. Idempotent."""


class Console(Protocol):
    """The board's serial port while its firmware runs."""

    def read(self, seconds: float) -> bytes:
        """What comes within that time."""

    def write(self, data: bytes) -> None:
        """Type something."""

    def close(self) -> None:
        """Give the port back."""


class Bench(Protocol):
    """The host with its serial ports. Tests put a fake in its place."""

    def ports(self) -> list[Port]:
        """The USB serial ports."""

    def connect(self, port: str, baud: int) -> Target:
        """Take the port, and the chip on it into its boot ROM. Raises FlashError."""

    def console(self, port: str) -> Console:
        """The running board. Raises FlashError when the port does not come back."""

    def mpremote(self, port: str, code: str) -> Done:
        """Run code on the board."""

    def now(self) -> float:
        """Seconds, monotonic."""


@dataclass(frozen=True)
class Request:
    """What to flash: an image of a build folder for `chip`, by `port` ("": the only one), and the version
    (`ssl.VERSION`) that has to be there afterwards ("": any). `log` is where the bench writes all that is said."""

    firmware: Path
    chip: str
    log: Path
    port: str = ""
    version: str = ""


def flash(bench: Bench, request: Request, say: Callable[[str], None] = print) -> str:
    """Flash and verify; gives the version that the board reports. Raises FlashError."""
    plan = read_plan(request.firmware, request.chip)
    port = request.port or find_port(bench)
    write(bench, request, plan, port, say)
    await_prompt(bench, request, port)
    return check_version(bench, request, port)


def find_port(bench: Bench) -> str:
    """The only port that an ESP32 board can be on. Raises FlashError."""
    ports = sorted({port.device for port in bench.ports() if port.vendor in VENDORS})
    if len(ports) > 1:
        raise FlashError(f"there are several boards: {', '.join(ports)}; say which one with PORT=; nothing was done")
    if not ports:
        seen = ", ".join(sorted(port.device for port in bench.ports())) or "none"
        raise FlashError(
            f"no serial port of an ESP32 board is there (seen: {seen}); plug it in with a cable that carries data, or"
            " say which port with PORT="
        )
    return ports[0]


def write(bench: Bench, request: Request, plan: Plan, port: str, say: Callable[[str], None]) -> None:
    """Write the plan, at the first baud rate that works."""
    failure: WriteFailed | None = None
    for baud in BAUD_RATES:
        if failure is not None:
            say(f"failed: {failure}; again at {baud} baud")
        try:
            target = bench.connect(port, baud)
        except FlashError as error:
            state = UNSURE if failure else UNTOUCHED
            raise FlashError(f"{error}; {state}; log: {request.log}") from error
        try:
            check_chip(target, plan, port)
            target.write(plan.regions)
            target.reset()
            return
        except WriteFailed as error:
            failure = error
        finally:
            target.close()
    raise FlashError(f"{port}: {failure}; {UNSURE}, with a shorter cable or without a hub; log: {request.log}")


def check_chip(target: Target, plan: Plan, port: str) -> None:
    """Raise FlashError if the chip is another one than the image is for."""
    if target.chip != plan.chip:
        target.reset()
        raise FlashError(
            f"the board on {port} has an {target.chip}, and the image is for {plan.chip}; flash the image of another"
            f" board, or say which port with PORT=; {UNTOUCHED}"
        )


def await_prompt(bench: Bench, request: Request, port: str) -> None:
    """Raise FlashError, with what the log shows, unless the board comes to its prompt."""
    console = bench.console(port)
    seen = b""
    deadline = bench.now() + PROMPT_SECONDS
    try:
        while not seen.endswith(PROMPT):
            seen += console.read(READ_SECONDS)
            if trouble := diagnose(seen):
                raise FlashError(f"the board on {port} was flashed and {trouble}; log: {request.log}")
            if bench.now() > deadline:
                raise FlashError(
                    f"the board on {port} was flashed and shows no prompt within {PROMPT_SECONDS:g} s; it said"
                    f" {seen[-200:]!r}; press its reset button, and try: mpremote connect {port}; log: {request.log}"
                )
            if not seen.endswith(PROMPT):
                console.write(b"\r")
    finally:
        console.close()


def diagnose(seen: bytes) -> str:
    """What a boot log shows to be wrong, with the cure; empty if nothing does."""
    text = seen.decode("utf-8", "replace")
    if "waiting for download" in text:
        return (
            "waits for another download instead of running: its BOOT pin is held low; release BOOT (or free the"
            " strapping pin) and press reset"
        )
    if text.count("Brownout detector was triggered") >= LOOP_BROWNOUTS:
        return (
            "resets again and again because its supply breaks down; use a shorter cable, a port without hub or a"
            " stronger supply, and flash it again only if it was interrupted"
        )
    if "invalid header: 0xffffffff" in text:
        return "finds no program in its flash: the offset or the flash mode is wrong; build again with make firmware"
    if panic := re.search(r"Guru Meditation Error: .*", text):
        return f"crashes: {panic[0].strip()}; flash an image that works, and report this one"
    resets = re.findall(r"rst:0x[0-9a-f]+ \(([A-Z0-9_]+)\)", text)
    if len(resets) >= LOOP_RESETS:
        return f"resets again and again ({resets[-1]}); press reset, and if that does not help flash it again"
    return ""


def check_version(bench: Bench, request: Request, port: str) -> str:
    """Ask the board which version it runs. Raises FlashError if it is another one."""
    done = bench.mpremote(port, ASK_VERSION)
    version = done.output.strip()
    if done.code or not version:
        raise FlashError(f"the board on {port} was flashed and does not answer: {version}; try mpremote connect {port}")
    if request.version not in ("", version):
        raise FlashError(
            f"the board on {port} runs {version}, expected {request.version}: {request.firmware} is not that version;"
            " build and flash again"
        )
    return version
