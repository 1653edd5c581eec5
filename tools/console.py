# SPDX-License-Identifier: MIT
"""What every tool says to its user: progress lines and errors with a cure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

# Compilers' command lines have thousands of characters, and drown what went wrong.
LONGEST = 240


class ToolError(Exception):
    """A failure the user can act on: what went wrong, and what to do about it."""

    def __init__(self, cause: str, cure: str) -> None:
        super().__init__(f"{cause}\n  cure: {cure}")
        self.cause = cause
        self.cure = cure


def step(number: int, total: int, text: str) -> None:
    """Say which of how many steps begins now."""
    print(f"[{number}/{total}] {text}", flush=True)


def tail(text: str, lines: int = 12) -> str:
    """The last `lines` lines of a program's output, indented for an error message, none too long."""
    kept = text.strip().splitlines()[-lines:]
    return "\n".join(f"    {line[:LONGEST]}{' ...' if len(line) > LONGEST else ''}" for line in kept)


def output_of(command: list[str]) -> str:
    """Standard output of `command`, stripped; empty when it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def exit_with(main: Callable[[], None]) -> None:
    """Run a tool's `main`; a ToolError becomes a message and exit status 1."""
    try:
        main()
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
