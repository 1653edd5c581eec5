# SPDX-License-Identifier: MIT
"""Boards on which the real mpremote, the program, can be run."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime

from hil_tests.boards.base import Board, clock_is_right
from hil_tests.errors import BoardError
from hil_tests.process import CommandResult


class MpremoteBoard(Board):
    """A board with a serial port that can be given away for a while."""

    @abstractmethod
    def mpremote(self, *arguments: str, timeout: float = 60.0) -> CommandResult:
        """Run mpremote on this board, in UTC (its `rtc --set` writes local time)."""

    def set_clock_by_mpremote(self) -> CommandResult:
        """`mpremote rtc --set`, read back. Raises BoardError when the clock is more than two seconds off afterwards."""
        result = self.mpremote("rtc", "--set")
        if result.code:
            raise BoardError(f"{self.name}: mpremote rtc --set failed: {result.error}")
        seen, now = self.clock(), datetime.now(UTC)
        if not clock_is_right(seen, now):
            raise BoardError(f"{self.name}: mpremote rtc --set made the clock {seen:%F %T} UTC; it is {now:%F %T}")
        return result
