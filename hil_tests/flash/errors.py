# SPDX-License-Identifier: MIT
"""What can go wrong with flashing, whatever the chip."""

from __future__ import annotations

from hil_tests.errors import RigError


class FlashError(RigError):
    """Flashing failed; the message says the cause, the cure, and what state the board is in."""
