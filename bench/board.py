# SPDX-License-Identifier: MIT
"""One boot of an image with instruction counting and fixed entropy, and one measurement on it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from bench.identities import NOW, chains_for
from hil_tests.boards.base import rtc_tuple
from hil_tests.boards.description import BoardDescription, read_description
from hil_tests.boards.qemu import QemuBoard
from hil_tests.errors import RigError

BOARD = "QEMU_VIRT_RV32"
SCRIPT = Path(__file__).with_name("on_board.py")
ENTROPY_BYTES = 1 << 20  # far more than a boot reads; QEMU waits for ever at the end of the file
MEASURE_SECONDS = 300.0  # the longest measurement takes 10 s on an idle host


def write_entropy(path: Path) -> Path:
    """The file that stands in for the host's random numbers, the same every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random("mpy-ssl bench").randbytes(ENTROPY_BYTES))
    return path


def describe(entropy: Path) -> BoardDescription:
    """The board of the project, made deterministic. Raises RigError when its board.json cannot count instructions."""
    description = read_description(BOARD)
    emulator = description.settings.get("emulator")
    if not isinstance(emulator, dict) or "count_instructions" not in emulator:
        raise RigError(f'boards/{BOARD}/board.json: "emulator" has no "count_instructions"; restore it from git')
    changed = {
        **emulator,
        "arguments": [*emulator["arguments"], *emulator["count_instructions"]],
        "defaults": {**emulator["defaults"], "entropy_file": str(entropy)},
    }
    return replace(description, settings={**description.settings, "emulator": changed})


def measure(image: Path, folder: Path, entropy: Path, call: str) -> object:
    """What `call` of on_board.py gives on a freshly booted `image`. Raises RigError; logs are in `folder`."""
    chains = chains_for(call)
    values = {
        "CA": {kind: chain.ca for kind, chain in chains.items()},
        "CERT": {kind: chain.certificate for kind, chain in chains.items()},
        "KEY": {kind: chain.key for kind, chain in chains.items()},
    }
    board = QemuBoard(describe(entropy), image, folder)
    try:
        board.boot()
        board.exec(SCRIPT.read_text(encoding="utf-8"), values=values)
        # Mbed TLS puts the time in seconds into its hello: the clock has to stand at the same point of each run.
        begin = "import json, machine; machine.RTC().datetime(NOW)"
        result = board.exec(
            f"{begin}; print(json.dumps({call}))", timeout=MEASURE_SECONDS, values={"NOW": rtc_tuple(NOW)}
        )
    finally:
        board.close()
    return json.loads(result.output)
