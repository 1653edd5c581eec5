# SPDX-License-Identifier: MIT
"""Starts upstream's test runners in their own tree, without letting them write there, and reads what they say."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from console import ToolError

# run-tests.py gives each test 30 s, and reaching a board takes a few more: a runner silent for this long hangs.
SILENCE_SECONDS = 120.0


def environment(**more: str) -> dict[str, str]:
    """A runner's environment: no byte code into upstream's tree, lines as they come, this Python as the reference."""
    ours = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "MICROPY_CPYTHON3": sys.executable}
    return {**os.environ, **ours, **more}


@dataclass(frozen=True)
class Runner:
    """One of upstream's runners; `options` is what its --help says, since they changed between versions."""

    script: Path
    options: str

    def knows(self, option: str) -> bool:
        """Whether this version of the runner has `option`, for example "--instance"."""
        return re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", self.options) is not None

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs it."""
        return [sys.executable, str(self.script), *arguments]


def find_runner(script: Path) -> Runner:
    """Ask `script` for its options. Raises ToolError when it cannot be started."""
    command = [sys.executable, str(script), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), cwd=script.parent)
    if done.returncode != 0:
        cure = "it needs pyserial: run `make setup`, and call this tool with .venv/bin/python"
        raise ToolError(f"{script} does not start:\n{done.stderr.strip()}", cure)
    return Runner(script, done.stdout)


class Watchdog:
    """Kills a process group when it was not fed for SILENCE_SECONDS; `bit` tells that it did."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.bit = False
        self._process = process
        self._timer: threading.Timer | None = None
        self.feed()

    def feed(self) -> None:
        """The process has shown a sign of life."""
        self.stop()
        self._timer = threading.Timer(SILENCE_SECONDS, self._bite)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def _bite(self) -> None:
        self.bit = True
        end(self._process)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a runner and the tests that it started; its process leads a group of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def lines_of(command: Sequence[str], cwd: Path, env: dict[str, str], log: Path) -> Iterator[str]:
    """Run a command and pass on its lines as they come, added to `log`; one that falls silent is killed."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    watchdog = Watchdog(process)
    try:
        with log.open("a", encoding="utf-8") as copy:
            copy.write(f"$ {' '.join(command)}\n")
            yield from _copied(process, watchdog, copy.write)
    finally:
        watchdog.stop()
        end(process)
        process.wait()


def _copied(process: subprocess.Popen[str], watchdog: Watchdog, copy: Callable[[str], int]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        watchdog.feed()
        copy(line)
        yield line
    if watchdog.bit:
        copy(f"killed: silent for {SILENCE_SECONDS:.0f} s\n")
