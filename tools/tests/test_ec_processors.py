# SPDX-License-Identifier: MIT
"""The arithmetic of curves as compiled for boards, run in Unicorn: right, and the same steps for every secret.

What is compared are the addresses of all blocks of instructions that run, and of all words that are read and written.
"""

from __future__ import annotations

import ctypes
import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import unicorn
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from ec_comb import P256, P384, Curve, Point
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_SP
from unicorn.riscv_const import (
    UC_RISCV_REG_A0,
    UC_RISCV_REG_A1,
    UC_RISCV_REG_A2,
    UC_RISCV_REG_A3,
    UC_RISCV_REG_A4,
    UC_RISCV_REG_A5,
    UC_RISCV_REG_RA,
    UC_RISCV_REG_SP,
)
from unicorn.unicorn_py3.unicorn import uclib

MODULE = Path(__file__).resolve().parents[2] / "usermod" / "ssl"
CODE, RAM, SIZE = 0x10000, 0x20000000, 0x40000
STACK, END = RAM + SIZE - 64, CODE + SIZE - 16
BYTES = 48  # of a number in memory
# The C library's part, in the plainest words.
LIBRARY = """
#include <stddef.h>
void mbedtls_platform_zeroize(void *p, size_t n) { volatile char *c = p; while (n--) { *c++ = 0; } }
void *memset(void *p, int v, size_t n) { volatile char *c = p; while (n--) { *c++ = (char)v; } return p; }
void *memcpy(void *p, const void *q, size_t n) {
    volatile char *c = p; const volatile char *d = q; while (n--) { *c++ = *d++; } return p;
}
int memcmp(const void *p, const void *q, size_t n) {
    const volatile unsigned char *c = p, *d = q; int r = 0; while (n-- && r == 0) { r = *c++ - *d++; } return r;
}
"""

# Unicorn calls it a million times in a test, so it is no Python. A digest of all words in their order: FNV-1a.
TRACER = """
#include <stdint.h>
static void add(uint64_t *digest, uint64_t word) { *digest = (*digest ^ word) * 1099511628211u; }
void note(void *uc, uint64_t address, uint32_t size, uint64_t *digest) {
    (void)uc; add(digest, address); add(digest, size);
}
void note_access(void *uc, int kind, uint64_t address, int size, int64_t value, uint64_t *digest) {
    (void)uc; (void)value; add(digest, (uint64_t)kind); add(digest, address); add(digest, (uint64_t)size);
}
"""


@dataclass(frozen=True)
class Processor:
    """How to compile for it, and how it is called."""

    compiler: str
    package: str
    flags: tuple[str, ...]
    field_flags: tuple[str, ...]
    sources: tuple[str, ...]
    linker: tuple[str, ...]
    engine: tuple[int, int]
    registers: tuple[int, ...]
    stack_pointer: int
    return_address: int
    thumb: int


RV32 = Processor(
    compiler="riscv64-unknown-elf-gcc",
    package="gcc-riscv64-unknown-elf",
    flags=("-march=rv32imac", "-mabi=ilp32", "-Os", "-ffreestanding"),
    field_flags=("-O2", "-fno-schedule-insns"),
    sources=("ec_point.c", "ec_comb.c"),
    linker=("-Wl,-melf32lriscv",),
    engine=(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32),
    registers=(UC_RISCV_REG_A0, UC_RISCV_REG_A1, UC_RISCV_REG_A2, UC_RISCV_REG_A3, UC_RISCV_REG_A4, UC_RISCV_REG_A5),
    stack_pointer=UC_RISCV_REG_SP,
    return_address=UC_RISCV_REG_RA,
    thumb=0,
)
ARMV6M = Processor(
    compiler="arm-none-eabi-gcc",
    package="gcc-arm-none-eabi",
    flags=("-mcpu=cortex-m0plus", "-mthumb", "-Os", "-ffreestanding"),
    field_flags=("-DMPY_SSL_EC_FIELD_ASM",),
    sources=("ec_point.c", "ec_comb.c", "ec_field_thumb.S"),
    linker=(),
    engine=(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS),
    registers=(UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3),
    stack_pointer=UC_ARM_REG_SP,
    return_address=UC_ARM_REG_LR,
    thumb=1,
)


