# SPDX-License-Identifier: MIT
"""Child processes that never outlive the rig."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence


def child_command(command: Sequence[str]) -> list[str]:
    """The command, run so that the kernel kills it when the rig dies, however it dies (setpriv is in util-linux)."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


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
