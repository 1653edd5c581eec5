# SPDX-License-Identifier: MIT
"""ports/esp32/product.c on the host: the same wraps around Mbed TLS's own products, and every product compared."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MBEDTLS = ROOT / "build" / "src" / "mbedtls"
LIBRARY = ("bignum.c", "bignum_core.c", "platform.c", "platform_util.c", "constant_time.c")

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include "mbedtls/bignum.h"
#include "accelerator.h"

const mpy_ssl_accelerator_t mpy_ssl_accelerator = {.product_words = 256};
bool mpy_ssl_software_only;
static int in_engine;

int __real_mbedtls_mpi_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B);

// The engine, of which it counts the uses: Mbed TLS's own software.
int engine_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B) {
    ++in_engine;
    return __real_mbedtls_mpi_mul_mpi(X, A, B);
}

// Of a header that Mbed TLS keeps for itself.
int mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR);

int __real_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR);

int __wrap_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR) {
    ++in_engine;
    return __real_mbedtls_mpi_exp_mod(X, A, E, N, RR);
}

static int filled(void *ctx, unsigned char *out, size_t len) {
    (void)ctx;
    for (size_t i = 0; i < len; ++i) {
        out[i] = rand() % 4 == 0 ? 0 : rand();
    }
    return 0;
}

static void random_number(mbedtls_mpi *X, int bits) {
    mbedtls_mpi_fill_random(X, (bits + 7) / 8, filled, NULL);
    X->MBEDTLS_PRIVATE(s) = mbedtls_mpi_cmp_int(X, 0) != 0 && rand() % 2 ? -1 : 1;
}

static void fail(const char *what, int a_bits, int b_bits, int kind) {
    printf("%s differs: %d bits by %d, aliasing %d\n", what, a_bits, b_bits, kind);
    exit(1);
}

static void compare(int a_bits, int b_bits, int kind) {
    mbedtls_mpi A, B, X, expected;
    mbedtls_mpi_init(&A), mbedtls_mpi_init(&B), mbedtls_mpi_init(&X), mbedtls_mpi_init(&expected);
    random_number(&A, a_bits), random_number(&B, b_bits), random_number(&X, 700);
    mbedtls_mpi *b = kind == 3 ? &A : &B;
    __real_mbedtls_mpi_mul_mpi(&expected, &A, b);
    mbedtls_mpi *x = kind == 0 ? &X : kind == 1 || kind == 3 ? &A : &B;
    if (mbedtls_mpi_mul_mpi(x, &A, b) != 0 || mbedtls_mpi_cmp_mpi(x, &expected) != 0
        || (mbedtls_mpi_cmp_int(x, 0) == 0 && x->MBEDTLS_PRIVATE(s) != 1)) {
        fail("mul_mpi", a_bits, b_bits, kind);
    }
    mbedtls_mpi_free(&A), mbedtls_mpi_free(&B), mbedtls_mpi_free(&X), mbedtls_mpi_free(&expected);
}

static void compare_int(int a_bits, mbedtls_mpi_uint b, int alias) {
    mbedtls_mpi A, B, X, expected;
    mbedtls_mpi_init(&A), mbedtls_mpi_init(&B), mbedtls_mpi_init(&X), mbedtls_mpi_init(&expected);
    random_number(&A, a_bits);
    mbedtls_mpi_lset(&B, (mbedtls_mpi_sint)b);
    __real_mbedtls_mpi_mul_mpi(&expected, &A, &B);
    mbedtls_mpi *x = alias ? &A : &X;
    if (mbedtls_mpi_mul_int(x, &A, b) != 0 || mbedtls_mpi_cmp_mpi(x, &expected) != 0) {
        fail("mul_int", a_bits, (int)b, alias);
    }
    mbedtls_mpi_free(&A), mbedtls_mpi_free(&B), mbedtls_mpi_free(&X), mbedtls_mpi_free(&expected);
}

int main(void) {
    const int bits[] = {0, 1, 31, 32, 64, 200, 256, 384, 511, 512, 521, 1000, 2048, 4096};
    const int count = sizeof(bits) / sizeof(bits[0]);
    for (int a = 0; a < count; ++a) {
        for (int b = 0; b < count; ++b) {
            for (int kind = 0; kind < 4; ++kind) {
                compare(bits[a], bits[b], kind);
            }
        }
        compare_int(bits[a], 0, 0), compare_int(bits[a], 3, 1), compare_int(bits[a], 0x7fffffff, 0);
    }
    in_engine = 0;
    compare(256, 256, 0), compare(384, 384, 0), compare(1000, 32, 0);
    printf("short %d\n", in_engine);
    in_engine = 0;
    compare(4096, 4096, 0), compare(2048, 2048, 1);
    printf("long %d\n", in_engine);
    in_engine = 0;
    mpy_ssl_software_only = true;
    compare(4096, 4096, 0), compare(2048, 2048, 1);
    printf("software only %d\n", in_engine);
    mpy_ssl_software_only = false;
    in_engine = 0;
    mbedtls_mpi A, E, N, X;
    mbedtls_mpi_init(&A), mbedtls_mpi_init(&E), mbedtls_mpi_init(&N), mbedtls_mpi_init(&X);
    // 5^65537 mod 1000003, with a modulus of one limb.
    mbedtls_mpi_lset(&A, 5), mbedtls_mpi_lset(&E, 65537), mbedtls_mpi_lset(&N, 1000003);
    int ret = mbedtls_mpi_exp_mod_unsafe(&X, &A, &E, &N, NULL);
    printf("public %d %d %d\n", in_engine, ret, (int)*X.MBEDTLS_PRIVATE(p));
    mbedtls_mpi_free(&A), mbedtls_mpi_free(&E), mbedtls_mpi_free(&N), mbedtls_mpi_free(&X);
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, linked as the firmware is, with Mbed TLS's functions under the names of the engine's."""
    if not MBEDTLS.is_dir() or shutil.which("gcc") is None:
        pytest.skip("needs gcc, and Mbed TLS of: make sources")
    folder = tmp_path_factory.mktemp("product")
    (folder / "main.c").write_text(PROGRAM)
    # product.c's own way to the engine is counted.
    wrapped = (ROOT / "ports" / "esp32" / "product.c").read_text()
    counted = wrapped.replace("return __real_mbedtls_mpi_mul_mpi(", "return engine_mul_mpi(")
    assert counted != wrapped
    declaration = "int engine_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B);\n"
    include = '#include "product.h"\n'
    (folder / "product.c").write_text(counted.replace(include, include + declaration))
    (folder / "py").mkdir()
    (folder / "py" / "obj.h").write_text(
        "".join(f"#define MP_DECLARE_CONST_FUN_OBJ_{n}(name) extern const int name\n" for n in (0, 1))
    )
    names = [f"mbedtls_mpi_{name}" for name in ("mul_mpi", "mul_int", "exp_mod", "exp_mod_unsafe")]
    command = [
        *("gcc", "-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"),
        *(f"-Wl,--wrap={name}" for name in names),
        *(f"-I{path}" for path in (folder, ROOT / "usermod" / "ssl", ROOT / "ports" / "esp32")),
        *(f"-I{MBEDTLS / name}" for name in ("include", "library")),
        *("-o", str(folder / "program"), str(folder / "main.c"), str(folder / "product.c")),
        *(str(MBEDTLS / "library" / name) for name in LIBRARY),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "program"


def test_products_are_those_of_mbedtls_and_go_where_they_are_fastest(program: Path) -> None:
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # 64 words of 64 bits by 64 are 4096 word products, 32 by 32 are 1024; 4 by 4, 6 by 6 and 16 by 1 are below 256.
    # A public exponent goes the way of the private one.
    assert done.stdout.splitlines() == ["short 0", "long 2", "software only 0", f"public 1 0 {pow(5, 65537, 1000003)}"]
