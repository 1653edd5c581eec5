# SPDX-License-Identifier: MIT
"""Looking at images: their size, and whether two are equal."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from console import ToolError
from reproducible import compare, first_difference
from size import Size, elf_of, row, size_of


@pytest.fixture
def compiled(tmp_path: Path) -> bytes:
    """An object file with 4 bytes of code-like constants, 8 of data and 16 of zeros."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    (tmp_path / "a.c").write_text("const int c = 1; long d = 2; char z[16];\n")
    command = ["gcc", "-c", "-fno-common", "-fno-asynchronous-unwind-tables", "a.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    return (tmp_path / "a.o").read_bytes()


def test_size_tells_constants_data_and_zeros_apart(compiled: bytes) -> None:
    size = size_of(compiled)
    assert (size.data, size.bss) == (8, 16)
    assert size.text >= 4


@pytest.mark.parametrize(
    ("image", "elf"),
    [("firmware.elf", "firmware.elf"), ("firmware.uf2", "firmware.elf"), ("firmware.bin", "micropython.elf")],
)
def test_an_image_without_sections_is_measured_by_its_elf_file(image: str, elf: str) -> None:
    assert elf_of(Path("build") / image) == Path("build") / elf


def test_size_of_something_else() -> None:
    with pytest.raises(ValueError, match="not a little-endian ELF"):
        size_of(b"#!/bin/sh\n")


def test_row_shows_changes_only() -> None:
    line = row("ONE", Size(100, 20, 30), {"text": 90, "data": 20, "bss": 31})
    assert line.split() == ["ONE", "100", "+10", "20", "30", "-1"]


@pytest.mark.parametrize(("one", "other", "offset"), [(b"abc", b"abc", None), (b"abc", b"abd", 2), (b"ab", b"abc", 2)])
def test_first_difference(one: bytes, other: bytes, offset: int | None) -> None:
    assert first_difference(one, other) == offset


def test_unequal_images_say_where(tmp_path: Path) -> None:
    images = [tmp_path / "one", tmp_path / "two"]
    images[0].write_bytes(b"same-old")
    images[1].write_bytes(b"same-new")
    with pytest.raises(ToolError, match=r"ONE is not reproducible[\s\S]*differ from byte 5 on"):
        compare("ONE", images)
