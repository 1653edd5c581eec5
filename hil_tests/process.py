# SPDX-License-Identifier: MIT
"""Child processes that never outlive the rig."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hil_tests.errors import RigError


def child_command(command: Sequence[str]) -> list[str]:
    """The command, run so that the kernel kills it when the rig dies, however it dies (setpriv is in util-linux).

    Ctrl-C reaches it even if it does not reach the rig: shells start background jobs with SIGINT ignored.
    """
    return ["setpriv", "--pdeathsig", "KILL", "--", "env", "--default-signal=INT", *command]


def stop(process: subprocess.Popen[bytes], patience: float) -> int:
    """Wait `patience` seconds for a process that was asked to end, then kill it. Gives its return code."""
    try:
        return process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def describe_end(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"exited with code {code}"


@dataclass(frozen=True)
class CommandResult:
    """How a program ended."""

    command: Sequence[str]
    code: int
    output: bytes
    error: str


def run_command(
    command: Sequence[str], *, stdin: bytes = b"", timeout: float = 20.0, environment: Mapping[str, str] | None = None
) -> CommandResult:
    """Run a peer to its end. Raises RigError when it is not installed or not over after `timeout` seconds."""
    require(command[0])
    try:
        done = subprocess.run(
            child_command(command), input=stdin, capture_output=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired as error:
        seen = (error.stdout or b"")[-2000:] + (error.stderr or b"")[-2000:]
        raise RigError(f"{' '.join(command)}: not over after {timeout:g} s; it said:\n{seen!r}") from error
    return CommandResult(command, done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def require(program: str) -> None:
    """Raise RigError when a program is not installed."""
    if shutil.which(program) is None:
        raise RigError(f"{program} is not installed; install the Debian package {program}, or run: make setup")
