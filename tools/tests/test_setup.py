# SPDX-License-Identifier: MIT
"""What a machine lacks, and how that is said."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import setup
from console import ToolError


def test_wanted_packages_are_the_first_words() -> None:
    assert setup.wanted_packages("# comment\ngcc   # reason\n\nmake\n") == ["gcc", "make"]


def test_a_package_is_missing_unless_installed() -> None:
    status = "gcc installed\nmake config-files\n"
    assert setup.missing_packages(["gcc", "make", "curl"], status) == ["make", "curl"]


def test_a_board_adds_what_its_port_needs(tmp_path: Path) -> None:
    for path, text in {
        "tools/debian-packages.txt": "make\n",
        "ports/one/debian-packages.txt": "cmake\n",
        "boards/ONE/board.json": '{"port": "one"}',
        "boards/TWO/board.json": '{"port": "two"}',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    lists = [tmp_path / "tools/debian-packages.txt", tmp_path / "ports/one/debian-packages.txt"]
    assert setup.package_lists(tmp_path, ["ONE", "ONE", "TWO", "NO_BOARD"]) == lists


def test_a_package_is_not_wanted_where_its_program_is_there() -> None:
    assert setup.wanted_packages("nodejs sh\nnpm no-such-program\n") == ["npm"]


def test_a_board_that_is_run_adds_what_its_emulator_needs(tmp_path: Path) -> None:
    for path, text in {
        "emulators/one/debian-packages.txt": "nodejs\n",
        "boards/ONE/board.json": '{"port": "one", "emulator": {"folder": "emulators/one"}}',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    assert setup.package_lists(tmp_path, ["ONE"]) == []
    assert setup.package_lists(tmp_path, ["ONE"], ["ONE"]) == [tmp_path / "emulators/one/debian-packages.txt"]


def test_without_root_and_sudo_the_command_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolError) as caught:
        setup.install_packages(["curl", "mosquitto"])
    assert "missing Debian packages: curl mosquitto" in caught.value.cause
    assert "apt-get install curl mosquitto" in caught.value.cure


def test_without_a_usable_python_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "CAN_MAKE_VENV", "raise SystemExit(1)")
    with pytest.raises(ToolError, match=r"3\.11 or newer with venv and ensurepip \(tried: /.*[\s\S]*python3-venv"):
        setup.python_for_venv()


def test_an_environment_without_stamp_is_not_current(tmp_path: Path) -> None:
    assert not setup.venv_is_current(tmp_path)


def test_an_environment_is_current_until_the_lock_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("one")
    monkeypatch.setattr(setup, "REQUIREMENTS", lock)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/usr/bin/python3")
    (tmp_path / setup.STAMP).write_text(setup.venv_stamp(str(tmp_path / "bin" / "python")))
    assert setup.venv_is_current(tmp_path)
    lock.write_text("two")
    assert not setup.venv_is_current(tmp_path)


def test_every_locked_package_has_a_hash() -> None:
    lines = setup.REQUIREMENTS.read_text().splitlines()
    packages = [line for line in lines if line[:1].isalpha()]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages)


def test_the_makefile_explains_all_its_targets() -> None:
    text = (setup.ROOT / "Makefile").read_text()
    phony = {line.split()[1] for line in text.splitlines() if line.startswith(".PHONY:")}
    done = subprocess.run(["make", "-s", "-C", str(setup.ROOT), "help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    explained = {line.split()[0] for line in done.stdout.splitlines()}
    assert phony <= explained
