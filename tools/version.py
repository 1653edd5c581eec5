#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the version that goes into an image as `ssl.VERSION`.

It is `git describe` of this working copy: the last tag, how many commits ago,
the commit, and `-dirty` with uncommitted changes. Without git it is `unversioned`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from console import exit_with, output_of

ROOT = Path(__file__).resolve().parent.parent
UNKNOWN = "unversioned"


def describe(root: Path) -> str:
    """The version of the working copy at `root`.

    The abbreviation has a fixed length: git's own choice depends on how many
    objects a clone happens to hold, and would differ between two clones.
    """
    return _git(root, "describe", "--tags", "--always", "--dirty", "--abbrev=12") or UNKNOWN


def epoch(root: Path) -> int:
    """When the current commit was made, in seconds since 1970 UTC; 0 without git."""
    return int(_git(root, "log", "-1", "--format=%ct") or 0)


def _git(root: Path, *arguments: str) -> str:
    """Output of git in `root`, whoever owns the folder; empty unless `root` is a repository."""
    if not (root / ".git").exists():
        return ""
    return output_of(["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments])


def main() -> None:
    """Print the version, or with --epoch the time of the commit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epoch", action="store_true", help="print the commit's time instead")
    arguments = parser.parse_args()
    print(epoch(ROOT) if arguments.epoch else describe(ROOT))


if __name__ == "__main__":
    exit_with(main)
