# SPDX-License-Identifier: MIT
"""ESP32 builds without ESP-IDF: versions, the SDK's options, and what a build with a scripted SDK is given."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import espidf
import firmware
import pytest
from console import ToolError
from espidf import Option, Options, Setting, check_options, check_taken, overflow_of, parse
from sources import Trees

ESP32_BOARDS = [
    name
    for name in sorted(path.parent.name for path in firmware.ROOT.glob("boards/*/board.json"))
    if firmware.read_board(firmware.ROOT, name).port == "esp32"
]


def write_idf(folder: Path, version: str, mbedtls: str = "3.6.4") -> Path:
    """ESP-IDF as far as the planner looks at it."""
    parts = version.split(".")
    cmake = folder / "tools" / "cmake" / "version.cmake"
    cmake.parent.mkdir(parents=True)
    names = ("MAJOR", "MINOR", "PATCH")
    cmake.write_text("".join(f"set(IDF_VERSION_{n} {v})\n" for n, v in zip(names, parts, strict=True)))
    (cmake.parent / "project.cmake").touch()
    header = folder / "components" / "mbedtls" / "mbedtls" / "include" / "mbedtls" / "build_info.h"
    header.parent.mkdir(parents=True)
    names = ("MAJOR", "MINOR", "PATCH")
    numbers = zip(names, mbedtls.split("."), strict=True)
    header.write_text("".join(f"#define MBEDTLS_VERSION_{n} {v}\n" for n, v in numbers))
    return folder


def write_micropython(folder: Path, version: str = "1.28.0") -> Path:
    """A full checkout as far as the planner looks at it."""
    files = ("py/mpconfig.h", "ports/esp32/CMakeLists.txt", *espidf.SUBMODULES)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    names = ("MAJOR", "MINOR", "MICRO")
    text = "".join(f"#define MICROPY_VERSION_{n} {v}\n" for n, v in zip(names, version.split("."), strict=True))
    (folder / "py" / "mpconfig.h").write_text(text)
    return folder


def write_program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def find(tmp_path: Path, idf: str, micropython: str = "1.28.0") -> espidf.Idf:
    folder = write_idf(tmp_path / "idf", idf)
    write_program(tmp_path / "bin" / "idf.py", "exit 0")
    env = {"IDF_PATH": str(folder), "PATH": f"{tmp_path}/bin"}
    return espidf.find(firmware.ROOT, env, write_micropython(tmp_path / "mp", micropython), "esp32c3", "B")


# Versions


@pytest.mark.parametrize(
    ("micropython", "idf"),
    [
        ("1.25.0", "5.2.2"),
        ("1.25.0", "5.4.0"),
        ("1.26.1", "5.4.2"),
        ("1.27.0", "5.5.1"),
        ("1.27.0", "5.2.2"),
        ("1.28.0", "5.5.1"),
        ("1.28.0", "5.3.0"),
        ("1.29.0", "5.5.2"),
        ("1.29.0", "5.5.4"),
    ],
)
def test_versions_that_go_together(tmp_path: Path, micropython: str, idf: str) -> None:
    assert find(tmp_path, idf, micropython) == espidf.Idf(tmp_path / "idf", idf, "")


@pytest.mark.parametrize(
    ("micropython", "idf", "recommended"),
    [
        ("1.25.0", "5.2.0", "5.2.2"),
        ("1.25.0", "5.5.1", "5.2.2"),
        ("1.26.1", "5.5.4", "5.4.2"),
        ("1.28.0", "5.2.2", "5.5.1"),
        ("1.29.0", "5.1.6", "5.5.2"),
    ],
)
def test_versions_that_do_not(tmp_path: Path, micropython: str, idf: str, recommended: str) -> None:
    with pytest.raises(ToolError, match=f"ESP-IDF {idf} is not supported") as caught:
        find(tmp_path, idf, micropython)
    assert f"git clone -b v{recommended} --recursive" in caught.value.cure
    assert f"esp-idf-{recommended}/install.sh esp32c3" in caught.value.cure


def test_esp_idf_6_says_why(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="has Mbed TLS 4, which is not supported"):
        find(tmp_path, "6.0.0", "1.29.0")


def test_a_later_patch_is_a_warning(tmp_path: Path) -> None:
    assert "MicroPython 1.28 was not tried with ESP-IDF 5.5.4" in find(tmp_path, "5.5.4", "1.28.0").warning


def test_every_supported_micropython_has_a_row() -> None:
    table = espidf.read_support(firmware.ROOT)
    assert [row.micropython for row in table] == ["1.25", "1.26", "1.27", "1.28", "1.29"]
    for row in table:
        assert espidf.numbers(row.first) <= espidf.numbers(row.recommended) <= espidf.numbers(row.last)


# What is missing


def test_without_esp_idf_it_says_how_to_get_it(tmp_path: Path) -> None:
    micropython = write_micropython(tmp_path / "mp")
    with pytest.raises(ToolError, match="ESP32_X needs ESP-IDF, and IDF_PATH is not set") as caught:
        espidf.find(firmware.ROOT, {}, micropython, "esp32s3", "ESP32_X")
    assert "git clone -b v5.5.1" in caught.value.cure and "install.sh esp32s3" in caught.value.cure


def test_a_folder_that_is_no_esp_idf(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=f"IDF_PATH={tmp_path} is not ESP-IDF"):
        espidf.find(firmware.ROOT, {"IDF_PATH": str(tmp_path)}, write_micropython(tmp_path / "mp"), "esp32", "B")


def test_an_empty_submodule_names_the_command(tmp_path: Path) -> None:
    idf = write_idf(tmp_path / "idf", "5.5.1")
    (idf / "components/mbedtls/mbedtls/include/mbedtls/build_info.h").unlink()
    with pytest.raises(ToolError, match="is empty") as caught:
        espidf.check_mbedtls(idf)
    assert caught.value.cure == f"run: git -C {idf} submodule update --init --recursive"


def test_an_older_mbedtls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"has Mbed TLS 3\.5\.0; 3\.6 is needed"):
        espidf.check_mbedtls(write_idf(tmp_path / "idf", "5.2.0", "3.5.0"))


def test_tools_that_are_not_installed(tmp_path: Path) -> None:
    idf = write_idf(tmp_path / "idf", "5.5.1")
    env = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    with pytest.raises(ToolError, match="no .*/tools/riscv32-esp-elf") as caught:
        espidf.check_tools(idf, "esp32c3", env)
    assert caught.value.cure == f"run: {idf}/install.sh esp32c3"
    (tmp_path / ".espressif" / "tools" / "riscv32-esp-elf").mkdir(parents=True)
    write_program(idf / "export.sh", ":")
    espidf.check_tools(idf, "esp32c3", env)


def test_without_a_checkout_it_says_how_to_get_one() -> None:
    with pytest.raises(ToolError, match="B needs a full checkout of MicroPython") as caught:
        espidf.check_micropython({}, "B")
    assert "make firmware BOARD=B MICROPY_DIR=" in caught.value.cure


def test_a_checkout_without_submodules(tmp_path: Path) -> None:
    folder = write_micropython(tmp_path)
    (folder / espidf.SUBMODULES[0]).unlink()
    with pytest.raises(ToolError, match="is not a full checkout: it has no lib/micropython-lib") as caught:
        espidf.check_micropython({"MICROPY_DIR": str(folder)}, "B")
    assert "ports/esp32 submodules" in caught.value.cure


# Options


@pytest.mark.parametrize("name", ESP32_BOARDS)
@pytest.mark.parametrize("idf", ["5.2.2", "5.5.4"])
def test_the_fragments_of_every_board_are_documented_and_consistent(name: str, idf: str) -> None:
    wanted = firmware.wanted_options(firmware.read_board(firmware.ROOT, name), idf)
    assert wanted["MBEDTLS_HARDWARE_MPI"] == wanted["MBEDTLS_SSL_PROTO_TLS1_3"] == "y"


@pytest.mark.parametrize("name", ESP32_BOARDS)
def test_every_engine_of_the_chip_is_on(name: str) -> None:
    board = firmware.read_board(firmware.ROOT, name)
    options = espidf.read_options(firmware.ROOT)
    wanted = firmware.wanted_options(board, "5.5.1")
    engines = {key: option for key, option in options.options.items() if "_HARDWARE_" in key or "_INTERRUPT" in key}
    for key, option in engines.items():
        has = set(option.soc) <= options.chips[board.chip]
        assert (wanted.get(key) == "y") == has, f"{board.chip} has {key}: {has}"


@pytest.mark.parametrize("name", ESP32_BOARDS)
def test_the_board_file_names_existing_fragments(name: str) -> None:
    board = firmware.read_board(firmware.ROOT, name)
    assert f"set(IDF_TARGET {board.chip})" in (board.folder / "mpconfigboard.cmake").read_text()
    assert all(path.is_file() for path in espidf.fragments(firmware.ROOT, board.folder, board.chip, board.variant))
    if board.variant:
        text = (board.folder / f"mpconfigvariant_{board.variant}.cmake").read_text()
        assert f"sdkconfig.{board.variant.lower()}" in text


OPTIONS = Options(
    {
        "A": Option("A", "a", "5.2", "n"),
        "B": Option("B", "b", "5.2", "n", requires=("A",)),
        "C": Option("C", "c", "5.4", "n", conflicts=("A",)),
        "D": Option("D", "d", "5.2", "y", soc=("ECC",)),
        "E": Option("E", "e", "5.2", "n", requires=("D",)),
    },
    {"chip": frozenset(), "ecc": frozenset({"ECC"})},
)


def check(*settings: str, chip: str = "ecc", idf: str = "5.5.0") -> dict[str, str]:
    pairs = [text.split("=") for text in settings]
    return check_options(OPTIONS, [Setting(k, v, f"f:{i}") for i, (k, v) in enumerate(pairs, 1)], chip, idf)


def test_good_options() -> None:
    assert check("A=y", "B=y", "E=y") == {"A": "y", "B": "y", "E": "y"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["X=y"], "f:1: CONFIG_X is unknown"),
        (["A=y", "A=n"], "f:2: CONFIG_A=n contradicts f:1, which says y"),
        (["B=y"], "CONFIG_B needs CONFIG_A, which is off"),
        (["A=y", "C=y"], "CONFIG_C excludes CONFIG_A"),
        (["D=n", "E=y"], "CONFIG_E needs CONFIG_D, which is off"),
    ],
)
def test_bad_options(settings: list[str], message: str) -> None:
    with pytest.raises(ToolError, match=message):
        check(*settings)


def test_an_option_for_another_chip() -> None:
    with pytest.raises(ToolError, match="chip has no ECC for CONFIG_D"):
        check("D=y", chip="chip")


def test_an_option_of_a_newer_esp_idf() -> None:
    with pytest.raises(ToolError, match=r"ESP-IDF 5\.3\.1 has no CONFIG_C"):
        check("C=y", idf="5.3.1")


def test_fragments_are_parsed(tmp_path: Path) -> None:
    path = tmp_path / "sdkconfig.x"
    path.write_text('# words\n\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="text"\n')
    assert [(s.option, s.value, s.place) for s in parse(path)] == [
        ("A", "y", "sdkconfig.x:3"),
        ("B", "n", "sdkconfig.x:4"),
        ("C", '"text"', "sdkconfig.x:5"),
    ]


@pytest.mark.parametrize("line", ["MBEDTLS_X=y", "CONFIG_A", "CONFIG_a=y", "set(A y)"])
def test_a_line_that_is_no_option_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "sdkconfig.x"
    path.write_text(f"CONFIG_A=y\n{line}\n")
    with pytest.raises(ToolError, match="sdkconfig.x:2: not an option"):
        parse(path)


def test_an_option_that_the_sdk_dropped_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sdkconfig"
    path.write_text("CONFIG_A=y\n# CONFIG_B is not set\n")
    check_taken(path, {"A": "y", "B": "n", "C": "n"})
    with pytest.raises(ToolError, match="ESP-IDF did not take CONFIG_B=y became n"):
        check_taken(path, {"A": "y", "B": "y"})


# Builds with a scripted SDK

IDF_PY = r"""
echo "idf.py $*" >> "$LOG"
while [ $# -gt 0 ]; do [ "$1" = -B ] && build="$2"; shift; done
mkdir -p "$build"
cp "$SDKCONFIG" "$build/sdkconfig"
[ -z "$OVERFLOW" ] || { echo "  - Part 'factory' (overflow $OVERFLOW)"; exit 2; }
echo "[1/2] Building C object esp-idf/main/x.o"
"""
# What MicroPython's own makefile does, as far as it matters here.
UPSTREAM = """all:
	idf.py $(IDFPY_FLAGS) -D MICROPY_BOARD=$(BOARD) -D VARIANT=$(BOARD_VARIANT) \\
		-D U=$(USER_C_MODULES) -B $(BUILD) build
"""


@pytest.fixture
def build(tmp_path: Path) -> firmware.Job:
    """How ESP32_GENERIC_C3_QEMU is built, with a scripted idf.py."""
    micropython = write_micropython(tmp_path / "mp")
    (micropython / "ports" / "esp32" / "Makefile").write_text(UPSTREAM)
    write_program(tmp_path / "bin" / "idf.py", IDF_PY)
    board = firmware.read_board(firmware.ROOT, "ESP32_GENERIC_C3_QEMU")
    wanted = firmware.wanted_options(board, "5.5.1")
    (tmp_path / "sdkconfig").write_text("".join(f"CONFIG_{key}={value}\n" for key, value in wanted.items()))
    env = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "LOG": str(tmp_path / "log"),
        "SDKCONFIG": str(tmp_path / "sdkconfig"),
    }
    trees = Trees(micropython, tmp_path, tmp_path, tmp_path)
    job = firmware.board_job(firmware.ROOT, board, trees, env, tmp_path / "build" / board.name)
    return replace(job, variables={**job.variables, "IDF_PATH": str(write_idf(tmp_path / "idf", "5.5.1"))})


def test_the_sdk_is_given_board_variant_module_and_version(
    build: firmware.Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware.run_make(build, 1, tmp_path / "make.log")
    said = (tmp_path / "log").read_text()
    assert "-D MICROPY_BOARD=ESP32_GENERIC_C3 -D VARIANT=QEMU" in said
    assert f"-D U={firmware.ROOT}/usermod/ssl/micropython.cmake" in said
    assert f"-D MPY_SSL_VERSION={build.variables['MPY_SSL_VERSION']}" in said
    assert "1 files compiled" in capsys.readouterr().out
    board = firmware.read_board(firmware.ROOT, "ESP32_GENERIC_C3_QEMU")
    check_taken(build.build / "sdkconfig", firmware.wanted_options(board, "5.5.1"))


def test_an_image_that_is_too_long_says_by_how_much(build: firmware.Job, tmp_path: Path) -> None:
    long = replace(build, environment={**build.environment, "OVERFLOW": "0x1234"})
    with pytest.raises(ToolError, match="the image is 4660 bytes longer than its partition"):
        firmware.run_make(long, 1, tmp_path / "make.log")


def test_the_overflow_is_read_from_both_checks() -> None:
    assert overflow_of("ERROR: application overflows allocated space of 2031616 bytes by 48 bytes") == 48
    assert overflow_of("  - Part 'factory' 0/0 @ 0x10000 size 0x1f0000 (overflow 0x20)") == 32
    assert overflow_of("fine") == 0


def test_the_makefile_activates_the_sdk_by_itself(build: firmware.Job, tmp_path: Path) -> None:
    hidden = (tmp_path / "bin").rename(tmp_path / "hidden")
    (Path(build.variables["IDF_PATH"]) / "export.sh").write_text(f"export PATH={hidden}:$PATH\n")
    firmware.run_make(build, 1, tmp_path / "make.log")
    assert "idf.py" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("ports/esp32/CMakeLists.txt", "is not a MicroPython source tree"),
        ("lib/micropython-lib/README.md", "submodules"),
    ],
)
def test_the_makefile_names_what_is_missing(build: firmware.Job, missing: str, message: str) -> None:
    (Path(build.variables["MICROPY_DIR"]) / missing).unlink()
    settings = [f"{key}={value}" for key, value in build.variables.items()]
    done = subprocess.run(
        ["make", "-C", str(build.folder), *settings],
        capture_output=True,
        text=True,
        env=dict(build.environment),
        check=False,
    )
    assert done.returncode != 0 and message in done.stderr


def test_nothing_is_fetched_where_all_boards_have_an_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    micropython = write_micropython(tmp_path / "mp")
    monkeypatch.setenv("MICROPY_DIR", str(micropython))
    monkeypatch.setattr(firmware, "sources", type("NoSources", (), {"Trees": Trees}))
    trees = firmware.trees_for([firmware.read_board(firmware.ROOT, "ESP32_GENERIC")])
    assert trees.micropython == micropython
