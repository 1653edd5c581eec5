#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows how large images are, in bytes, and the change since this was last run.

text is code and constants, data what is initialised and bss what is zeroed in
RAM. The numbers of the last run are in build/sizes.json.
"""

from __future__ import annotations

import argparse
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path

from console import ToolError, exit_with
from firmware import read_board

ROOT = Path(__file__).resolve().parent.parent
# From the ELF specification: section type without content in the file, and section flags.
SHT_NOBITS = 8
SHF_WRITE = 1
SHF_ALLOC = 2


@dataclass(frozen=True)
class Size:
    """Bytes of an image by kind of memory."""

    text: int
    data: int
    bss: int


def sections(elf: bytes) -> list[tuple[int, int, int]]:
    """(type, flags, size) of each section of a little-endian ELF file of 32 or 64 bits."""
    if elf[:4] != b"\x7fELF" or elf[5] != 1:
        raise ValueError("not a little-endian ELF file")
    if elf[4] == 1:
        offset, (entry, count) = struct.unpack_from("<I", elf, 32)[0], struct.unpack_from("<HH", elf, 46)
        layout = "<10I"
    else:
        offset, (entry, count) = struct.unpack_from("<Q", elf, 40)[0], struct.unpack_from("<HH", elf, 58)
        layout = "<2I4Q2I2Q"
    headers = (struct.unpack_from(layout, elf, offset + index * entry) for index in range(count))
    return [(header[1], header[2], header[5]) for header in headers]


def size_of(elf: bytes) -> Size:
    """Sum up the sections that take memory on the board."""
    taken = [(kind, flags, size) for kind, flags, size in sections(elf) if flags & SHF_ALLOC]
    return Size(
        text=sum(size for _, flags, size in taken if not flags & SHF_WRITE),
        data=sum(size for kind, flags, size in taken if flags & SHF_WRITE and kind != SHT_NOBITS),
        bss=sum(size for kind, flags, size in taken if flags & SHF_WRITE and kind == SHT_NOBITS),
    )


def elf_of(image: Path) -> Path:
    """The linker's output, which lies beside images that have no sections: UF2 files, and those of ESP-IDF."""
    if image.suffix == ".bin":
        return image.with_name("micropython.elf")
    return image.with_suffix(".elf") if image.suffix == ".uf2" else image


def row(name: str, now: Size, before: dict[str, int]) -> str:
    """A line of the table; a change is signed, and no change or no past is blank."""
    cells = []
    for kind, size in asdict(now).items():
        change = size - before.get(kind, size)
        cells.append(f"{size:>10} {f'{change:+}' if change else '':>8}")
    return f"{name:<24}{''.join(cells)}"


def main() -> None:
    """Measure, compare, remember."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", nargs="+", metavar="BOARD")
    past = ROOT / "build" / "sizes.json"
    sizes: dict[str, dict[str, int]] = json.loads(past.read_text()) if past.is_file() else {}
    print(f"{'board':<24}{'text':>10}{'change':>9}{'data':>10}{'change':>9}{'bss':>10}{'change':>9}")
    for name in parser.parse_args().boards:
        image = elf_of(read_board(ROOT, name).image)
        if not image.is_file():
            print(f"{name:<24}not built: make firmware BOARD={name}")
            continue
        try:
            now = size_of(image.read_bytes())
        except (ValueError, struct.error) as error:
            raise ToolError(f"{image}: {error}", f"build it again: make firmware BOARD={name}") from error
        print(row(name, now, sizes.get(name, {})))
        sizes[name] = asdict(now)
    past.parent.mkdir(exist_ok=True)
    past.write_text(json.dumps(sizes, indent=4) + "\n")


if __name__ == "__main__":
    exit_with(main)
