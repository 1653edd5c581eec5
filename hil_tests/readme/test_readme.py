# SPDX-License-Identifier: MIT
"""README.md, run: every command is one that a test runs, and the example does what it says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.boards import Board
from hil_tests.certificates import Authority
from hil_tests.readme.commands import checkout, kept_folder, mpy_cross, run
from hil_tests.readme.document import ROOT, Document

MODULE_MAKE = "make -C ports/{port} {board}USER_C_MODULES=…/mpy-ssl/usermod{cmake}"
CMAKE = "/ssl/micropython.cmake"

# Every command of README.md, and the test that runs it. One that is not here fails test_every_command_is_tested().
TESTED_BY = {
    "make demo": "test_make_demo_reports_verified_sessions",
    "make test": "test_ci_runs_make_test",
    "make help": "test_make_help_lists_the_targets",
    "make test-upstream": "test_target_exists",
    "make bench": "test_target_exists",
    "make size": "test_target_exists",
    "TZ=UTC mpremote rtc --set": "test_make_demo_reports_verified_sessions",
    "make firmware BOARD=UNIX MICROPY_DIR=…": "test_firmware_builds_from_a_checkout",
    MODULE_MAKE.format(port="unix", board="", cmake=""): "test_module_builds_without_our_makefile",
    MODULE_MAKE.format(port="qemu", board="BOARD=MPS2_AN385 ", cmake=""): "test_module_builds_without_our_makefile",
    MODULE_MAKE.format(port="rp2", board="BOARD=RPI_PICO2_W ", cmake=CMAKE): "test_module_builds_without_our_makefile",
    MODULE_MAKE.format(
        port="esp32", board="BOARD=ESP32_GENERIC_C3 ", cmake=CMAKE
    ): "test_module_builds_without_our_makefile",
}


def test_every_command_is_tested() -> None:
    assert sorted(Document.read().commands()) == sorted(TESTED_BY)


@pytest.mark.parametrize("test", sorted(set(TESTED_BY.values())))
def test_named_test_exists(test: str) -> None:
    assert test in globals()


def test_make_help_lists_the_targets() -> None:
    listed = run("make", "help")
    for target in ("demo", "test", "test-upstream", "bench", "size", "firmware"):
        assert f"\n{target} " in f"\n{listed}"


@pytest.mark.parametrize("target", ["test-upstream", "bench", "size"])
def test_target_exists(target: str) -> None:
    assert run("make", "-n", target)


def test_ci_runs_make_test() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("\nmake test")


def test_make_demo_reports_verified_sessions() -> None:
    report = run("make", "demo")
    assert "mpremote rtc --set" in report
    assert "FAIL" not in report


README_HOST = "example.com"


def test_example_reads_a_page(board: Board, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, peers.http(b"hello"))
    values = server.values(board)
    code = Document.read().blocks("python")[0]
    assert f'getaddrinfo("{README_HOST}", 443)' in code
    code = code.replace(f'getaddrinfo("{README_HOST}", 443)', f'getaddrinfo("{values["HOST"]}", {values["PORT"]})')
    code = code.replace(f'server_hostname="{README_HOST}"', f'server_hostname="{values["NAME"]}"')
    board.put(authority.p256.root_pem, "ca.pem")
    lines = board.exec(code).lines
    assert repr(server.session().version) in lines[0]
    assert lines[1].startswith("b'HTTP/1.") and "200" in lines[1]


def version_of(micropython: Path) -> tuple[int, int]:
    """Major and minor version, as py/mpconfig.h has them."""
    text = (micropython / "py" / "mpconfig.h").read_text(encoding="utf-8")
    numbers = [int(text.split(f"#define MICROPY_VERSION_{part} ")[1].split()[0]) for part in ("MAJOR", "MINOR")]
    return numbers[0], numbers[1]


def missing(port: str) -> str | None:
    """Why the module cannot be built for a port here, or None."""
    if port == "qemu" and version_of(checkout()) < (1, 27):
        return "the Arm linker scripts of MicroPython before 1.27 have no place for .ARM.exidx; give MICROPY_DIR="
    if port == "qemu" and shutil.which("arm-none-eabi-gcc") is None:
        return "no arm-none-eabi-gcc"
    if port == "rp2" and not (checkout() / "lib" / "cyw43-driver" / "src").is_dir():
        return "RPI_PICO2_W needs a full checkout of MicroPython: give MICROPY_DIR="
    if port == "esp32" and "IDF_PATH" not in os.environ:
        return "no ESP-IDF (IDF_PATH is not set)"
    return None


@pytest.mark.parametrize("port", ["unix", "qemu", "rp2", "esp32"])
def test_module_builds_without_our_makefile(port: str) -> None:
    reason = missing(port)
    if reason is not None:
        pytest.skip(reason)
    command = next(words for words in TESTED_BY if words.startswith(f"make -C ports/{port} ")).split()
    module = command[-1].replace("…/mpy-ssl", str(ROOT))
    # The pinned source has no submodules: what needs them is left out, and mpy-cross is there already.
    reduced = ["MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0", f"FROZEN_MANIFEST={checkout()}/extmod/asyncio/manifest.py"]
    words = [*command[3:-1], module, *reduced]
    build = kept_folder(port, *words)
    run("make", "-j2", "-C", checkout() / "ports" / port, *words, f"BUILD={build}", MICROPY_MPYCROSS=str(mpy_cross()))
    if port == "unix":
        program = build / "micropython"
        script = "import ssl, tls, hashlib, cryptolib; print(ssl is tls, ssl.VERSION)"
        assert run(program, "-c", script).startswith("True ")


def test_firmware_builds_from_a_checkout() -> None:
    # In a folder of its own, because tests run on the board's image meanwhile.
    folder = ROOT / "build" / "readme" / "checkout"
    builder = f"FIRMWARE=.venv/bin/python tools/firmware.py --build {folder}"
    assert "firmware: UNIX" in run("make", "firmware", "BOARD=UNIX", f"MICROPY_DIR={checkout()}", builder)
    assert run(folder / "micropython", "-c", "import ssl; print(ssl.VERSION)").strip()
