# SPDX-License-Identifier: MIT
"""Tables, ratios, and how well boots agree."""

from __future__ import annotations

import pytest

from bench.report import Measured, Run, agreement, from_json, markdown, spread, table, text_of, to_json


def row(
    key: str = "heap.client",
    unit: str = "bytes",
    stock: tuple[float, ...] = (300, 300),
    ours: tuple[float, ...] = (200, 200),
) -> Measured:
    return Measured(key, key.partition(".")[0], f"title of {key}", unit, stock, ours)


def run(*rows: Measured) -> Run:
    return Run({"compiler": "gcc 12"}, {"boots": "two"}, rows)


def test_ratio_is_stock_divided_by_ours() -> None:
    assert row().ratio == 1.5


def test_values_are_means_over_boots() -> None:
    assert row(ours=(100, 104)).ours_value == 102


@pytest.mark.parametrize("ours", [(), (0, 0)])
def test_no_ratio_without_a_value_to_divide_by(ours: tuple[float, ...]) -> None:
    assert row(ours=ours).ratio is None


def test_no_ratio_for_what_stock_does_not_have() -> None:
    assert row(stock=()).ratio is None


@pytest.mark.parametrize(
    ("values", "expected"), [((), 0.0), ((5,), 0.0), ((5, 5), 0.0), ((99, 100), 0.01), ((-4, 0), 1.0), ((0, 0), 0.0)]
)
def test_spread_is_relative_to_the_larger_value(values: tuple[float, ...], expected: float) -> None:
    assert spread(values) == pytest.approx(expected)


def test_spread_is_that_of_the_image_with_more() -> None:
    assert row(stock=(100, 100), ours=(95, 100)).spread == pytest.approx(0.05)


def test_boots_agree_within_one_percent() -> None:
    assert row(ours=(990, 1000)).agrees
    assert not row(ours=(989, 1000)).agrees


def test_a_peer_outside_of_the_emulator_may_differ_more() -> None:
    assert row(key="openssl.client", ours=(980, 1000)).agrees


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (85_650_880, "instructions", "85.65 M"),
        (415_899.4, "instructions/KB", "415,899"),
        (23264, "bytes", "23,264"),
        (None, "bytes", "-"),
    ],
)
def test_values_are_written_for_people(value: float | None, unit: str, expected: str) -> None:
    assert text_of(value, unit) == expected


def test_table_has_a_line_for_each_row_and_a_head_for_each_group() -> None:
    lines = table(run(row("heap.a"), row("heap.b"), row("stack.a", ours=()))).splitlines()
    assert [line.split()[0] for line in lines if "stock/ours" in line] == ["heap", "stack"]
    assert lines[2].split()[-3:] == ["300", "200", "1.50"]
    assert lines[6].split()[-3:] == ["300", "-", "-"]


def test_markdown_has_a_table_for_each_group() -> None:
    text = markdown(run(row("heap.a"), row("stack.a")))
    assert "| heap | unit | stock | this module | stock / this |" in text
    assert "| title of stack.a | bytes | 300 | 200 | 1.50 |" in text
    assert "- compiler: gcc 12" in text


def test_agreement_names_the_row_that_differs_most() -> None:
    text = agreement(run(row("heap.a"), row("heap.b", ours=(995, 1000))))
    assert "1 of 2 rows are identical" in text
    assert "0.5000% (heap.b)" in text


def test_agreement_admits_that_one_boot_proves_nothing() -> None:
    assert "nothing to compare" in agreement(run(row(stock=(1,), ours=(1,))))


def test_json_gives_back_the_same_run() -> None:
    before = run(row("heap.a"), row("openssl.a", ours=(1.5, 2)), row("transfer.a", stock=()))
    assert from_json(to_json(before)) == before


def test_other_json_is_refused() -> None:
    with pytest.raises(KeyError):
        from_json('{"rows": []}')
