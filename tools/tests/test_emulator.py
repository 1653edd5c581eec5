# SPDX-License-Identifier: MIT
"""Making the emulated RP2040 ready, and its boot ROM."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import emulator
import pytest
from console import ToolError


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.usefixtures("programs")
def test_without_node_the_packages_are_named() -> None:
    with pytest.raises(ToolError, match=r"needs node, which is not installed[\s\S]*Debian packages nodejs and npm"):
        emulator.check_node()


def test_without_npm_the_packages_are_named(programs: Path) -> None:
    program(programs, "node", "echo v20.1.0")
    with pytest.raises(ToolError, match="needs npm, which is not installed"):
        emulator.check_node()


def test_an_old_node_is_told_its_version(programs: Path) -> None:
    program(programs, "node", "echo v12.22.9")
    program(programs, "npm", "exit 0")
    with pytest.raises(ToolError, match=r"needs Node\.js 18, and node says 'v12\.22\.9'"):
        emulator.check_node()


def test_a_failure_of_npm_shows_what_it_said(programs: Path, tmp_path: Path) -> None:
    program(programs, "node", "echo v20.1.0")
    program(programs, "npm", "echo ENOTFOUND; exit 1")
    (tmp_path / "package-lock.json").write_text("{}")
    with pytest.raises(ToolError, match=r"ENOTFOUND[\s\S]*npm_config_registry"):
        emulator.install_packages(tmp_path)


def test_packages_are_installed_once_for_a_lock_file(programs: Path, tmp_path: Path) -> None:
    program(programs, "node", "echo v20.1.0")
    program(programs, "npm", "/bin/mkdir -p node_modules; echo run >>log")
    for lock in ("{}", "{}", "[]"):
        (tmp_path / "package-lock.json").write_text(lock)
        emulator.install_packages(tmp_path)
    assert (tmp_path / "log").read_text() == "run\nrun\n"


@pytest.mark.usefixtures("programs")
def test_without_a_compiler_the_packages_are_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"needs arm-none-eabi-gcc[\s\S]*gcc-arm-none-eabi"):
        emulator.build_rom(emulator.FOLDER, tmp_path)


def test_the_lock_file_pins_by_hash_and_names_no_host() -> None:
    lock = json.loads((emulator.FOLDER / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages and all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)
