# SPDX-License-Identifier: MIT
"""The quick part of the emulated RP2040 does to registers, flags, memory and cycles what rp2040js does."""

from __future__ import annotations

import shutil
import subprocess

import emulator
import pytest


@pytest.mark.timeout(300)
def test_every_instruction_does_what_rp2040js_does() -> None:
    if shutil.which("node") is None or not (emulator.FOLDER / "node_modules" / "rp2040js").is_dir():
        pytest.skip("no rp2040js: make rp2040")
    done = subprocess.run(
        ["node", "check_processor.mjs"],
        cwd=emulator.FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # rp2040js complains about addresses that lead nowhere
        text=True,
        timeout=280,
    )
    assert (done.returncode, done.stdout) == (0, "0 differences\n")
