# SPDX-License-Identifier: MIT
"""The square of Montgomery's R, compiled for the host with both widths of limbs and held against Python's integers."""

from __future__ import annotations

import ctypes
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "usermod" / "ssl"
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fsanitize=undefined")
# What it needs of Mbed TLS. The result's limbs are there already, or there is no memory.
HEADER = """
#include <stddef.h>
#include <stdint.h>
#define MBEDTLS_PRIVATE(name) name
#define MBEDTLS_ERR_MPI_DIVISION_BY_ZERO ({zero})
#define MBEDTLS_ERR_MPI_ALLOC_FAILED ({no_memory})
typedef uint{bits}_t mbedtls_mpi_uint;
typedef unsigned int mbedtls_t_udbl __attribute__((mode({mode})));
typedef struct {{ mbedtls_mpi_uint *p; signed short s; unsigned short n; }} mbedtls_mpi;
int mbedtls_mpi_grow(mbedtls_mpi *X, size_t limbs);
int mbedtls_mpi_lset(mbedtls_mpi *X, int z);
"""
SOURCE = """
#include <string.h>
#include "mbedtls/bignum.h"
int mbedtls_mpi_grow(mbedtls_mpi *X, size_t limbs) { return X->n < limbs ? MBEDTLS_ERR_MPI_ALLOC_FAILED : 0; }
int mbedtls_mpi_lset(mbedtls_mpi *X, int z) { memset(X->p, z, X->n * sizeof(*X->p)); return 0; }
"""
NO_MEMORY, ZERO = -16, -12
FUNCTION = "__wrap_mbedtls_mpi_core_get_mont_r2_unsafe"


class Mpi(ctypes.Structure):
    """mbedtls_mpi."""

    _fields_ = [("p", ctypes.c_void_p), ("s", ctypes.c_short), ("n", ctypes.c_ushort)]


@dataclass(frozen=True)
class Module:
    """The library, for one width of limbs in bits."""

    library: ctypes.CDLL
    bits: int

    def square(self, modulus: int, limbs: int, room: int | None = None) -> int:
        """2^(2 limbs bits) modulo a modulus of that many limbs, or a negative error. The result has `room` limbs."""
        size = limbs * self.bits // 8
        given = ctypes.create_string_buffer(modulus.to_bytes(size, "little"), size)
        made = ctypes.create_string_buffer(b"\xaa" * size, size)
        x = Mpi(ctypes.addressof(made), 1, limbs if room is None else room)
        n = Mpi(ctypes.addressof(given), 1, limbs)
        error: int = self.library[FUNCTION](ctypes.byref(x), ctypes.byref(n))
        return error or int.from_bytes(made.raw, "little")


@pytest.fixture(scope="module", params=[(32, "DI"), (64, "TI")], ids=["32", "64"])
def module(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Module:
    bits, mode = request.param
    folder = tmp_path_factory.mktemp("mont_r2")
    (folder / "mbedtls").mkdir()
    (folder / "mbedtls" / "bignum.h").write_text(HEADER.format(bits=bits, mode=mode, zero=ZERO, no_memory=NO_MEMORY))
    (folder / "mbedtls.c").write_text(SOURCE)
    out = folder / "mont_r2.so"
    sources = [str(MODULE / "mont_r2.c"), str(folder / "mbedtls.c")]
    subprocess.run(["gcc", *FLAGS, f"-I{folder}", f"-I{MODULE}", "-o", str(out), *sources], check=True)
    return Module(ctypes.CDLL(str(out)), bits)


def moduli(bits: int) -> Iterator[int]:
    """Random ones of that many bits, and those where guesses are worst."""
    top = 1 << (bits - 1)
    yield from (top + 1, 2 * top - 1, top + 1 + (top >> 1), 2 * top - (1 << (bits // 2)) - 1)
    source = random.Random(bits)
    yield from (top | source.getrandbits(bits) | 1 for _ in range(50))


@pytest.mark.parametrize("short", [0, 1, 2, 15, 30, 31])
@pytest.mark.parametrize("limbs", [2, 3, 16, 33, 64])
def test_the_square_is_pythons(module: Module, limbs: int, short: int) -> None:
    bits = limbs * module.bits
    for modulus in moduli(bits - short):
        assert module.square(modulus, limbs) == pow(2, 2 * bits, modulus), hex(modulus)


@pytest.mark.parametrize("modulus", [1, 3, 5, 0xFFFFFFFB, 0xFFFFFFFF])
def test_one_limb_is_enough(module: Module, modulus: int) -> None:
    assert module.square(modulus, 1) == pow(2, 2 * module.bits, modulus)


@pytest.mark.parametrize("empty", [1, 3])
def test_limbs_above_the_modulus_count_for_r(module: Module, empty: int) -> None:
    for modulus in moduli(16 * module.bits):
        assert module.square(modulus, 16 + empty) == pow(2, 2 * (16 + empty) * module.bits, modulus), hex(modulus)


def test_no_memory_is_reported(module: Module) -> None:
    assert module.square(7, 2, room=1) == NO_MEMORY


def test_a_modulus_of_zero_is_refused(module: Module) -> None:
    assert module.square(0, 2) == ZERO
