#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that the same sources give the same images, byte for byte.

Copies this working copy to two new folders with names of different length,
builds the named boards in both, and compares. The folders are removed when all
images are equal, and kept otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import version
from console import ToolError, exit_with, step
from firmware import read_board

ROOT = Path(__file__).resolve().parent.parent
# Different in length and depth, so that a path in an image moves what comes after it.
FOLDERS = ("a", "another/place")


def working_copy(root: Path) -> list[Path]:
    """The files of the project at `root` that git knows or would add, relative to it."""
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise ToolError(f"git cannot list the files of {root}: {done.stderr.strip()}", "run in a clone")
    names = (Path(name) for name in done.stdout.split("\0") if name)
    return [name for name in names if (root / name).is_file()]


def copy(root: Path, files: list[Path], target: Path) -> None:
    """Copy `files` of `root` to `target`, which does not exist yet."""
    for name in files:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, place)


def build(folder: Path, boards: list[str], text: str) -> None:
    """Build `boards` of the project in `folder`, as version `text`."""
    command = [sys.executable, "tools/firmware.py", *boards, f"MPY_SSL_VERSION={text}"]
    if subprocess.run(command, cwd=folder, env=os.environ).returncode != 0:
        raise ToolError(f"the build in {folder} failed", "see above")


def first_difference(one: bytes, other: bytes) -> int | None:
    """The offset of the first byte that differs; None when both are equal."""
    if one == other:
        return None
    pairs = zip(one, other, strict=False)
    return next((offset for offset, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def compare(name: str, images: list[Path]) -> str:
    """The common SHA-256 of two images; ToolError that says where they differ."""
    one, other = (image.read_bytes() for image in images)
    offset = first_difference(one, other)
    if offset is not None:
        raise ToolError(
            f"{name} is not reproducible: {images[0]} ({len(one)} bytes) and {images[1]} ({len(other)} bytes)"
            f" differ from byte {offset} on",
            f"look for paths and dates: cmp -l {images[0]} {images[1]}",
        )
    return hashlib.sha256(one).hexdigest()


def main() -> None:
    """Copy, build twice, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", nargs="+", metavar="BOARD")
    boards: list[str] = parser.parse_args().boards
    top = Path(tempfile.mkdtemp(prefix="mpy-ssl-reproducible-"))
    text, files = version.describe(ROOT), working_copy(ROOT)
    folders = [top / name for name in FOLDERS]
    # The second is a copy of the first: the working copy may change meanwhile.
    for origin, folder in zip([ROOT, *folders], folders, strict=False):
        copy(origin, files, folder)
    for number, folder in enumerate(folders, 1):
        step(number, len(folders), f"reproducible: build in {folder}")
        build(folder, boards, text)
    for board in boards:
        digest = compare(board, [read_board(folder, board).image for folder in folders])
        print(f"{board}: equal, SHA-256 {digest}")
    shutil.rmtree(top)


if __name__ == "__main__":
    exit_with(main)
