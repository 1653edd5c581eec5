# SPDX-License-Identifier: MIT
"""The images that are compared: stock TLS, this module, no TLS; all else in them is the same."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOARD = "QEMU_VIRT_RV32"
SIZE_PROGRAM = "riscv64-unknown-elf-size"
COMPILER = "riscv64-unknown-elf-gcc"
SETTINGS = {
    "none": ("USER_C_MODULES=",),
    "stock": ("MPY_SSL_STOCK=1",),
    "ours": (),
    # Stock 1.25 has DTLS wherever it has Mbed TLS, and neither TLS 1.3 nor PSK. Only the size of this one is looked at.
    "plain": ("MPY_SSL_TLS1_3=0", "MPY_SSL_PSK=0"),
}


class BenchError(Exception):
    """The measurement cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Size:
    """Bytes of an image: `flash` is code, constants and initial values; `ram` is static data, stack and heap."""

    flash: int
    ram: int

    def __sub__(self, other: Size) -> Size:
        return Size(self.flash - other.flash, self.ram - other.ram)


def image_of(folder: Path, name: str) -> Path:
    """Where the image `name` of SETTINGS is built below `folder`."""
    return folder / name / "firmware.elf"


def build(folder: Path, name: str) -> None:
    """Build one image with the measuring hooks. Raises BenchError after the build's own messages."""
    command = [sys.executable, str(ROOT / "tools" / "firmware.py"), BOARD, "MPY_SSL_BENCH=1", *SETTINGS[name]]
    done = subprocess.run([*command, "--build", str(folder / name)], check=False)
    if done.returncode != 0:
        raise BenchError(f"the image {name!r} did not build; the messages above say why")


def need(folder: Path, names: tuple[str, ...]) -> None:
    """Raises BenchError unless all images are there."""
    missing = [str(image_of(folder, name)) for name in names if not image_of(folder, name).is_file()]
    if missing:
        raise BenchError(f"not built: {', '.join(missing)}; run without --no-build")


def parse_size(text: str) -> Size:
    """From the output of `size -A`. Raises ValueError when it is not that."""
    sections = {name: int(size) for name, size in re.findall(r"^(\.\w+)\s+(\d+)\s+\d+\s*$", text, re.MULTILINE)}
    if not {".text", ".data", ".bss"} <= sections.keys():
        raise ValueError(f"no sections .text, .data and .bss in: {text[:200]!r}")
    data = sections[".data"]
    return Size(sections[".text"] + data, data + sections[".bss"])


def size_of(image: Path) -> Size:
    """The sizes of one image. Raises BenchError when the program for it is missing."""
    if shutil.which(SIZE_PROGRAM) is None:
        raise BenchError(f"{SIZE_PROGRAM} is not installed; run: make setup")
    done = subprocess.run([SIZE_PROGRAM, "-A", str(image)], capture_output=True, text=True, check=True)
    return parse_size(done.stdout)


def tls_size(folder: Path, name: str) -> Size:
    """What TLS adds to the image without TLS."""
    return size_of(image_of(folder, name)) - size_of(image_of(folder, "none"))


def compiler_version() -> str:
    """The first line that the compiler says about itself, or "unknown"."""
    return first_line([COMPILER, "--version"])


def first_line(command: list[str]) -> str:
    """The first line of a program's output, or "unknown" if it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.partition("\n")[0]
