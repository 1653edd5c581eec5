# SPDX-License-Identifier: MIT
"""Building boards: what make is given, when a build starts over, and how failures look."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import firmware
import pytest
from console import ToolError
from firmware import (
    Board,
    Job,
    board_job,
    clean_environment,
    fingerprint,
    mpy_cross_folder,
    read_board,
    run_make,
    settings_of,
    start_over_if_changed,
)
from sources import Trees


def write_board(root: Path, name: str, text: str) -> None:
    folder = root / "boards" / name
    folder.mkdir(parents=True)
    (folder / "board.json").write_text(text)


def test_read_board(tmp_path: Path) -> None:
    write_board(tmp_path, "ONE", json.dumps({"port": "unix", "image": "build/ONE/program"}))
    folder = tmp_path / "boards" / "ONE"
    assert read_board(tmp_path, "ONE") == Board("ONE", "unix", folder, tmp_path / "build" / "ONE" / "program", "ONE")


def test_a_variant_is_built_from_its_board(tmp_path: Path) -> None:
    write_board(tmp_path, "ONE", json.dumps({"port": "esp32", "image": "build/ONE/x"}))
    variant = {"port": "esp32", "image": "build/ONE_FAST/x", "board": "ONE", "variant": "FAST", "mcu": "chip"}
    write_board(tmp_path, "ONE_FAST", json.dumps(variant))
    board = read_board(tmp_path, "ONE_FAST")
    assert (board.name, board.base, board.variant, board.chip) == ("ONE_FAST", "ONE", "FAST", "chip")
    trees = Trees(*[tmp_path] * 4)
    variables = board_job(tmp_path, board, trees, {}, tmp_path / "build" / "ONE_FAST").variables
    assert variables["BOARD"] == "ONE" and variables["BOARD_VARIANT"] == "FAST"
    assert variables["BOARD_DIR"] == str(tmp_path / "boards" / "ONE")


def test_an_unknown_board_names_those_there_are(tmp_path: Path) -> None:
    write_board(tmp_path, "ONE", "{}")
    write_board(tmp_path, "TWO", "{}")
    with pytest.raises(ToolError, match=r"no board 'THREE'[\s\S]*use one of: ONE TWO"):
        read_board(tmp_path, "THREE")


@pytest.mark.parametrize("text", ["{", '{"port": "unix"}'])
def test_a_broken_board_file_is_named(tmp_path: Path, text: str) -> None:
    write_board(tmp_path, "ONE", text)
    with pytest.raises(ToolError, match=r"ONE/board\.json is not valid"):
        read_board(tmp_path, "ONE")


def test_all_boards_of_the_project_can_be_read() -> None:
    names = [path.parent.name for path in firmware.ROOT.glob("boards/*/board.json")]
    assert {"UNIX", "UNIX_SAN"} <= set(names)
    for name in names:
        assert read_board(firmware.ROOT, name).image.is_relative_to(firmware.ROOT / "build" / name)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A MicroPython checkout of which git knows the version."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "name", ["MAKEFLAGS", "CFLAGS", "CFLAGS_EXTRA", "LDFLAGS", "BOARD", "BUILD", "VARIANT_DIR", "MICROPY_DIR", "DEBUG"]
)
def test_the_environment_does_not_decide_what_is_built(checkout: Path, name: str) -> None:
    assert name not in clean_environment({name: "x"}, checkout, checkout)


def test_the_environment_keeps_what_programs_need(checkout: Path) -> None:
    env = clean_environment({"PATH": "/bin", "HOME": "/root", "V": "1"}, checkout, checkout)
    assert (env["PATH"], env["HOME"], env["V"]) == ("/bin", "/root", "1")


def test_the_version_of_fetched_sources_is_not_that_of_the_git_around_them(tmp_path: Path) -> None:
    header = tmp_path / "py" / "mpconfig.h"
    header.parent.mkdir()
    parts = ("MAJOR 1", "MINOR 25", "MICRO 0")
    header.write_text("".join(f"#define MICROPY_VERSION_{part}\n" for part in parts))
    assert clean_environment({}, tmp_path, tmp_path)["MICROPY_GIT_TAG"] == "v1.25.0"


def test_the_version_of_a_checkout_comes_from_its_git(checkout: Path) -> None:
    assert "MICROPY_GIT_TAG" not in clean_environment({}, checkout, checkout)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job whose makefile compiles two things, or fails when BROKEN is set."""
    folder = tmp_path / "port"
    folder.mkdir()
    (folder / "Makefile").write_text(
        "all:\n\t@echo CC one.c\n\t@echo CC two.c\n\t@test -z '$(BROKEN)' || { echo boom; exit 1; }\n"
    )
    return Job("ONE", folder, tmp_path / "build" / "ONE", {"BOARD": "ONE"}, {"PATH": "/usr/bin:/bin"})


