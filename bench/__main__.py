# SPDX-License-Identifier: MIT
"""Measures MicroPython's own TLS and this module side by side on the virtual board.

Both are built from the same sources by the same port into build/bench, and every measurement is made on
two fresh boots each, with the emulator counting instructions and fixed random numbers, so that the numbers do not
depend on the computer. The table goes to the terminal and to bench.md, everything to bench.json, a picture to
bench.png.
"""

from __future__ import annotations

import argparse
import ssl
import sys
from fnmatch import fnmatch
from pathlib import Path

from bench import budget, images, measure, report
from bench.board import write_entropy
from bench.budget import BudgetError
from bench.images import ROOT, BenchError
from bench.rows import Row, all_rows
from hil_tests.errors import RigError

OUT = ROOT / "build" / "bench"


def arguments_of(words: list[str] | None) -> argparse.Namespace:
    """The command line. Ends the program for --help and mistakes."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="rows that match, such as 'heap.*'; repeatable"
    )
    parser.add_argument("--list", action="store_true", help="show the rows and end")
    parser.add_argument("--boots", type=int, default=2, help="how often each measurement is made (default: 2)")
    parser.add_argument("--jobs", type=int, default=2, help="emulators at once (default: 2)")
    parser.add_argument("--no-build", action="store_true", help="use the images as they are")
    parser.add_argument("--check", action="store_true", help="compare with the budgets; exit status 1 if one is broken")
    parser.add_argument("--budgets", type=Path, default=budget.FILE, help="(default: bench/budgets.toml)")
    parser.add_argument("--results", type=Path, help="show and check this bench.json, measure nothing")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for images and results (default: build/bench)")
    arguments = parser.parse_args(words)
    if arguments.boots < 1 or arguments.jobs < 1:
        parser.error("--boots and --jobs must be at least 1")
    return arguments


def choose(rows: tuple[Row, ...], patterns: list[str] | None) -> tuple[Row, ...]:
    """The rows that match. Raises BenchError when none does."""
    chosen = tuple(row for row in rows if patterns is None or any(fnmatch(row.key, pattern) for pattern in patterns))
    if not chosen:
        raise BenchError(f"no row matches {patterns}; `python -m bench --list` shows them")
    return chosen


def announce(number: int, total: int, task: measure.Task) -> None:
    """A progress line."""
    print(f"[{number}/{total}] {task.image}, boot {task.boot + 1}: {task.call}", file=sys.stderr, flush=True)


def prepare(folder: Path, build: bool) -> None:
    """Have the images. Raises BenchError."""
    if build:
        for name in images.SETTINGS:
            print(f"building {name}", file=sys.stderr, flush=True)
            images.build(folder, name)
    images.need(folder, tuple(images.SETTINGS))


def perform(arguments: argparse.Namespace) -> report.Run:
    """Build and measure. Raises BenchError or RigError."""
    folder: Path = arguments.out.resolve()
    rows = choose(all_rows(), arguments.only)
    prepare(folder, not arguments.no_build)
    bench = measure.Bench(folder, write_entropy(folder / "entropy.bin"))
    measure.run_tasks(bench, measure.tasks_for(rows, arguments.boots), arguments.jobs, announce)
    return report.Run(versions(bench), settings(bench, arguments.boots), measure.collect(rows, bench.results))


def versions(bench: measure.Bench) -> dict[str, str]:
    """What was compared, and with what it was built and run."""
    stock, ours = (bench.results[measure.Task(image, 0, measure.VERSIONS_CALL)] for image in measure.IMAGES)
    return {
        "MicroPython": ours["micropython"],
        "TLS library": ours["mbedtls"]
        if ours["mbedtls"] == stock["mbedtls"]
        else f"{ours['mbedtls']} against {stock['mbedtls']}",
        "this module": ours["module"],
        "compiler": images.compiler_version(),
        "emulator": images.first_line(["qemu-system-riscv32", "--version"]),
        "peer on the host": ssl.OPENSSL_VERSION,
    }


def settings(bench: measure.Bench, boots: int) -> dict[str, str]:
    """How it was measured, for readers of the table."""
    return {
        "board": "QEMU_VIRT_RV32 (RV32IMAC, 256 KB heap); instructions are counted by the emulator, not cycles",
        "flags": "-Os for both; this module's makefile has -O2 for six files of Mbed TLS (docs/bench.md)",
        "boots": f"each measurement on {boots} fresh boots with fixed keys, certificates and random numbers",
        "handshake": "CA and leaf, verified; mean of 4; client and server joined by a pipe, one counted",
        "data": "64 KB each way in records of 4 KB",
        "CBC": "stock has MAC-then-encrypt only, this module encrypt-then-MAC",
        "heap": "blocks of the garbage collector, the TLS library's and Python's; SSLContext and SSLSocket together",
        "stack": "below the Python function that calls",
        "image": "difference to the same image without TLS; stock with the frozen ssl.py that its boards carry",
        "stock's own choice": measure.chosen_suites(bench.results, "stock"),
        "this module's own choice": measure.chosen_suites(bench.results, "ours"),
    }


def save(run: report.Run, folder: Path) -> None:
    """Write the results of a whole run."""
    from bench import plot  # matplotlib takes a second to load, and most options do without

    paths = report.write(run, folder)
    plot.draw(run, folder / "bench.png")
    print("written:", *paths, folder / "bench.png")


def verdict(run: report.Run, arguments: argparse.Namespace) -> int:
    """The exit status, with what is wrong on standard error."""
    status = 0
    for row in run.rows:
        if not row.agrees:
            print(f"not deterministic: {row.key}: {row.stock} {row.ours}, {row.spread:.2%}", file=sys.stderr)
            status = 1
    if arguments.check:
        excesses = budget.check(run, budget.read(arguments.budgets), partial=arguments.only is not None)
        for excess in excesses:
            print(f"over budget: {excess}", file=sys.stderr)
            status = 1
        print(f"budgets: {len(excesses)} broken" if excesses else "budgets: all kept")
    return status


def load(path: Path) -> report.Run:
    """An earlier run. Raises BenchError when the file is not one."""
    try:
        return report.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path} is not a bench.json: {error!r}; make one with: make bench") from error


def bench_main(words: list[str] | None = None) -> int:
    """Run the command line; gives the exit status."""
    arguments = arguments_of(words)
    if arguments.list:
        print(*(f"{row.key:40} {row.title} [{row.unit}]" for row in all_rows()), sep="\n")
        return 0
    run = load(arguments.results) if arguments.results else perform(arguments)
    print(report.table(run))
    if not arguments.results and arguments.only is None:
        save(run, arguments.out.resolve())
    return verdict(run, arguments)


def main() -> None:
    """Entry point: errors become messages."""
    try:
        sys.exit(bench_main())
    except (BenchError, BudgetError, RigError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
