# SPDX-License-Identifier: MIT
"""The CMake files of the ESP32 port without ESP-IDF: which sources, fragments and wraps a configuration gives."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import espidf
import firmware
import pytest

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "ports" / "esp32"
NEEDS = ("MBEDTLS_HAVE_TIME_DATE", "MBEDTLS_SSL_PROTO_TLS1_2")

# MicroPython's component, as far as usermod/ssl/micropython.cmake looks at it.
COMPONENT = """
cmake_minimum_required(VERSION 3.16)
project(esp32 C)
set(MICROPY_PORT_DIR ${CMAKE_CURRENT_LIST_DIR}/ports/esp32)
set(MPY_SSL_VERSION test)
add_library(mbedcrypto INTERFACE)
add_library(usermod INTERFACE)
%s
include(%s/usermod/micropython.cmake)
foreach(what SOURCES LINK_OPTIONS)
    get_target_property(found usermod_ssl INTERFACE_${what})
    message("${what} ${found}")
endforeach()
message("DEFINITIONS ${MICROPY_DEF_BOARD}")
"""
# MicroPython's project, which includes the board before the SDK is known.
PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(esp32 NONE)
set(MICROPY_BOARD_DIR %s)
include(${MICROPY_BOARD_DIR}/mpconfigboard.cmake)
%s
message("TARGET ${IDF_TARGET}")
message("FRAGMENTS ${SDKCONFIG_DEFAULTS}")
message("MANIFEST ${MICROPY_FROZEN_MANIFEST}")
"""


