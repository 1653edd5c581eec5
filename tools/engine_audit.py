#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when a firmware computes in software what its chip has an engine for.

Reads the ELF file and the linker's map, and looks for each engine of the chip
whether the function that starts it is in the image, and whether what TLS calls
comes from the driver and not from Mbed TLS. The linker has left out what nobody
calls, so what is there is used. ports/esp32/engines.toml says what to look for.
`make firmware` does this with each ESP32 image.
"""

from __future__ import annotations

import argparse
import bisect
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console import ToolError, exit_with
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "ports" / "esp32" / "engines.toml"
# An input section in a map of GNU ld: name, address, size, and where it comes from. A long name has a line of its own.
SECTION = re.compile(r"^ \.[^\s*]\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", re.M)
# "libmbedcrypto.a(aes.c.obj)" or "main.o": the source file in that name.
SOURCE = re.compile(r"([^/(]+?)(?:\.o|\.obj)?\)?$")
ARM_THUMB = 1  # the lowest bit of a function's address


@dataclass(frozen=True)
class Engine:
    """One engine as engines.toml describes it."""

    algorithm: str
    started_by: tuple[str, ...]
    entries: tuple[str, ...]
    drivers: frozenset[str]
    software: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """Functions of an ELF file by name, with the object that the map says each came from."""

    functions: Mapping[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.functions

    def source(self, name: str) -> str:
        """The source file of a function, without folders: "aes.c"."""
        found = SOURCE.search(self.functions[name])
        name = found[1] if found else self.functions[name]
        return name if name.endswith((".c", ".S", ".cpp")) else f"{name}.c"


def read_engines(path: Path, chip: str) -> list[Engine]:
    """The engines of `chip`; ToolError for one that nobody has described."""
    data = tomllib.loads(path.read_text())
    if chip not in data["chips"]:
        raise ToolError(f"nothing is known of the engines of {chip!r}", f"use one of: {' '.join(data['chips'])}")
    described = (data["engines"][name] for name in data["chips"][chip])
    return [
        Engine(
            engine["algorithm"],
            tuple(engine["started_by"]),
            tuple(engine["entries"]),
            frozenset(engine["drivers"]),
            tuple(engine["software"]),
        )
        for engine in described
    ]


def functions_of(elf: Path) -> dict[str, int]:
    """Address of each function that is in the image; ToolError for a file that is no ELF file.

    What the compiler adds to a name is left out: "f.constprop.0" is f.
    """
    try:
        with elf.open("rb") as file:
            image = ELFFile(file)
            thumb = ~ARM_THUMB if image["e_machine"] == "EM_ARM" else ~0
            tables = [section for section in image.iter_sections() if isinstance(section, SymbolTableSection)]
            return {
                symbol.name.partition(".")[0]: symbol["st_value"] & thumb
                for table in tables
                for symbol in table.iter_symbols()
                if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_size"]
            }
    except OSError as error:
        raise ToolError(f"{elf} cannot be read: {error.strerror}", "build the firmware first: make firmware") from error
    except ELFError as error:
        raise ToolError(f"{elf} is not an ELF file: {error}", "give the .elf that the linker wrote") from error


def read_image(elf: Path, map_file: Path) -> Image:
    """The functions of an image and where they are from; ToolError if the map is not of that ELF file."""
    functions = functions_of(elf)
    if not functions:
        raise ToolError(f"{elf} has no functions: its symbols are stripped", "give the .elf that the linker wrote")
    try:
        text = map_file.read_text(errors="replace")
    except OSError as error:
        raise ToolError(f"{map_file} cannot be read: {error.strerror}", "link with -Wl,-Map=<file>") from error
    joined = re.sub(r"^( \.\S+)\n +0x", r"\1 0x", text, flags=re.M)
    sections = sorted(
        (int(match[1], 16), int(match[2], 16), match[3].strip())
        for match in SECTION.finditer(joined)
        if int(match[1], 16) and int(match[2], 16)
    )
    starts = [section[0] for section in sections]
    origins = {}
    for name, address in functions.items():
        index = bisect.bisect_right(starts, address) - 1
        if index >= 0 and address < sections[index][0] + sections[index][1]:
            origins[name] = sections[index][2]
    check_same(elf, map_file, len(functions), len(origins))
    return Image({name: origins.get(name, "") for name in functions})


def check_same(elf: Path, map_file: Path, functions: int, found: int) -> None:
    """ToolError unless the map knows most functions; some come from linker scripts or are in ROM."""
    if found < functions / 2:
        raise ToolError(
            f"{map_file} is not the map of {elf}: it knows {found} of {functions} functions",
            "build both anew, in an empty folder",
        )


def fault_of(image: Image, engine: Engine) -> str | None:
    """What is wrong with one engine, or None."""
    started = any(name in image for name in engine.started_by)
    software = [f"{name} of {image.functions[name]}" for name in engine.software if name in image]
    if not started and software:
        return f"{engine.algorithm} is linked from software only: {', '.join(software)}"
    entries = [name for name in engine.entries if name in image]
    wrong = [name for name in entries if image.source(name) not in engine.drivers]
    if wrong:
        said = ", ".join(f"{name} is of {image.functions[name]}" for name in wrong)
        return f"{engine.algorithm} goes past its engine: {said}"
    if not started or not entries:
        gone = " or ".join(engine.entries if started else engine.started_by)
        return f"{engine.algorithm} is not in the image at all: there is no {gone}"
    return None


def audit(elf: Path, map_file: Path, chip: str, data: Path = DATA) -> list[str]:
    """The algorithms whose engines are in use; ToolError that lists those whose are not."""
    engines = read_engines(data, chip)
    image = read_image(elf, map_file)
    faults = [fault for engine in engines if (fault := fault_of(image, engine)) is not None]
    if faults:
        raise ToolError(
            f"{elf}: " + "; ".join(faults),
            f"switch the engines of {chip} on: CONFIG_MBEDTLS_HARDWARE_… in ports/esp32/sdkconfig.tls,"
            " and build in an empty folder",
        )
    return list(dict.fromkeys(engine.algorithm for engine in engines))


def main() -> None:
    """Audit the image that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("elf", type=Path, help="the firmware as the linker wrote it, e.g. micropython.elf")
    parser.add_argument("chip", help="esp32, esp32s2, esp32s3, esp32c3 or esp32c6")
    parser.add_argument("--map", type=Path, help="the linker's map (default: beside the ELF file, ending in .map)")
    arguments = parser.parse_args()
    used = audit(arguments.elf, arguments.map or arguments.elf.with_suffix(".map"), arguments.chip)
    print(f"{arguments.elf}: engines compute {', '.join(used)}")


if __name__ == "__main__":
    exit_with(main)
