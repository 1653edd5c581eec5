# SPDX-License-Identifier: MIT
"""What pytest's items tell about boards."""

from __future__ import annotations

import pytest


def board_of(item: pytest.Item) -> str | None:
    """The name of the board that a test runs on, if it does."""
    repetition = getattr(item, "callspec", None)
    return repetition.params.get("session_board") if repetition else None