def run_cmake(folder: Path, text: str) -> tuple[int, dict[str, list[str]], str]:
    """Configure a project; its exit status, what it said by the first word of each line, and all of it."""
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    (folder / "CMakeLists.txt").write_text(text)
    command = ["cmake", "-S", str(folder), "-B", str(folder / "build")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    pairs = (line.partition(" ") for line in done.stderr.splitlines())
    return done.returncode, {word: rest.split(";") for word, _, rest in pairs}, done.stderr


def configured(folder: Path, *options: str) -> dict[str, list[str]]:
    """What the component says with these options of the SDK; it must configure, and each source exist."""
    code, said, text = component(folder, *options)
    assert code == 0, text
    assert [path for path in said["SOURCES"] if not Path(path).is_file()] == []
    return said


def component(folder: Path, *options: str) -> tuple[int, dict[str, list[str]], str]:
    settings = "\n".join(f"set(CONFIG_{name} y)" for name in options)
    return run_cmake(folder, COMPONENT % (settings, ROOT))


def names(paths: list[str]) -> set[str]:
    return {Path(path).name for path in paths}


def test_every_port_has_memory_entropy_and_engines(tmp_path: Path) -> None:
    said = configured(tmp_path, *NEEDS)
    assert {"heap.c", "entropy.c", "engines.c", "module.c"} <= names(said["SOURCES"])
    assert {"MPY_SSL_PORT_ENTROPY=1", "MPY_SSL_PORT_HEAP=1", "MPY_SSL_ACCELERATOR=1"} <= set(said["DEFINITIONS"])
    assert "-Wl,--wrap=mbedtls_hardware_poll" in said["LINK_OPTIONS"]


def test_stock_ssl_is_switched_off_by_the_header_in_front(tmp_path: Path) -> None:
    said = configured(tmp_path, *NEEDS)
    header = ROOT / "usermod" / "ssl" / "mpconfig_without_stock_ssl.h"
    assert f'MP_CONFIGFILE="{header}"' in said["DEFINITIONS"] and header.is_file()


@pytest.mark.parametrize(
    ("option", "source"), [("MBEDTLS_HARDWARE_MPI", "product.c"), ("ETH_USE_OPENETH", "openeth.c")]
)
def test_what_depends_on_the_sdk_is_there_only_with_its_option(tmp_path: Path, option: str, source: str) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    assert source in names(configured(tmp_path / "with", *NEEDS, option)["SOURCES"])
    assert source not in names(configured(tmp_path / "without", *NEEDS)["SOURCES"])


def test_products_are_routed_only_where_an_engine_makes_them(tmp_path: Path) -> None:
    said = configured(tmp_path, *NEEDS, "MBEDTLS_HARDWARE_MPI")
    wraps = {f"-Wl,--wrap=mbedtls_mpi_{name}" for name in ("mul_mpi", "mul_int", "exp_mod_unsafe")}
    assert wraps <= set(said["LINK_OPTIONS"])


def test_engines_are_counted_only_if_asked_for(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    settings = "\n".join([*(f"set(CONFIG_{name} y)" for name in NEEDS), "set(MPY_SSL_ENGINE_COUNTS 1)"])
    _, said, _ = run_cmake(tmp_path / "with", COMPONENT % (settings, ROOT))
    assert "counts.c" in names(said["SOURCES"]) and "MPY_SSL_ENGINE_COUNTS=1" in said["DEFINITIONS"]
    assert {"-Wl,--wrap=esp_aes_process_dma", "-Wl,--wrap=esp_sha_block"} <= set(said["LINK_OPTIONS"])
    # What counts may not keep alive what nobody calls.
    assert "-Wl,--undefined=esp_aes_process_dma" not in said["LINK_OPTIONS"]
    plain = configured(tmp_path / "without", *NEEDS)
    assert "counts.c" not in names(plain["SOURCES"]) and "-Wl,--wrap=esp_aes_process_dma" not in plain["LINK_OPTIONS"]


def test_the_emulated_variant_counts(tmp_path: Path) -> None:
    variant = ROOT / "boards" / "ESP32_GENERIC_C3" / "mpconfigvariant_QEMU.cmake"
    text = "cmake_minimum_required(VERSION 3.16)\nproject(x NONE)\ninclude(%s)\n"
    text += 'message("COUNTS ${MPY_SSL_ENGINE_COUNTS}")\n'
    assert run_cmake(tmp_path, text % variant)[1]["COUNTS"] == ["1"]


def test_the_self_tests_operations_can_be_left_out(tmp_path: Path) -> None:
    settings = "\n".join([*(f"set(CONFIG_{name} y)" for name in NEEDS), "set(MPY_SSL_PRIMITIVES 0)"])
    assert "MPY_SSL_PRIMITIVES=0" in run_cmake(tmp_path, COMPONENT % (settings, ROOT))[1]["DEFINITIONS"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("MBEDTLS_HAVE_TIME_DATE",), "leaves out what TLS needs"),
        (("MBEDTLS_SSL_PROTO_TLS1_2",), "leaves out what TLS needs"),
        ((*NEEDS, "MBEDTLS_CUSTOM_MEM_ALLOC"), "set CONFIG_MBEDTLS_DEFAULT_MEM_ALLOC=y"),
    ],
)
def test_an_sdk_that_cannot_do_is_refused_with_the_cure(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    code, _, text = component(tmp_path, *options)
    assert code != 0 and message in " ".join(text.split())


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("boards/ESP32_*/mpconfigboard.cmake")), ids=lambda path: path.parent.name
)
def test_a_board_gives_chip_fragments_and_manifest(tmp_path: Path, path: Path) -> None:
    (tmp_path / "boards").mkdir()
    for name in ("base", "ble", "other"):
        (tmp_path / "boards" / f"sdkconfig.{name}").touch()
    code, said, text = run_cmake(tmp_path, PROJECT % (path.parent, ""))
    assert code == 0, text
    board = firmware.read_board(ROOT, path.parent.name)
    assert said["TARGET"] == [board.chip]
    found = [Path(name).resolve() for name in said["FRAGMENTS"]]
    theirs, ours = found[:-3], found[-3:]
    assert ours == espidf.fragments(ROOT, path.parent, board.chip, "")
    # MicroPython's base comes first, and fragments that this version does not have are left out.
    assert theirs[0].name == "sdkconfig.base" and names([str(name) for name in theirs]) <= {
        "sdkconfig.base",
        "sdkconfig.ble",
    }
    assert said["MANIFEST"] == [str(path.parent / "manifest.py")]


def test_the_emulated_variant_adds_its_fragment_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "sdkconfig.base").touch()
    folder = ROOT / "boards" / "ESP32_GENERIC_C3"
    variant = "include(${MICROPY_BOARD_DIR}/mpconfigvariant_QEMU.cmake)"
    _, said, _ = run_cmake(tmp_path, PROJECT % (folder, variant))
    found = [Path(name).resolve() for name in said["FRAGMENTS"]]
    assert found[-4:] == espidf.fragments(ROOT, folder, "esp32c3", "QEMU")


def test_a_board_outside_of_micropython_says_so(tmp_path: Path) -> None:
    code, _, text = run_cmake(tmp_path, PROJECT % (ROOT / "boards" / "ESP32_GENERIC", ""))
    assert code != 0 and "build this board in MicroPython's ports/esp32" in " ".join(text.split())
