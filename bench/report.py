# SPDX-License-Identifier: MIT
"""A finished run: its values, how well its boots agree, and the ways it is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

# Two boots may differ by this much; with fixed entropy they should be the same.
AGREEMENT = 0.01
# Rows whose peer is outside of the emulator have no fixed random numbers.
LOOSE_AGREEMENT = 0.03
LOOSE_PREFIX = "openssl."


@dataclass(frozen=True)
class Measured:
    """A row with its values, one for each boot; empty where it does not apply."""

    key: str
    group: str
    title: str
    unit: str
    stock: tuple[float, ...]
    ours: tuple[float, ...]

    @property
    def stock_value(self) -> float | None:
        """The mean over all boots of stock."""
        return mean(self.stock)

    @property
    def ours_value(self) -> float | None:
        """The mean over all boots of this module."""
        return mean(self.ours)

    @property
    def ratio(self) -> float | None:
        """Stock divided by ours: above 1 means that ours is cheaper. None when one of them has no value, or is 0."""
        stock, ours = self.stock_value, self.ours_value
        return stock / ours if stock is not None and ours else None

    @property
    def spread(self) -> float:
        """The largest relative difference between boots of one image."""
        return max(spread(self.stock), spread(self.ours))

    @property
    def agrees(self) -> bool:
        """Whether the boots tell the same."""
        return self.spread <= (LOOSE_AGREEMENT if self.key.startswith(LOOSE_PREFIX) else AGREEMENT)


@dataclass(frozen=True)
class Run:
    """All that one run found out. `versions` and `settings` are for the reader, texts by name."""

    versions: Mapping[str, str]
    settings: Mapping[str, str]
    rows: tuple[Measured, ...]


def mean(values: tuple[float, ...]) -> float | None:
    """The arithmetic mean, None of nothing."""
    return sum(values) / len(values) if values else None


def spread(values: tuple[float, ...]) -> float:
    """The distance between the extremes, relative to the larger one; 0 for fewer than two values."""
    if len(values) < 2 or max(values) == min(values):
        return 0.0
    return (max(values) - min(values)) / max(abs(value) for value in values)


def text_of(value: float | None, unit: str) -> str:
    """A value for people: millions of instructions for what takes that many, else all digits."""
    if value is None:
        return "-"
    if unit == "instructions":
        return f"{value / 1e6:.2f} M"
    return f"{value:,.0f}"


def ratio_text(ratio: float | None) -> str:
    """Two decimals, or a dash."""
    return "-" if ratio is None else f"{ratio:.2f}"


def groups(rows: Iterable[Measured]) -> Iterable[tuple[str, list[Measured]]]:
    """The rows by group, in their order."""
    for name, members in groupby(rows, key=lambda row: row.group):
        yield name, list(members)


def table(run: Run) -> str:
    """For the terminal."""
    width = max((len(row.title) for row in run.rows), default=0)
    lines = []
    for name, rows in groups(run.rows):
        lines += ["", f"{name:{width + 18}} {'stock':>12} {'ours':>12} {'stock/ours':>11}"]
        for row in rows:
            stock, ours = text_of(row.stock_value, row.unit), text_of(row.ours_value, row.unit)
            lines.append(f"  {row.title:{width}} {row.unit:>15} {stock:>12} {ours:>12} {ratio_text(row.ratio):>11}")
    return "\n".join([*lines, "", agreement(run)])


def agreement(run: Run) -> str:
    """One line about how well the boots agree."""
    rows = [row for row in run.rows if len(row.stock) > 1 or len(row.ours) > 1]
    if not rows:
        return "One boot only: nothing to compare it with."
    fixed = [row for row in rows if not row.key.startswith(LOOSE_PREFIX)]
    text = ""
    if fixed:
        same = sum(row.spread == 0 for row in fixed)
        worst = max(fixed, key=lambda row: row.spread)
        text = (
            f"Boots compared: {same} of {len(fixed)} rows are identical; the largest difference is {worst.spread:.4%}"
        )
        text += f" ({worst.key})." if worst.spread else "."
    loose = [row.spread for row in rows if row.key.startswith(LOOSE_PREFIX)]
    if loose:
        text += f" With a peer outside of the emulator the difference is up to {max(loose):.2%}."
    return text.strip()


def markdown(run: Run) -> str:
    """For the README: one table a group, and how it was measured."""
    lines = ["<!-- SPDX-License-Identifier: MIT -->", ""]
    for name, rows in groups(run.rows):
        lines += [f"| {name} | unit | stock | this module | stock / this |", "|---|---|---:|---:|---:|"]
        for row in rows:
            stock, ours = text_of(row.stock_value, row.unit), text_of(row.ours_value, row.unit)
            lines.append(f"| {row.title} | {row.unit} | {stock} | {ours} | {ratio_text(row.ratio)} |")
        lines.append("")
    lines.append(agreement(run))
    lines.append("")
    lines += [f"- {name}: {value}" for name, value in {**run.versions, **run.settings}.items()]
    return "\n".join(lines) + "\n"


def to_json(run: Run) -> str:
    """Everything, with what follows from it, for programs and for `--results`."""
    rows = [
        {**asdict(row), "stock_value": row.stock_value, "ours_value": row.ours_value}
        | {"ratio": row.ratio, "spread": row.spread}
        for row in run.rows
    ]
    return json.dumps({"versions": dict(run.versions), "settings": dict(run.settings), "rows": rows}, indent=1) + "\n"


def from_json(text: str) -> Run:
    """Reads what to_json() wrote. Raises ValueError or KeyError for anything else."""
    data = json.loads(text)
    rows = (
        Measured(row["key"], row["group"], row["title"], row["unit"], tuple(row["stock"]), tuple(row["ours"]))
        for row in data["rows"]
    )
    return Run(data["versions"], data["settings"], tuple(rows))


def write(run: Run, folder: Path) -> list[Path]:
    """bench.json and bench.md in `folder`; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"bench.json": to_json(run), "bench.md": markdown(run)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]
