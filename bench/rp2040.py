# SPDX-License-Identifier: MIT
"""Counts the cycles of an emulated Raspberry Pi Pico for MicroPython's own TLS and for this module, side by side.

Both are built from the same sources into build/bench/RPI_PICO, with a third image that has no TLS, and run cut off from
the host's time, with fixed keys, certificates and random numbers: two runs agree exactly. The cycles are the
emulator's, which knows no waiting for flash. Results go to the terminal and to build/bench/RPI_PICO/bench.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from bench.identities import NOW, chains_for
from bench.images import ROOT, BenchError
from bench.rows import SUITES
from hil_tests.errors import RigError
from hil_tests.flash.image import flash_image

BOARD = "RPI_PICO"
OUT = ROOT / "build" / "bench" / BOARD
SETTINGS = {"none": "MPY_SSL_STOCK=none", "stock": "MPY_SSL_STOCK=1", "ours": ""}
EMULATOR = ROOT / "tools" / "rp2040" / "script.mjs"
BOOTROM = ROOT / "build" / "rp2040" / "bootrom.bin"
COUNTER = Path(__file__).with_name("rp2040_counter.py")
SCRIPT = Path(__file__).with_name("on_board.py")
HEAP_FUNCTIONS = ("gc_alloc", "gc_free", "gc_realloc")
MORE = Path(__file__).with_name("rp2040_on_board.py")

Result = Mapping[str, object] | None


@dataclass(frozen=True)
class Row:
    """One line of the table: a call of on_board.py, the key of its result or several with pluses, the ratio wanted."""

    title: str
    call: str
    key: str
    target: float | None = None  # None: no more than shown


def suite_rows() -> Iterator[Row]:
    """A KB in each direction, for each suite by name."""
    for label, suite in SUITES.values():
        if suite:
            yield Row(f"client, cycles a KB received, {label}", f'transfer("p256", {suite!r})', "receive")
            yield Row(f"client, cycles a KB sent, {label}", f'transfer("p256", {suite!r})', "send")


def stall_rows() -> Iterator[Row]:
    """The longest call of a handshake with sockets that do not block."""
    for role, chain, label in (
        ("client", "p256", "P-256"),
        ("client", "rsa", "RSA-2048"),
        ("client", "p384", "P-384"),
        ("client", "le", "Let's Encrypt's"),
        ("server", "p256", "P-256"),
        ("server", "rsa", "RSA-2048"),
    ):
        yield Row(f"{role}, longest stall, {label} chain, cycles", f'stall_of("{role}", "{chain}")', "longest")


def heap_rows() -> Iterator[Row]:
    """Bytes of the heap that a connection takes, context and socket together."""
    for role, chain, label in (
        ("client", "p256", "P-256"),
        ("client", "rsa", "RSA-2048"),
        ("server", "p256", "P-256"),
    ):
        call = f'heap("{role}", "{chain}", True)'
        yield Row(f"{role}, {label} chain, heap: peak of a handshake", call, "context+peak")
        yield Row(f"{role}, {label} chain, heap: connected", call, "context+socket")
        yield Row(f"{role}, {label} chain, heap: largest block", call, "largest")


ROWS = (
    Row("client handshake, P-256 chain, cycles", 'handshake("client", "p256", None)', "instructions", 1.3),
    Row("client handshake, RSA-2048 chain, cycles", 'handshake("client", "rsa", None)', "instructions", 1.8),
    Row("server handshake, P-256 chain, cycles", 'handshake("server", "p256", None)', "instructions", 1.3),
    Row("client, resumed, P-256 chain, cycles", 'resumed("client", "p256")', "instructions"),
    Row("client, resumed, RSA-2048 chain, cycles", 'resumed("client", "rsa")', "instructions"),
    Row("server, resumed, P-256 chain, cycles", 'resumed("server", "p256")', "instructions"),
    *stall_rows(),
    *heap_rows(),
    Row("the same, P-256, with 100 KB of heap in use", 'loaded("p256")', "instructions", 1.3),
    Row("client, cycles a KB received, own suite", 'transfer("p256", None)', "receive", 3.0),
    Row("client, cycles a KB sent, own suite", 'transfer("p256", None)', "send", 1.0),
    *suite_rows(),
)


def build(folder: Path, name: str) -> None:
    """Build one image into `folder`/`name`. Raises BenchError; the build has said why."""
    command = [sys.executable, "tools/firmware.py", BOARD, "--build", str(folder / name)]
    if subprocess.run([*command, *filter(None, [SETTINGS[name]])], cwd=ROOT, check=False).returncode:
        raise BenchError(f"the image {name} did not build; see above")


def flash_bytes(folder: Path, name: str) -> int:
    """What an image takes in flash."""
    return int((folder / name / "size.txt").read_text().split()[-2])


def heap_functions(image: Path) -> str:
    """Where the firmware has the functions that script.mjs watches. Raises BenchError."""
    with image.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        symbols = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
        found = {symbol.name: symbol["st_value"] for symbol in symbols}
    missing = [name for name in HEAP_FUNCTIONS if name not in found]
    if missing:
        raise BenchError(f"{image} has no {', '.join(missing)}; see tools/rp2040/heap.mjs")
    return ",".join(hex(found[name]) for name in HEAP_FUNCTIONS)


def script_for(call: str) -> str:
    """The whole script for the board: the counter as a module, the date, identities, and the call."""
    chains = chains_for(call)
    values = {
        "CA": {kind: chain.ca for kind, chain in chains.items()},
        "CERT": {kind: chain.certificate for kind, chain in chains.items()},
        "KEY": {kind: chain.key for kind, chain in chains.items()},
    }
    date = (NOW.year, NOW.month, NOW.day, NOW.weekday(), NOW.hour, NOW.minute, NOW.second, 0)
    lines = [
        f"with open('_bench.py', 'w') as f: f.write({COUNTER.read_text(encoding='utf-8')!r})",
        f"import machine; machine.RTC().datetime({date})",
        *(f"{name} = {value!r}" for name, value in values.items()),
        SCRIPT.read_text(encoding="utf-8"),
        MORE.read_text(encoding="utf-8"),
        f"import json; print(json.dumps({call}))",
    ]
    return "\n".join(lines)


def measure(folder: Path, image: str, call: str) -> Result:
    """What the call gives on a fresh boot; None for a suite that is not built in. Raises BenchError."""
    flash, script = folder / f"{image}.flash.img", folder / f"{image}.script.py"
    flash.write_bytes(flash_image(folder / image / "firmware.uf2", "rp2040"))
    script.write_text(script_for(call), encoding="utf-8")
    files = {"--bootrom": BOOTROM, "--flash": flash, "--script": script}
    command = ["node", str(EMULATOR), *(str(word) for pair in files.items() for word in pair)]
    command += ["--heap", heap_functions(folder / image / "firmware.elf")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BenchError("node is not installed; run: make rp2040") from error
    if done.returncode:
        raise BenchError(f"{image}, {call}: {done.stderr or done.stdout}\nagain: {' '.join(command)}")
    result: Result = json.loads(done.stdout)
    return result


def measure_twice(folder: Path, image: str, call: str, boots: int) -> Result:
    """The same from every boot. Raises BenchError if two differ by a single cycle."""
    print(f"{image}: {call}", file=sys.stderr, flush=True)
    results = [measure(folder, image, call) for _ in range(boots)]
    if any(result != results[0] for result in results):
        raise BenchError(f"{image}, {call}: not deterministic: {results}")
    return results[0]


def value_of(results: Mapping[str, Result], row: Row) -> int | None:
    """What a row shows for one image."""
    result = results[row.call]
    return None if result is None else sum(int(str(result[key])) for key in row.key.split("+"))


def line(title: str, stock: int | None, ours: int | None, target: float | None) -> str:
    """A line of the table; a dash where there is nothing to show."""
    ratio = stock / ours if stock and ours else None
    cells = ["-" if value is None else f"{value:,}" for value in (stock, ours)]
    cells += ["-" if value is None else f"{value:.2f}x" for value in (ratio, target)]
    missed = ratio is not None and target is not None and ratio < target
    return f"{title:48} {cells[0]:>14} {cells[1]:>14} {cells[2]:>7} {cells[3]:>7}{'  MISSED' if missed else ''}"


def table(rows: Iterable[Row], results: Mapping[str, Mapping[str, Result]], flash: Mapping[str, int]) -> Iterable[str]:
    """The lines of the report."""
    yield f"{'':48} {'stock':>14} {'ours':>14} {'ratio':>7} {'wanted':>7}"
    for row in rows:
        yield line(row.title, value_of(results["stock"], row), value_of(results["ours"], row), row.target)
    yield line("flash that TLS takes, bytes", flash["stock"] - flash["none"], flash["ours"] - flash["none"], 1.0)
    for image in ("stock", "ours"):
        own = results[image].get('transfer("p256", None)')
        yield f"{image}'s own choice: {own['suite'] if own else 'none'}"


def arguments_of(words: list[str] | None) -> argparse.Namespace:
    """The command line. Ends the program for --help and mistakes."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.rp2040", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boots", type=int, default=2, help="how often each measurement is made (default: 2)")
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="rows whose title matches, such as '*heap*'; repeatable"
    )
    parser.add_argument("--no-build", action="store_true", help="use the images as they are")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for images and results")
    return parser.parse_args(words)


def perform(arguments: argparse.Namespace) -> None:
    """Build, measure, report. Raises BenchError or RigError."""
    folder: Path = arguments.out.resolve()
    if not arguments.no_build:
        for name in SETTINGS:
            build(folder, name)
    rows = [row for row in ROWS if any(fnmatch(row.title, pattern) for pattern in arguments.only or ["*"])]
    calls = dict.fromkeys(row.call for row in rows)
    results = {
        image: {call: measure_twice(folder, image, call, arguments.boots) for call in calls}
        for image in ("stock", "ours")
    }
    flash = {name: flash_bytes(folder, name) for name in SETTINGS}
    (folder / "bench.json").write_text(json.dumps({"results": results, "flash": flash}, indent=1) + "\n")
    print("\n".join(table(rows, results, flash)))


def main(words: list[str] | None = None) -> None:
    """Entry point: errors become messages."""
    try:
        perform(arguments_of(words))
    except (BenchError, RigError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
