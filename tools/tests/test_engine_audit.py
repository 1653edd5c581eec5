# SPDX-License-Identifier: MIT
"""tools/engine_audit.py on small programs, linked as ESP-IDF's are: from archives and with --gc-sections."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import engine_audit
import firmware
import pytest
from console import ToolError
from engine_audit import DATA, audit, read_engines

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAINS = {
    "riscv64-unknown-elf": ("-march=rv32imac", "-mabi=ilp32"),
    "arm-none-eabi": ("-mcpu=cortex-m0plus", "-mthumb"),
}
CHIPS = ("esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6")
# Mbed TLS's own file for each algorithm.
SOFTWARE_FILES = {
    "AES": "aes.c",
    "AES-GCM": "gcm.c",
    "SHA-1": "sha1.c",
    "SHA-256": "sha256.c",
    "SHA-384, SHA-512": "sha512.c",
    "RSA": "bignum.c",
    "P-256": "ecp.c",
}
# Source files: their functions, each with those that it calls.
Sources = dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Linker:
    """Makes firmware in `folder` with one toolchain."""

    toolchain: str
    folder: Path

    def run(self, program: str, *arguments: str) -> None:
        command = [f"{self.toolchain}-{program}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def link(self, sources: Mapping[str, Mapping[str, list[str]]], calls: list[str]) -> Path:
        """An ELF file, with its map beside it, whose program does `calls`; all else is in an archive."""
        self.folder.mkdir(exist_ok=True)
        files = {**sources, "main.c": {"_start": calls}}
        for name, functions in files.items():
            (self.folder / name).write_text("".join(text_of(name, callees) for name, callees in functions.items()))
            flags = (*TOOLCHAINS[self.toolchain], "-ffreestanding", "-O1", "-ffunction-sections")
            self.run("gcc", *flags, "-c", name, "-o", f"{name}.obj")
        self.run("ar", "rcs", "libmbedcrypto.a", *(f"{name}.obj" for name in sources))
        flags = (*TOOLCHAINS[self.toolchain], "-nostdlib", "-Wl,--gc-sections", "-Wl,-Map=firmware.map")
        self.run(
            "gcc", *flags, "-o", "firmware.elf", "main.c.obj", "-Wl,--start-group", "libmbedcrypto.a", "-Wl,--end-group"
        )
        return self.folder / "firmware.elf"


def text_of(name: str, callees: list[str]) -> str:
    """A function that calls others and does something that no optimiser takes away."""
    declared = "".join(f"void {callee}(void);\n" for callee in callees)
    body = " ".join(['__asm__ volatile("nop");', *(f"{callee}();" for callee in callees)])
    return f"{declared}__attribute__((noinline)) void {name}(void) {{ {body} }}\n"


def with_engines(chip: str) -> tuple[Sources, list[str]]:
    """Sources as ESP-IDF has them for a chip, and what TLS calls."""
    sources: Sources = {"drivers.c": {}}
    calls = []
    for engine in read_engines(DATA, chip):
        entry = engine.entries[0]
        for other in engine.entries[1:] if engine.algorithm == "RSA" else ():
            sources.setdefault(min(engine.drivers), {})[other] = list(engine.started_by)
            calls.append(other)
        sources.setdefault(min(engine.drivers), {})[entry] = list(engine.started_by)
        sources["drivers.c"].update({name: [] for name in engine.started_by})
        calls.append(entry)
    return sources, calls


def without_engine(chip: str, algorithm: str) -> tuple[Sources, list[str]]:
    """The same, but one algorithm is Mbed TLS's. Its engine's driver is in the archive all the same."""
    sources, calls = with_engines(chip)
    engine = next(engine for engine in read_engines(DATA, chip) if engine.algorithm == algorithm)
    for entry in engine.entries:
        sources[min(engine.drivers)].pop(entry, None)
    entries = {entry: list(engine.software) for entry in engine.entries if entry in calls}
    mine = {**{name: [] for name in engine.software}, **entries}
    return {**sources, SOFTWARE_FILES[algorithm]: mine}, calls


@pytest.fixture(params=sorted(TOOLCHAINS))
def linker(request: pytest.FixtureRequest, tmp_path: Path) -> Linker:
    """Each cross compiler that is installed."""
    if shutil.which(f"{request.param}-gcc") is None:
        pytest.skip(f"{request.param}-gcc is not installed")
    return Linker(request.param, tmp_path)


@pytest.mark.parametrize("chip", CHIPS)
def test_firmware_with_all_engines_passes(linker: Linker, chip: str) -> None:
    elf = linker.link(*with_engines(chip))
    assert set(audit(elf, elf.with_suffix(".map"), chip)) == {engine.algorithm for engine in read_engines(DATA, chip)}


def test_firmware_without_engines_fails_with_all_of_them(linker: Linker) -> None:
    software: Sources = {name: {f"mbedtls_{name[:-2]}": []} for name in SOFTWARE_FILES.values()}
    for engine in read_engines(DATA, "esp32c6"):
        software[SOFTWARE_FILES[engine.algorithm]].update({name: [] for name in engine.software})
    calls = [name for functions in software.values() for name in functions]
    elf = linker.link(software, calls)
    with pytest.raises(ToolError) as caught:
        audit(elf, elf.with_suffix(".map"), "esp32c6")
    for algorithm in ("AES", "SHA-1", "SHA-256", "RSA", "P-256"):
        assert f"{algorithm} is linked from software only" in caught.value.cause
    assert "mbedtls_internal_aes_encrypt of libmbedcrypto.a(aes.c.obj)" in caught.value.cause
    assert "CONFIG_MBEDTLS_HARDWARE_" in caught.value.cure


@pytest.mark.parametrize("algorithm", ["AES", "SHA-1", "SHA-256", "RSA", "P-256"])
def test_one_algorithm_in_software_fails_with_its_name(linker: Linker, algorithm: str) -> None:
    elf = linker.link(*without_engine("esp32c6", algorithm))
    with pytest.raises(ToolError) as caught:
        audit(elf, elf.with_suffix(".map"), "esp32c6")
    faults = caught.value.cause.partition(": ")[2].split("; ")
    assert len(faults) == 1 and faults[0].startswith(f"{algorithm} ")
    assert f"libmbedcrypto.a({SOFTWARE_FILES[algorithm]}.obj)" in faults[0]


def test_software_beside_an_engine_is_no_fault(linker: Linker) -> None:
    sources, calls = with_engines("esp32c3")
    sources["bignum.c"] = {"mbedtls_mpi_core_exp_mod": [], "mbedtls_mpi_core_mul": []}
    elf = linker.link(sources, [*calls, "mbedtls_mpi_core_exp_mod", "mbedtls_mpi_core_mul"])
    assert "RSA" in audit(elf, elf.with_suffix(".map"), "esp32c3")


def test_firmware_without_any_cryptography_fails(linker: Linker) -> None:
    elf = linker.link({"other.c": {"other": []}}, ["other"])
    with pytest.raises(ToolError, match="AES is not in the image at all: there is no esp_aes_process_dma"):
        audit(elf, elf.with_suffix(".map"), "esp32c3")


def test_a_map_of_other_firmware_is_refused(linker: Linker) -> None:
    elf = linker.link(*with_engines("esp32c3"))
    old = elf.with_name("old.map")
    text = elf.with_suffix(".map").read_text()
    old.write_text(re.sub(r"0x0*([1-9a-f][0-9a-f]*) ", lambda match: f"0x{int(match[1], 16) + 0x1000000:x} ", text))
    with pytest.raises(ToolError, match="old.map is not the map of"):
        audit(elf, old, "esp32c3")


def test_a_stripped_file_is_refused(linker: Linker) -> None:
    elf = linker.link(*with_engines("esp32c3"))
    linker.run("strip", "firmware.elf")
    with pytest.raises(ToolError, match="its symbols are stripped"):
        audit(elf, elf.with_suffix(".map"), "esp32c3")


def test_the_program_exits_with_what_is_wrong(linker: Linker) -> None:
    program = [sys.executable, engine_audit.__file__, str(linker.link(*with_engines("esp32c3"))), "esp32c3"]
    good = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith("engines compute AES, SHA-1, SHA-256, RSA\n")
    linker.link(*without_engine("esp32c3", "AES"))
    bad = subprocess.run(program, capture_output=True, text=True, check=False)
    assert bad.returncode == 1 and "AES" in bad.stderr and "cure:" in bad.stderr


def test_make_firmware_says_what_engines_compute_or_fails(linker: Linker, capsys: pytest.CaptureFixture[str]) -> None:
    elf = linker.link(*with_engines("esp32c3"))
    build = elf.parent
    elf.rename(build / "micropython.elf")
    elf.with_suffix(".map").rename(build / "micropython.map")
    firmware.show_engines(build, "esp32c3")
    assert "engines of esp32c3 compute AES, SHA-1, SHA-256, RSA" in capsys.readouterr().out
    with pytest.raises(ToolError, match="P-256 is not in the image at all"):
        firmware.show_engines(build, "esp32c6")


def test_a_file_that_is_missing_or_no_elf_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be read: No such file"):
        audit(tmp_path / "firmware.elf", tmp_path / "firmware.map", "esp32c3")
    (tmp_path / "firmware.elf").write_bytes(b"firmware")
    with pytest.raises(ToolError, match="is not an ELF file"):
        audit(tmp_path / "firmware.elf", tmp_path / "firmware.map", "esp32c3")


def test_an_unknown_chip_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="nothing is known of the engines of 'esp8266'") as caught:
        audit(tmp_path / "firmware.elf", tmp_path / "firmware.map", "esp8266")
    assert "esp32c6" in caught.value.cure


def test_the_chip_of_every_board_is_described() -> None:
    boards = (json.loads(path.read_text()) for path in ROOT.glob("boards/*/board.json"))
    assert {board["mcu"] for board in boards if board["port"] == "esp32"} == set(CHIPS)
    for chip in CHIPS:
        assert {engine.algorithm for engine in read_engines(DATA, chip)} >= {"AES", "SHA-1", "SHA-256", "RSA"}
