# SPDX-License-Identifier: MIT
"""What the module may cost: bench/budgets.toml, and a run compared with it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.report import Measured, Run, text_of

FILE = Path(__file__).with_name("budgets.toml")


class BudgetError(Exception):
    """The budget file cannot be used; the message says where it is wrong."""


@dataclass(frozen=True)
class Budget:
    """A limit for all rows that match the shell pattern `rows`: `maximum` in the row's unit, or stock's value."""

    rows: str
    maximum: float | None
    at_most_stock: bool
    reason: str


@dataclass(frozen=True)
class Excess:
    """A row that broke a limit."""

    row: Measured
    limit: float
    budget: Budget

    def __str__(self) -> str:
        value = self.row.ours_value or 0.0
        over = value - self.limit
        amounts = ", ".join(text_of(number, self.row.unit) for number in (value, self.limit, over))
        percent = f"{over / self.limit:.2%}" if self.limit else "all of it"
        return (
            f"{self.row.key}: (value, limit, too much) = ({amounts}) {self.row.unit}, {percent}: {self.budget.reason}"
        )


def parse(text: str) -> tuple[Budget, ...]:
    """The budgets in a file's text. Raises BudgetError."""
    try:
        entries = tomllib.loads(text)["budget"]
        return tuple(parse_entry(entry) for entry in entries)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BudgetError(f"budgets: expected [[budget]] tables: {error!r}") from error


def parse_entry(entry: dict[str, object]) -> Budget:
    """One table. Raises BudgetError that quotes it."""
    rows, maximum, at_most_stock = entry.get("rows"), entry.get("maximum"), entry.get("at_most_stock", False)
    reason = entry.get("reason")
    unknown = entry.keys() - {"rows", "maximum", "at_most_stock", "reason"}
    if unknown or not isinstance(rows, str) or not isinstance(reason, str) or not isinstance(at_most_stock, bool):
        raise BudgetError(f'budgets: a table has "rows", "reason" and "maximum" or "at_most_stock": {entry}')
    if maximum is None and not at_most_stock:
        raise BudgetError(f'budgets: neither "maximum" nor "at_most_stock": {entry}')
    if maximum is not None and (isinstance(maximum, bool) or not isinstance(maximum, int | float)):
        raise BudgetError(f'budgets: "maximum" is not a number: {entry}')
    return Budget(rows, maximum, at_most_stock, reason)


def read(path: Path = FILE) -> tuple[Budget, ...]:
    """The committed budgets. Raises BudgetError."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BudgetError(f"budgets: {error}; restore the file from git") from error


def check(run: Run, budgets: tuple[Budget, ...], *, partial: bool = False) -> list[Excess]:
    """The rows that cost too much. Raises BudgetError for a budget without rows, unless the run is only a part."""
    excesses = []
    for budget in budgets:
        rows = [row for row in run.rows if fnmatch(row.key, budget.rows)]
        if not rows and not partial:
            raise BudgetError(f"budgets: no row matches {budget.rows!r}; `python -m bench --list` shows them")
        excesses += [excess for row in rows for excess in exceed(row, budget)]
    return excesses


def exceed(row: Measured, budget: Budget) -> list[Excess]:
    """The limits of one budget that one row breaks."""
    value, stock = row.ours_value, row.stock_value
    limits = [budget.maximum] if budget.maximum is not None else []
    if budget.at_most_stock and stock is not None:
        limits.append(stock)
    return [Excess(row, limit, budget) for limit in limits if value is not None and value > limit]
