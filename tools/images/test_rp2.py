# SPDX-License-Identifier: MIT
"""Images of boards that cannot be run here: what they are for, and that what makes their chip special is linked in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hil_tests.flash.uf2 import read_uf2

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "RPI_PICO2"
FLASH_BASE = 0x10000000
FLASH_SIZE = 4 * 1024 * 1024  # a Pico 2's
IMAGE_SIZE = 1024 * 1024  # see mpconfigboard.h

# What a build may leave out, and a function of it.
FEATURES = {
    "dtls": "mbedtls_ssl_cookie_write",
    "groups": "mpy_ssl_groups_new",
    "key-log": "mpy_ssl_keylog_write",
    "max-fragment-length": "mbedtls_ssl_conf_max_frag_len",
    "message-checks": "mpy_ssl_guard_read_record",
    "psk": "mbedtls_ssl_conf_psk",
    "record-size-limit": "mpy_ssl_record_size_limit_configure",
    "slices": "mpy_ssl_slices_before_step",
    "sni-callback": "mpy_ssl_sni_hello",
    "tls-1.3": "mbedtls_ssl_tls13_handshake_client_step",
    "x25519": "mpy_ssl_x25519",
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """What boards/RPI_PICO2 says of itself."""
    value: dict[str, Any] = json.loads((ROOT / "boards" / "RPI_PICO2" / "board.json").read_text())
    return value


@pytest.fixture(scope="module")
def image(description: dict[str, Any]) -> bytes:
    """The flash of RPI_PICO2; reading it checks that the UF2 file is whole and for its chip."""
    family = description["family"]
    assert family == "rp2350-arm-s"
    return read_uf2(BUILD / "firmware.uf2", family).image(FLASH_BASE, FLASH_SIZE)


@pytest.fixture(scope="module")
def symbols() -> set[str]:
    """The names in the ELF file that have an address."""
    command = ["arm-none-eabi-nm", "--defined-only", "--format=posix", str(BUILD / "firmware.elf")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[0] for line in lines}


@pytest.mark.parametrize("name", ["RP2350 SHA-256 engine", "RP2350 TRNG"])
def test_engines_names_what_the_chip_has(image: bytes, name: str) -> None:
    assert name.encode() + b"\0" in image


def test_hashing_goes_through_the_engine(symbols: set[str]) -> None:
    assert {"__wrap_mbedtls_sha256", "mpy_ssl_accelerator"} <= symbols


def test_entropy_is_the_chips_and_its_health_is_tested(symbols: set[str]) -> None:
    assert {"entropy_source", "entropy_is_healthy"} <= symbols


@pytest.mark.parametrize("feature", FEATURES)
def test_the_board_has_the_features_that_it_says(description: dict[str, Any], symbols: set[str], feature: str) -> None:
    assert feature in description["capabilities"]
    assert FEATURES[feature] in symbols


def test_the_image_leaves_the_file_system_its_place() -> None:
    assert (BUILD / "firmware.bin").stat().st_size <= IMAGE_SIZE


def test_the_image_is_that_of_the_elf_file(image: bytes) -> None:
    flat = (BUILD / "firmware.bin").read_bytes()
    assert image.startswith(flat)
    assert not image[len(flat) :].strip(b"\xff\0")
