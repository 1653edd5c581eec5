# SPDX-License-Identifier: MIT
"""The command that runs one test again."""

from __future__ import annotations

import shlex


def replay_command(nodeid: str) -> str:
    """For a test's node id, as pytest prints it."""
    return f"make test-boards T={shlex.quote(nodeid)}"
