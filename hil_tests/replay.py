# SPDX-License-Identifier: MIT
"""The command that runs one test again."""

from __future__ import annotations

import re
import shlex


def replay_command(nodeid: str) -> str:
    """For a test's node id, as pytest prints it; pytest-xdist adds @ and the board."""
    return f"make test-boards T={shlex.quote(re.sub(r'@[A-Z0-9_]+$', '', nodeid))}"
