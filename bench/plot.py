# SPDX-License-Identifier: MIT
"""The run as a picture: what this module needs, in percent of what stock needs."""

from __future__ import annotations

from pathlib import Path

import matplotlib

from bench.report import Measured, Run, text_of

ROW_INCHES = 0.24
LEGEND = "dashed line: MicroPython's own TLS = 100 %; shorter is better"
LONGEST = 150.0  # percent; longer bars are cut there, and say so


def percent(row: Measured) -> float | None:
    """Ours in percent of stock; None when one of them has no value."""
    return None if row.ratio is None else 100 / row.ratio


def draw(run: Run, path: Path) -> None:
    """Write a PNG with one bar a row. Rows that only one of the two has are left out."""
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Patch

    rows = [(row, value) for row in run.rows if (value := percent(row)) is not None]
    figure, axes = pyplot.subplots(figsize=(11, 1.5 + ROW_INCHES * len(rows)), layout="constrained")
    names = list(dict.fromkeys(row.group for row, _ in rows))
    colours = {name: f"C{index}" for index, name in enumerate(names)}
    positions = range(len(rows))
    lengths = [min(value, LONGEST) for _, value in rows]
    axes.barh(positions, lengths, color=[colours[row.group] for row, _ in rows], height=0.7)
    for position, (row, value) in zip(positions, rows, strict=True):
        cut = " >>" if value > LONGEST else ""
        label = (
            f"{cut} {value:.0f} %  ({text_of(row.ours_value, row.unit)} against {text_of(row.stock_value, row.unit)})"
        )
        axes.text(min(max(value, 100), LONGEST), position, label, va="center", fontsize=7)
    axes.axvline(100, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(positions, [f"{row.title} [{row.unit}]" for row, _ in rows], fontsize=8)
    axes.set_xlim(0, 1.42 * LONGEST)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(LEGEND)
    axes.set_title("This module in percent of MicroPython's own TLS, QEMU_VIRT_RV32")
    handles = [Patch(color=colours[name]) for name in names]
    axes.legend(handles, names, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.03), ncols=3)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
