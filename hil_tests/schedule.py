# SPDX-License-Identifier: MIT
"""Which process of pytest-xdist runs which test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


def board_in(nodeid: str, boards: Sequence[str]) -> str | None:
    """The board that a test's name has between its brackets, if it is one of these."""
    parameters = nodeid.partition("[")[2].removesuffix("]").split("-")
    return next((board for board in boards if board in parameters), None)


def first_scope(scopes: Iterable[str], boards: Sequence[str]) -> str:
    """What has to begin first of boards and files."""
    return min(scopes, key=lambda scope: boards.index(scope) if scope in boards else len(boards))


class BoardScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """All tests of a board go to one process; of the others, those of a file.

    Boards come first, in the order in which they were named, and files fill what is left of the time.
    """

    def __init__(self, config: pytest.Config, log: Any, boards: Sequence[str]) -> None:
        super().__init__(config, log)
        self._boards = tuple(boards)

    def _split_scope(self, nodeid: str) -> str:
        return board_in(nodeid, self._boards) or str(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: Any) -> None:
        # By itself, xdist begins with what has most tests, and not with what takes longest.
        self.workqueue.move_to_end(first_scope(self.workqueue, self._boards), last=False)
        super()._assign_work_unit(node)