def test_make_is_counted_and_logged(job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_make(job, 1, tmp_path / "logs" / "make.log")
    assert "2 files compiled" in capsys.readouterr().out
    assert "CC two.c" in (tmp_path / "logs" / "make.log").read_text()


def test_a_failed_make_shows_the_end_of_its_log_and_the_command(job: Job, tmp_path: Path) -> None:
    broken = replace(job, variables={"BROKEN": "very much"})
    with pytest.raises(ToolError) as caught:
        run_make(broken, 1, tmp_path / "make.log")
    assert "boom" in caught.value.cause and str(tmp_path / "make.log") in caught.value.cause
    assert f"make -C {job.folder} -j1 'BROKEN=very much'" in caught.value.cure


def test_a_port_without_makefile_is_an_error(job: Job, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no makefile"):
        run_make(replace(job, folder=tmp_path / "nothing"), 1, tmp_path / "make.log")


def test_fingerprint_follows_variables_and_makefiles(job: Job) -> None:
    makefile = job.folder / "Makefile"
    before = fingerprint(job, [makefile])
    assert fingerprint(replace(job, variables={"BOARD": "TWO"}), [makefile]) != before
    makefile.write_text("all:\n")
    assert fingerprint(job, [makefile]) != before


def test_fingerprint_leaves_out_the_version(job: Job) -> None:
    old, new = (replace(job, variables={"MPY_SSL_VERSION": text}) for text in ("1", "2"))
    assert fingerprint(old, []) == fingerprint(new, [])


def test_fingerprint_follows_what_a_source_tree_was_unpacked_from(job: Job, tmp_path: Path) -> None:
    tree = tmp_path / "lwip"
    tree.mkdir()
    job = replace(job, variables={"LWIP_DIR": str(tree)})
    (tree / ".mpy-ssl-stamp").write_text("one")
    before = fingerprint(job, [])
    (tree / ".mpy-ssl-stamp").write_text("two")
    assert fingerprint(job, []) != before


def test_an_unchanged_build_goes_on(job: Job) -> None:
    start_over_if_changed(job, "same")
    (job.build / "object.o").touch()
    start_over_if_changed(job, "same")
    assert (job.build / "object.o").exists()


def test_a_changed_build_starts_over(job: Job) -> None:
    start_over_if_changed(job, "old")
    (job.build / "object.o").touch()
    start_over_if_changed(job, "new")
    assert not (job.build / "object.o").exists()


def test_a_folder_that_is_no_build_is_not_emptied(job: Job) -> None:
    job.build.mkdir(parents=True)
    (job.build / "letter.txt").touch()
    with pytest.raises(ToolError, match="not a build"):
        start_over_if_changed(job, "new")
    assert (job.build / "letter.txt").exists()


def test_each_micropython_has_its_own_mpy_cross(tmp_path: Path) -> None:
    fetched = Trees(tmp_path / "build" / "src" / "micropython", tmp_path, tmp_path, tmp_path)
    folders = [mpy_cross_folder(tmp_path, replace(fetched, micropython=Path(name))) for name in ("/one", "/two")]
    assert mpy_cross_folder(tmp_path, fetched) == tmp_path / "build" / "mpy-cross"
    assert len({*folders, tmp_path / "build" / "mpy-cross"}) == 3


def test_settings_and_boards_may_be_mixed() -> None:
    assert settings_of(["ONE", "A=1", "TWO", "B=x=y"]) == (["ONE", "TWO"], {"A": "1", "B": "x=y"})
