# SPDX-License-Identifier: MIT
"""Running what the documents show, with the sources and compilers that a build has left."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from hil_tests.readme.document import ROOT


def run(*command: str | Path, timeout: float = 1200, **settings: str) -> str:
    """Run a command in the project's folder as a user would; give its output. Fails the test with it otherwise."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    result = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env=kept | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert result.returncode == 0, f"replay: {' '.join(map(str, command))}\n{result.stdout[-4000:]}"
    return result.stdout


def checkout() -> Path:
    """The MicroPython to build from: the user's own, or the pinned one."""
    return Path(os.environ.get("MICROPY_DIR") or ROOT / "build" / "src" / "micropython").resolve()


def kept_folder(name: str, *words: str) -> Path:
    """A build folder that stays, so that make compiles what has changed only.

    It is empty again after a change that make does not see: of makefiles, of `words`, or of the fetched sources.
    """
    digest = hashlib.sha256(repr((words, checkout())).encode())
    sources = (ROOT / "build" / "src").glob("*/.mpy-ssl-stamp")
    for path in sorted([*sources, *(path for top in ("usermod", "ports") for path in makefiles(ROOT / top))]):
        digest.update(path.read_bytes())
    folder = ROOT / "build" / "readme" / name
    stamp = folder / ".made-from"
    if not stamp.is_file() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stamp.write_text(digest.hexdigest())
    return folder


def makefiles(folder: Path) -> list[Path]:
    """Those below a folder."""
    return [path for path in folder.rglob("*") if path.name == "Makefile" or path.suffix in (".mk", ".cmake")]


def mpy_cross() -> Path:
    """The cross compiler that was built last."""
    found = sorted((ROOT / "build").glob("mpy-cross*/mpy-cross"), key=lambda path: path.stat().st_mtime)
    assert found, "no mpy-cross in build/: run make mpy-cross"
    return found[-1]