@dataclass
class Machine:
    """The code in an emulated processor's memory."""

    processor: Processor
    emulator: Any  # Unicorn has no types
    symbols: dict[str, int]
    tracer: ctypes.CDLL
    digest: ctypes.c_uint64

    def watch(self, kinds: int, note: str) -> None:
        """Have a function of the tracer called at such events; Unicorn's `hook_add` takes Python's functions only."""
        handle = ctypes.c_size_t()
        place = ctypes.byref(self.digest)
        everywhere = ctypes.c_uint64(1), ctypes.c_uint64(0)  # to Unicorn, a range that ends before it begins
        status = uclib.uc_hook_add(
            self.emulator._uch, ctypes.byref(handle), kinds, self.tracer[note], place, *everywhere
        )
        assert status == unicorn.UC_ERR_OK

    def call(self, address: int, *arguments: int) -> int:
        """Run a function to its end. Returns a digest of all addresses that were used."""
        processor, emulator = self.processor, self.emulator
        self.digest.value = 0
        for register, argument in zip(processor.registers, arguments, strict=False):
            emulator.reg_write(register, argument)
        for i, argument in enumerate(arguments[len(processor.registers) :]):
            emulator.mem_write(STACK + 4 * i, struct.pack("<I", argument))
        emulator.reg_write(processor.stack_pointer, STACK)
        emulator.reg_write(processor.return_address, END | processor.thumb)
        emulator.emu_start(address | processor.thumb, END)
        return self.digest.value

    def write(self, address: int, *numbers: int) -> None:
        """Numbers, one after the other."""
        self.emulator.mem_write(address, b"".join(number.to_bytes(BYTES, "little") for number in numbers))

    def read(self, address: int, curve: Curve) -> int:
        return int.from_bytes(self.emulator.mem_read(address, curve.bits // 8), "little")

    def multiply(self, curve: Curve, scalar: int, point: Point | None, blind: int) -> tuple[Point, int]:
        """scalar times a point, or the generator, and the digest of the run."""
        self.write(RAM, scalar, blind, *(point or (0, 0)), 0, 0)
        result, other = RAM + 4 * BYTES, RAM + 2 * BYTES if point else 0
        function, data = self.symbols["mpy_ssl_ec_multiply"], self.symbols[f"mpy_ssl_{curve.name}"]
        digest = self.call(function, data, result, RAM, other, RAM + BYTES, RAM + 8 * BYTES)
        return (self.read(result, curve), self.read(result + BYTES, curve)), digest

    def x25519(self, scalar: int, u: int | None, blind: int) -> tuple[int, int]:
        """RFC 7748's function, or with the base point, and the digest of the run."""
        self.write(RAM, scalar, blind, u or 0, 0)
        result, point = RAM + 3 * BYTES, RAM + 2 * BYTES if u is not None else 0
        digest = self.call(self.symbols["mpy_ssl_x25519"], result, RAM, point, RAM + BYTES)
        return int.from_bytes(self.emulator.mem_read(result, 32), "little"), digest

    def operation(self, curve: Curve, index: int) -> int:
        """The address of one of the field's functions: mul, sqr, add, sub."""
        place = self.symbols[f"mpy_ssl_field_{curve.name}"] + 4 + 3 * BYTES + 4 * index
        return int(struct.unpack("<I", self.emulator.mem_read(place, 4))[0]) & ~1


def build(processor: Processor, folder: Path) -> Path:
    """The linked code. Skips where the compiler is missing."""
    if shutil.which(processor.compiler) is None:
        pytest.skip(f"{processor.compiler} is not installed; Debian package {processor.package}")
    (folder / "mbedtls").mkdir()
    (folder / "mbedtls" / "platform_util.h").write_text(
        "#include <stddef.h>\nvoid mbedtls_platform_zeroize(void *buf, size_t len);\n"
        "void *memset(void *, int, size_t);\nvoid *memcpy(void *, const void *, size_t);\n"
        "int memcmp(const void *, const void *, size_t);\n"
    )
    (folder / "string.h").write_text('#include "mbedtls/platform_util.h"\n')
    (folder / "library.c").write_text(LIBRARY)
    command = [processor.compiler, *processor.flags, f"-I{folder}", f"-I{MODULE}"]
    objects = []
    for source in (*processor.sources, "ec_field.c", "ec_x25519.c", str(folder / "library.c")):
        more = processor.field_flags if source in ("ec_field.c", "ec_x25519.c") else ()
        out = folder / f"{Path(source).stem}.o"
        subprocess.run([*command, *more, "-c", "-o", str(out), str(MODULE / source)], check=True)
        objects.append(str(out))
    image = folder / "image.elf"
    link = ["-nostdlib", f"-Wl,-N,-Ttext={CODE:#x},-e,{CODE:#x}", *processor.linker]
    subprocess.run([*command, *link, "-o", str(image), *objects, "-lgcc"], check=True, stderr=subprocess.DEVNULL)
    return image


def load(processor: Processor, image: Path, tracer: ctypes.CDLL) -> Machine:
    emulator: Any = unicorn.Uc(*processor.engine)  # type: ignore[attr-defined, no-untyped-call]
    emulator.mem_map(CODE, SIZE)
    emulator.mem_map(RAM, SIZE)
    symbols = {}
    with image.open("rb") as file:
        elf = ELFFile(file)
        for segment in elf.iter_segments("PT_LOAD"):
            emulator.mem_write(segment["p_vaddr"], segment.data())
        table = elf.get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        for symbol in table.iter_symbols():
            symbols[symbol.name] = symbol["st_value"] & ~processor.thumb
    machine = Machine(processor, emulator, symbols, tracer, ctypes.c_uint64())
    machine.watch(unicorn.UC_HOOK_BLOCK, "note")
    return machine


@pytest.fixture(scope="module", params=[RV32, ARMV6M], ids=["rv32imac", "armv6m"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Processor, Path]:
    return request.param, build(request.param, tmp_path_factory.mktemp("ec"))


@pytest.fixture(scope="module")
def tracer(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("tracer")
    source, library = folder / "tracer.c", folder / "tracer.so"
    source.write_text(TRACER)
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, source], check=True)
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="module")
def machine(built: tuple[Processor, Path], tracer: ctypes.CDLL) -> Machine:
    return load(*built, tracer)


@pytest.fixture(scope="module")
def watched(built: tuple[Processor, Path], tracer: ctypes.CDLL) -> Machine:
    """With each access to memory in the digest."""
    machine = load(*built, tracer)
    machine.watch(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, "note_access")
    return machine


CURVES = pytest.mark.parametrize("curve", [P256, P384], ids=["p256", "p384"])
Expected = Callable[[int, int, int, int], int]
OPERATIONS: dict[str, tuple[int, Expected]] = {
    "mul": (0, lambda a, b, p, r: a * b * pow(r, -1, p) % p),
    "sqr": (1, lambda a, b, p, r: a * a * pow(r, -1, p) % p),
    "add": (2, lambda a, b, p, r: (a + b) % p),
    "sub": (3, lambda a, b, p, r: (a - b) % p),
}


def elements(curve: Curve) -> list[tuple[int, int]]:
    """Edges, where carries run through all words, and random elements."""
    p, r = curve.prime, 2**curve.bits
    edges = [0, 1, p - 1, r // 2 - 1, r % p, 2**96 - 1]
    source = random.Random(4)
    return [(a, b) for a in edges for b in edges] + [(source.randrange(p), source.randrange(p)) for _ in range(60)]


@CURVES
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_field_operation_is_right(machine: Machine, curve: Curve, name: str) -> None:
    index, expected = OPERATIONS[name]
    for a, b in elements(curve):
        machine.write(RAM, 0, a, b)
        machine.call(machine.operation(curve, index), RAM, RAM + BYTES, RAM + 2 * BYTES)
        assert machine.read(RAM, curve) == expected(a, b, curve.prime, 2**curve.bits), (hex(a), hex(b))


@CURVES
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_field_operation_takes_the_same_steps_for_all_values(watched: Machine, curve: Curve, name: str) -> None:
    digests = set()
    for a, b in elements(curve):
        watched.write(RAM, 0, a, b)
        digests.add(watched.call(watched.operation(curve, OPERATIONS[name][0]), RAM, RAM + BYTES, RAM + 2 * BYTES))
    assert len(digests) == 1


def test_other_steps_have_another_digest(machine: Machine, watched: Machine) -> None:
    multiply, add = (machine.operation(P256, OPERATIONS[name][0]) for name in ("mul", "add"))
    places = RAM, RAM + BYTES, RAM + 2 * BYTES
    assert machine.call(multiply, *places) != machine.call(add, *places)
    assert watched.call(add, *places) != watched.call(add, *places[:2], RAM + 3 * BYTES)


@CURVES
def test_a_multiple_of_the_generator_takes_the_same_steps_for_all_scalars(watched: Machine, curve: Curve) -> None:
    first, digest = watched.multiply(curve, 2**200 + 6, None, 3)
    second, other = watched.multiply(curve, 2 ** (curve.bits - 1) + 2**100 + 1, None, 12345)
    assert first != second
    assert digest == other


@CURVES
def test_a_multiple_of_a_point_takes_the_same_blocks_for_all_scalars(machine: Machine, curve: Curve) -> None:
    point, _ = machine.multiply(curve, 5, None, 1)
    first, digest = machine.multiply(curve, 2**200 + 6, point, 3)
    second, other = machine.multiply(curve, 2 ** (curve.bits - 1) + 2**100 + 1, point, 12345)
    assert first != second
    assert digest == other


@CURVES
def test_a_point_times_two_scalars_gives_the_generator_times_their_product(machine: Machine, curve: Curve) -> None:
    point, _ = machine.multiply(curve, 123456789, None, 1)
    seen, _ = machine.multiply(curve, 987654321, point, 2)
    expected, _ = machine.multiply(curve, 123456789 * 987654321, None, 3)
    assert seen == expected


def test_x25519_agrees(machine: Machine) -> None:
    one, two = 2**254 + 8 * 987654321, 2**254 + 2**253 + 8 * 123456789
    theirs, _ = machine.x25519(two, None, 5)
    ours, _ = machine.x25519(one, None, 7)
    assert theirs == int.from_bytes(public_of(two), "little")
    assert machine.x25519(one, theirs, 3)[0] == machine.x25519(two, ours, 9)[0]


@pytest.mark.parametrize("u", [None, 2**254 + 12345])
def test_x25519_takes_the_same_steps_for_all_scalars(watched: Machine, u: int | None) -> None:
    first, digest = watched.x25519(2**254, u, 3)
    second, other = watched.x25519(2**255 - 8, u, 2**256 - 1)
    assert first != second
    assert digest == other


def test_x25519_takes_the_same_blocks_for_all_points(machine: Machine) -> None:
    digests = {machine.x25519(2**254 + 8, u, 3)[1] for u in (0, 1, 9, 2**255 - 20, 2**255 - 18, 2**256 - 1)}
    assert len(digests) == 1


def public_of(scalar: int) -> bytes:
    """The public key of X25519, by OpenSSL."""
    return X25519PrivateKey.from_private_bytes(scalar.to_bytes(32, "little")).public_key().public_bytes_raw()
