# SPDX-License-Identifier: MIT
"""What ports/rp2 says when a board cannot be built from what is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WIRED = ["ports/rp2/CMakeLists.txt", "lib/pico-sdk/pico_sdk_init.cmake", "lib/tinyusb/src/tusb.h"]
WIRELESS = {
    "lib/cyw43-driver/src/cyw43.h": "the driver of its wireless chip",
    "lib/btstack/src/btstack.h": "the BTstack library",
    "lib/lwip/src/include/lwip/init.h": "lwIP",
    "lib/micropython-lib/README.md": "micropython-lib",
}


def build(micropython: Path, board: str) -> subprocess.CompletedProcess[str]:
    settings = [f"BOARD={board}", f"BUILD={micropython.parent / 'build'}", f"MICROPY_DIR={micropython}"]
    command = ["make", "-C", str(ROOT / "ports" / "rp2"), *settings]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("board", ["RPI_PICO_W", "RPI_PICO2_W"])
@pytest.mark.parametrize("lacking", WIRELESS)
def test_a_wireless_board_says_what_micropython_lacks_and_how_to_get_it(
    tmp_path: Path, board: str, lacking: str
) -> None:
    micropython = tmp_path / "micropython"
    for name in [*WIRED, *WIRELESS]:
        if name != lacking:
            (micropython / name).parent.mkdir(parents=True, exist_ok=True)
            (micropython / name).touch()
    done = build(micropython, board)
    assert done.returncode != 0
    assert f"MICROPY_DIR={micropython} has no {lacking}" in done.stdout
    assert (
        f"{board} needs {WIRELESS[lacking]}: give MICROPY_DIR=<full MicroPython checkout> in which"
        f" `make -C ports/rp2 BOARD={board} submodules` was run." in done.stderr
    )


def test_a_folder_that_is_no_micropython_is_told(tmp_path: Path) -> None:
    assert f"MICROPY_DIR='{tmp_path}' is not a MicroPython source tree" in build(tmp_path, "RPI_PICO").stderr


def test_an_unknown_board_is_told(tmp_path: Path) -> None:
    (tmp_path / "ports" / "rp2").mkdir(parents=True)
    (tmp_path / "ports" / "rp2" / "CMakeLists.txt").touch()
    assert "BOARD='PICO' is unknown" in build(tmp_path, "PICO").stderr
