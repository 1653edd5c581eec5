#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the emulated RP2040 ready: rp2040js from npm, pinned by its lock file, and the boot ROM.

The packages go to tools/rp2040/node_modules, the boot ROM to build/rp2040. Needs Node.js 18 or newer with npm, make and
gcc-arm-none-eabi. Running this again changes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from console import ToolError, exit_with, output_of, step, tail
from exclusive import only_one

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tools" / "rp2040"
BUILD = ROOT / "build" / "rp2040"
OLDEST_NODE = 18


def check_node() -> None:
    """ToolError unless there is a Node.js that is new enough, with npm."""
    cure = (
        f"install Node.js {OLDEST_NODE} or newer with npm: the Debian packages nodejs and npm, or those of nodejs.org"
    )
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise ToolError(f"the emulator needs {program}, which is not installed", cure)
    found = re.match(r"v(\d+)\.", said := output_of(["node", "--version"]))
    if found is None or int(found.group(1)) < OLDEST_NODE:
        raise ToolError(f"the emulator needs Node.js {OLDEST_NODE}, and node says {said!r}", cure)


def packages_stamp(folder: Path) -> str:
    """What identifies the installed packages."""
    return hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()


def install_packages(folder: Path) -> str:
    """Install what the lock file pins; returns what was done, in words."""
    stamp = folder / "node_modules" / ".mpy-ssl-stamp"
    if stamp.is_file() and stamp.read_text() == packages_stamp(folder):
        return "all there"
    check_node()
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(
            f"`{' '.join(command)}` in {folder} failed:\n{tail(done.stdout + done.stderr)}",
            "check the network; without one, point npm at a mirror with npm_config_registry",
        )
    stamp.write_text(packages_stamp(folder))
    return f"installed into {folder / 'node_modules'}"


def build_rom(folder: Path, build: Path) -> str:
    """Build the boot ROM; returns where it is."""
    if shutil.which("arm-none-eabi-gcc") is None:
        cure = (
            "install the Debian packages gcc-arm-none-eabi and libnewlib-arm-none-eabi (make setup BOARD=RPI_PICO does)"
        )
        raise ToolError("the boot ROM needs arm-none-eabi-gcc, which is not installed", cure)
    command = ["make", "--no-print-directory", "-C", str(folder / "bootrom"), f"BUILD={build}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(f"the boot ROM did not build:\n{tail(done.stdout + done.stderr)}", f"see {folder / 'bootrom'}")
    return str(build / "bootrom.bin")


def main() -> None:
    """Install, then build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    with only_one(ROOT / "build" / ".emulator.lock"):
        step(1, 2, "emulated RP2040: npm packages")
        print(f"      {install_packages(FOLDER)}", flush=True)
        step(2, 2, "emulated RP2040: boot ROM")
        print(f"      {build_rom(FOLDER, BUILD)}", flush=True)


if __name__ == "__main__":
    exit_with(main)
