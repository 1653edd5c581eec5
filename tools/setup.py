#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes this machine ready: Debian packages, and a Python environment in .venv.

The Debian packages are those in tools/debian-packages.txt, installed with apt
as root or through sudo, and only when one is missing; for the boards that are
named, also those in ports/<port>/debian-packages.txt, and for boards that are
to be run, those beside their emulator. The Python packages are those in
tools/requirements.lock, checked by their hashes. Running this again changes
nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from console import ToolError, exit_with, output_of, step, tail
from exclusive import only_one

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tools" / "requirements.lock"
MINIMUM = (3, 11)
STAMP = "mpy-ssl-packages"  # in the environment: what identifies its content
CAN_MAKE_VENV = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {MINIMUM})"


def wanted_packages(text: str) -> list[str]:
    """Package names from the list's text: the first word of each line, without comments.

    A second word is a program: the package is not wanted where that is on PATH, from wherever it came.
    """
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return [words[0] for words in lines if words and not (words[1:] and shutil.which(words[1]))]


def missing_packages(wanted: list[str], status: str) -> list[str]:
    """Those of `wanted` that `status`, lines of `package state`, does not call installed."""
    installed = {line.split()[0] for line in status.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


def dpkg_status(wanted: list[str]) -> str:
    """What dpkg knows about the packages, as lines of `package state`."""
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted]
    # Its status is not 0 when a package is unknown; what it printed is right all the same.
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout


def install_packages(packages: list[str]) -> None:
    """Install Debian packages, asking for root's rights through sudo if need be."""
    by_hand = f"as root, run: apt-get update && apt-get install {' '.join(packages)}"
    root = [] if os.geteuid() == 0 else ["sudo"]
    if root and shutil.which("sudo") is None:
        raise ToolError(f"missing Debian packages: {' '.join(packages)}", by_hand)
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    for command in (["apt-get", "update", "--quiet"], install):
        if subprocess.run([*root, *environment, *command], check=False).returncode != 0:
            raise ToolError(f"`{' '.join(command)}` failed", f"see above; then, {by_hand}")


def package_lists(root: Path, built: Iterable[str], run: Iterable[str] = ()) -> list[Path]:
    """The lists that count for boards that are built, or also run; a name that is no board's adds nothing."""
    lists = [root / "tools"]
    run = list(run)
    for board in [*built, *run]:
        description = root / "boards" / board / "board.json"
        if description.is_file():
            settings = json.loads(description.read_text())
            lists.append(root / "ports" / settings.get("port", ""))
            folder = settings.get("emulator", {}).get("folder")
            lists += [root / folder] if folder and board in run else []
    paths = (folder / "debian-packages.txt" for folder in dict.fromkeys(lists))
    return [path for path in paths if path.is_file()]


def prepare_debian(lists: Iterable[Path]) -> str:
    """Install what is missing; returns what was done, in words."""
    wanted = [package for path in lists for package in wanted_packages(path.read_text())]
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        return f"not a Debian system, so install the like of these: {' '.join(wanted)}"
    missing = missing_packages(wanted, dpkg_status(wanted))
    if not missing:
        return "all there"
    install_packages(missing)
    return f"installed {' '.join(missing)}"


def python_for_venv() -> str:
    """A Python that can make environments; ToolError says what each candidate lacks."""
    candidates = [sys.executable, "/usr/bin/python3", "python3", "python3.11", "python3.12", "python3.13"]
    for candidate in candidates:
        found = shutil.which(candidate)
        if found and subprocess.run([found, "-c", CAN_MAKE_VENV], capture_output=True).returncode == 0:
            return found
    tried = ", ".join(dict.fromkeys(filter(None, map(shutil.which, candidates))))
    raise ToolError(
        f"no Python {MINIMUM[0]}.{MINIMUM[1]} or newer with venv and ensurepip (tried: {tried})",
        "install the Debian packages python3 and python3-venv, or put a newer python3 on PATH",
    )


def venv_stamp(python: str) -> str:
    """What identifies an environment: the lock file's content and Python's version."""
    version = output_of([python, "-c", "import sys; print(sys.version)"])
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest}\n{version}\n"


def venv_is_current(venv: Path) -> bool:
    """Whether `venv` holds the locked packages, for the Python it runs."""
    stamp = venv / STAMP
    python = venv / "bin" / "python"
    return stamp.is_file() and stamp.read_text() == venv_stamp(str(python))


def make_venv(venv: Path) -> str:
    """Make `venv` anew, unless there is one that works; returns the Python it was made with."""
    inside = venv / "bin" / "python"
    if inside.is_file() and subprocess.run([inside, "-c", CAN_MAKE_VENV], capture_output=True).returncode == 0:
        return str(inside)  # programs may be running from it
    python = python_for_venv()
    made = subprocess.run([python, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise ToolError(
            f"{python} cannot make {venv}:\n{tail(made.stdout + made.stderr)}",
            "install the Debian package python3-venv",
        )
    return python


def prepare_venv(venv: Path) -> str:
    """Make the environment unless it is there; returns what was done, in words."""
    if venv_is_current(venv):
        return "all there"
    python = make_venv(venv)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    options = ["--quiet", "--no-deps", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    if subprocess.run([*pip, *options], check=False).returncode != 0:
        raise ToolError(
            f"pip could not install the packages of {REQUIREMENTS}",
            "see above; without a network, point pip at a mirror with PIP_INDEX_URL or PIP_FIND_LINKS",
        )
    (venv / STAMP).write_text(venv_stamp(str(venv / "bin" / "python")))
    return f"installed into {venv} with {python}"


def main() -> None:
    """Prepare Debian, then Python."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where (default: .venv)")
    parser.add_argument("--board", action="append", default=[], help="also what this board's port needs (repeatable)")
    parser.add_argument("--run", action="append", default=[], metavar="BOARD", help="and what its emulator needs")
    arguments = parser.parse_args()
    with only_one(ROOT / "build" / ".setup.lock"):
        step(1, 2, "setup: Debian packages")
        print(f"      {prepare_debian(package_lists(ROOT, arguments.board, arguments.run))}", flush=True)
        step(2, 2, "setup: Python packages")
        print(f"      {prepare_venv(arguments.venv)}", flush=True)


if __name__ == "__main__":
    exit_with(main)
