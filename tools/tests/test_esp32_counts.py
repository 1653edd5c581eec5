# SPDX-License-Identifier: MIT
"""ports/esp32/counts.c on the host, linked by --wrap as in the firmware, around entry points of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "ports" / "esp32"
NAMES = re.findall(r"[a-z_0-9]+", (PORT / "ssl.cmake").read_text().partition("foreach(name\n")[2].partition(")")[0])

# ESP-IDF's entry points, in an object of their own as in its libraries. Each answers with the sum of its arguments.
ENTRY_POINTS = """
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
long seen;
int esp_aes_process_dma(void *c, const void *i, void *o, size_t n, void *s) {
    return (long)c + (long)i + (long)o + n + (long)s;
}
int esp_aes_process_dma_gcm(void *c, const void *i, void *o, size_t n, const void *a, size_t m) {
    return (long)c + (long)i + (long)o + n + (long)a + m;
}
void aes_hal_transform_block(const void *i, void *o) { seen = (long)i + (long)o; }
int esp_sha_dma(int t, const void *i, uint32_t n, const void *b, uint32_t m, bool f) {
    return t + (long)i + n + (long)b + m + f;
}
void esp_sha_block(int t, const void *b, bool f) { seen = t + (long)b + f; }
void esp_mpi_mul_mpi_hw_op(const void *x, const void *y, size_t w) { seen = (long)x + (long)y + w; }
void esp_mpi_mult_mpi_failover_mod_mult_hw_op(const void *x, const void *y, size_t w) { seen = (long)x + (long)y + w; }
void esp_mpi_mul_mpi_mod_hw_op(const void *x, const void *y, const void *m, const void *r, uint32_t p, size_t w) {
    seen = (long)x + (long)y + (long)m + (long)r + p + w;
}
void esp_mpi_exp_mpi_mod_hw_op(const void *x, const void *y, const void *m, const void *r, uint32_t p, size_t w) {
    seen = (long)x + (long)y + (long)m + (long)r + p + w;
}
int esp_mont_hw_op(void *z, const void *x, const void *y, const void *m, uint32_t p, size_t w, bool a) {
    return (long)z + (long)x + (long)y + (long)m + p + w + a;
}
int esp_ecc_point_multiply(const void *p, const void *s, void *r, bool v) { return (long)p + (long)s + (long)r + v; }
int esp_ecc_point_verify(const void *p) { return (long)p; }
"""
MAIN = """
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "counts.h"
#define P(n) ((void *)(long)(n))
extern long seen;
%s
int main(void) {
    long result;
    %s
    for (const mpy_ssl_engine_count_t *count = mpy_ssl_esp32_counts; count->algorithm != NULL; ++count) {
        printf("%%s %%" PRIu32 "\\n", count->algorithm, *count->operations);
    }
    return 0;
}
"""
DECLARATIONS = re.findall(r"^((?:int|void) [a-z_0-9]+\([^{]*\)) \{", ENTRY_POINTS, re.M)

ALL = ("AES", "SHA", "MPI")
DMA = {"SOC_AES_SUPPORT_DMA", "SOC_SHA_SUPPORT_DMA"}
# Calls, and what the first of them gives.
BLOCKS = {
    "aes_hal_transform_block(P(1), P(2))": 3,
    "esp_sha_block(1, P(2), true)": 4,
    "esp_mpi_mul_mpi_hw_op(P(1), P(2), 3)": 6,
    "esp_mont_hw_op(P(1), P(2), P(3), P(4), 5, 6, true)": 22,
}
RUNS = {
    "esp_aes_process_dma(P(1), P(2), P(3), 4, P(5))": 15,
    "esp_sha_dma(1, P(2), 3, P(4), 5, true)": 16,
    "esp_sha_block(1, P(2), false)": 3,
    "esp_mpi_mul_mpi_hw_op(P(1), P(2), 3)": 6,
    "esp_mpi_mult_mpi_failover_mod_mult_hw_op(P(1), P(2), 3)": 6,
    "esp_mpi_mul_mpi_mod_hw_op(P(1), P(2), P(3), P(4), 5, 6)": 21,
    "esp_mpi_exp_mpi_mod_hw_op(P(1), P(2), P(3), P(4), 5, 6)": 21,
}


def options(chip: str, engines: tuple[str, ...], soc: set[str]) -> tuple[str, str]:
    """What sdkconfig.h and soc_caps.h say of a chip."""
    config = [f"CONFIG_IDF_TARGET_{chip.upper()}", *(f"CONFIG_MBEDTLS_HARDWARE_{engine}" for engine in engines)]
    return "".join(f"#define {name} 1\n" for name in config), "".join(f"#define {name} 1\n" for name in sorted(soc))


def counted(folder: Path, chip: str, engines: tuple[str, ...], soc: set[str], calls: dict[str, int]) -> dict[str, int]:
    """The counters after each of `calls` was made, from another object than the one that has the function."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    (folder / "py").mkdir()
    (folder / "soc").mkdir()
    config, caps = options(chip, engines, soc)
    (folder / "sdkconfig.h").write_text(config)
    (folder / "soc" / "soc_caps.h").write_text(caps)
    objects = "".join(f"#define MP_DECLARE_CONST_FUN_OBJ_{n}(name) extern const int name\n" for n in (0, 1))
    (folder / "py" / "obj.h").write_text(objects)
    (folder / "entry_points.c").write_text(ENTRY_POINTS)
    lines = [f"{'seen = ' if is_int(call) else ''}{call}; result = seen;" for call in calls]
    checks = [
        f'{line} if (result != {value}) puts("wrong: {line}");'
        for line, value in zip(lines, calls.values(), strict=True)
    ]
    declared = "".join(f"{text};\n" for text in DECLARATIONS)
    (folder / "main.c").write_text(MAIN % (declared, "\n    ".join(checks)))
    command = [
        *("gcc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections"),
        *("-Wl,--gc-sections", *(f"-Wl,--wrap={name}" for name in NAMES)),
        *(f"-I{path}" for path in (folder, PORT, ROOT / "usermod" / "ssl")),
        *(
            "-o",
            str(folder / "program"),
            str(folder / "main.c"),
            str(folder / "entry_points.c"),
            str(PORT / "counts.c"),
        ),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([folder / "program"], capture_output=True, text=True, timeout=20, check=True)
    assert "wrong" not in done.stdout, done.stdout
    return {name: int(count) for name, count in (line.split() for line in done.stdout.splitlines())}


def is_int(call: str) -> bool:
    """Does the entry point of a call give a value?"""
    return f"int {call.partition('(')[0]}(" in ENTRY_POINTS


def test_a_chip_with_dma_counts_its_runs(tmp_path: Path) -> None:
    assert counted(tmp_path, "esp32c3", ALL, DMA, RUNS) == {"AES": 1, "SHA": 2, "MPI": 4}


def test_gcm_of_the_s2_is_aes(tmp_path: Path) -> None:
    calls = {**RUNS, "esp_aes_process_dma_gcm(P(1), P(2), P(3), 4, P(5), 6)": 21}
    seen = counted(tmp_path, "esp32s2", ALL, {*DMA, "SOC_AES_SUPPORT_GCM"}, calls)
    assert seen == {"AES": 2, "SHA": 2, "MPI": 4}


def test_the_esp32_counts_blocks_and_montgomery_products(tmp_path: Path) -> None:
    assert counted(tmp_path, "esp32", ALL, set(), BLOCKS) == {"AES": 1, "SHA": 1, "MPI": 2}


def test_points_are_counted_where_an_engine_multiplies_them(tmp_path: Path) -> None:
    calls = {"esp_ecc_point_multiply(P(1), P(2), P(3), true)": 7, "esp_ecc_point_verify(P(1))": 1}
    assert counted(tmp_path, "esp32c6", ("ECC",), DMA, calls) == {"ECC": 2}


def test_an_engine_that_is_switched_off_has_no_counter(tmp_path: Path) -> None:
    assert counted(tmp_path, "esp32c3", ("AES",), DMA, {"esp_aes_process_dma(P(1), P(2), P(3), 4, P(5))": 15}) == {
        "AES": 1
    }


def test_every_entry_point_that_is_counted_is_wrapped() -> None:
    counts = (PORT / "counts.c").read_text()
    in_source = set(re.findall(r"^COUNT\(\w+, \w+, (\w+)", counts, re.M))
    in_source |= set(re.findall(r"^COUNT_VOID\(\w+, (\w+)", counts, re.M))
    assert set(NAMES) == in_source
