# SPDX-License-Identifier: MIT
"""The health tests of the RP2 boards' entropy, compiled for the host."""

from __future__ import annotations

import ctypes
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "ports" / "rp2" / "entropy_health.c"
BYTES = 256
SAMPLES = 8 * BYTES


@pytest.fixture(scope="module")
def is_healthy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], bool]:
    """entropy_is_healthy()."""
    library = tmp_path_factory.mktemp("entropy") / "entropy_health.so"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, "-o", str(library), str(SOURCE)], check=True)
    function = ctypes.CDLL(str(library)).entropy_is_healthy
    function.restype = ctypes.c_bool
    return lambda raw: bool(function(raw))


def pack(bits: list[int]) -> bytes:
    assert len(bits) == SAMPLES
    return bytes(int("".join(map(str, bits[i : i + 8])), 2) for i in range(0, SAMPLES, 8))


def random_bits(seed: int, ones: float = 0.5) -> list[int]:
    source = random.Random(seed)
    return [int(source.random() < ones) for _ in range(SAMPLES)]


@pytest.mark.parametrize("seed", range(20))
def test_good_samples_pass(is_healthy: Callable[[bytes], bool], seed: int) -> None:
    assert is_healthy(pack(random_bits(seed)))


@pytest.mark.parametrize("seed", range(20))
def test_samples_with_a_strong_bias_still_pass(is_healthy: Callable[[bytes], bool], seed: int) -> None:
    assert is_healthy(pack(random_bits(seed, 0.9)))


@pytest.mark.parametrize("value", [0x00, 0xFF], ids=["zeros", "ones"])
def test_a_constant_source_is_refused(is_healthy: Callable[[bytes], bool], value: int) -> None:
    assert not is_healthy(bytes([value]) * BYTES)


@pytest.mark.parametrize("period", [2, 3, 5, 8, 37, 64])
def test_a_periodic_source_is_refused(is_healthy: Callable[[bytes], bool], period: int) -> None:
    pattern = random_bits(period)[:period]
    pattern[:2] = [0, 1]
    assert not is_healthy(pack([pattern[i % period] for i in range(SAMPLES)]))


@pytest.mark.parametrize(("length", "healthy"), [(480, True), (481, False)])
def test_a_run_may_have_480_samples(is_healthy: Callable[[bytes], bool], length: int, healthy: bool) -> None:
    bits = random_bits(1)
    bits[100 : 100 + length] = [1] * length
    bits[99] = bits[100 + length] = 0
    assert is_healthy(pack(bits)) is healthy


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize(("count", "healthy"), [(1013, True), (1014, False)])
def test_a_window_may_have_1013_equal_samples(
    is_healthy: Callable[[bytes], bool], value: int, count: int, healthy: bool
) -> None:
    window = [value] * 1024
    for i in range(1024 - count):
        window[50 + 90 * i] = 1 - value
    assert is_healthy(pack(random_bits(2)[:1024] + window)) is healthy
