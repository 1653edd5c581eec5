# SPDX-License-Identifier: MIT
"""Budgets: the file, and runs that keep or break them."""

from __future__ import annotations

import pytest

from bench.budget import Budget, BudgetError, check, parse, read
from bench.report import Measured, Run
from bench.rows import all_rows


def run(*rows: Measured) -> Run:
    return Run({}, {}, rows)


def row(key: str, stock: tuple[float, ...], ours: tuple[float, ...]) -> Measured:
    return Measured(key, "group", "title", "bytes", stock, ours)


def limit(rows: str, maximum: float | None = None, at_most_stock: bool = False) -> Budget:
    return Budget(rows, maximum, at_most_stock, "because")


def test_a_value_at_the_limit_is_kept() -> None:
    assert check(run(row("heap.a", (1,), (100,))), (limit("heap.a", 100),)) == []


def test_a_value_above_the_limit_says_by_how_much() -> None:
    (excess,) = check(run(row("heap.a", (1,), (1100,))), (limit("heap.a", 1000),))
    assert str(excess) == "heap.a: (value, limit, too much) = (1,100, 1,000, 100) bytes, 10.00%: because"


def test_stock_is_the_limit_where_the_budget_says_so() -> None:
    rows = run(row("heap.a", (100,), (100,)), row("heap.b", (100,), (101,)))
    assert [excess.row.key for excess in check(rows, (limit("heap.*", at_most_stock=True),))] == ["heap.b"]


def test_what_stock_does_not_have_cannot_exceed_it() -> None:
    assert check(run(row("heap.a", (), (100,))), (limit("heap.a", at_most_stock=True),)) == []


def test_both_limits_of_a_budget_count() -> None:
    assert len(check(run(row("heap.a", (10,), (20,))), (limit("heap.a", 15, at_most_stock=True),))) == 2


def test_a_budget_without_rows_is_a_mistake() -> None:
    with pytest.raises(BudgetError, match=r"no row matches 'heap\.b'"):
        check(run(row("heap.a", (1,), (1,))), (limit("heap.b", 1),))


def test_a_budget_without_rows_is_right_in_a_partial_run() -> None:
    assert check(run(row("heap.a", (1,), (1,))), (limit("heap.b", 1),), partial=True) == []


def test_the_file_is_read() -> None:
    first = '[[budget]]\nrows = "heap.*"\nmaximum = 5\nreason = "r"\n'
    text = f'{first}[[budget]]\nrows = "x"\nat_most_stock = true\nreason = "s"\n'
    assert parse(text) == (Budget("heap.*", 5, False, "r"), Budget("x", None, True, "s"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "budget = 1",
        "[[budget]",
        '[[budget]]\nrows = "a"\nreason = "no limit"',
        '[[budget]]\nrows = "a"\nmaximum = 1',
        '[[budget]]\nrows = "a"\nmaximum = "1"\nreason = "not a number"',
        '[[budget]]\nrows = "a"\nmaximum = true\nreason = "not a number"',
        '[[budget]]\nrows = "a"\nmaximum = 1\nreason = "r"\nmaximun = 2',
    ],
)
def test_a_broken_file_is_refused(text: str) -> None:
    with pytest.raises(BudgetError, match="budgets: "):
        parse(text)


def test_every_committed_budget_matches_a_row() -> None:
    rows = (Measured(row.key, row.group, row.title, row.unit, (1,), (0,)) for row in all_rows())
    assert check(run(*rows), read()) == []
