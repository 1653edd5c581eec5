# SPDX-License-Identifier: MIT
"""board.json: every board of the tree is valid, and a wrong file is named with its field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hil_tests.boards import DRIVERS, board_names, make_board, read_description
from hil_tests.boards.description import ROOT
from hil_tests.errors import RigError

GOOD = {"port": "unix", "image": "build/X/micropython", "capabilities": ["sockets"]}


def write(root: Path, settings: object) -> None:
    folder = root / "boards" / "X"
    folder.mkdir(parents=True)
    text = settings if isinstance(settings, str) else json.dumps(settings)
    (folder / "board.json").write_text(text)


@pytest.mark.parametrize("name", board_names())
def test_every_board_of_the_tree_has_a_driver(name: str, tmp_path: Path) -> None:
    description = read_description(name)
    assert description.port in DRIVERS
    assert make_board(description, tmp_path).image == ROOT / "build" / name / description.image.name


def test_the_image_is_absolute(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert read_description("X", tmp_path).image == tmp_path / "build/X/micropython"


def test_an_unknown_board_lists_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(RigError, match="no board Y.*the boards are: X"):
        read_description("Y", tmp_path)


def test_slowness_is_1_unless_it_is_said(tmp_path: Path) -> None:
    write(tmp_path / "one", GOOD)
    write(tmp_path / "two", {**GOOD, "slowness": 2.5})
    assert (read_description("X", tmp_path / "one").slowness, read_description("X", tmp_path / "two").slowness) == (
        1,
        2.5,
    )


@pytest.mark.parametrize("slowness", [0.5, -1, "4", None, True])
def test_a_slowness_that_makes_no_sense_is_named(tmp_path: Path, slowness: object) -> None:
    write(tmp_path, {**GOOD, "slowness": slowness})
    with pytest.raises(RigError, match='board.json: "slowness" must be a number of at least 1'):
        read_description("X", tmp_path)


@pytest.mark.parametrize("field", ["port", "image", "capabilities"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    write(tmp_path, {key: value for key, value in GOOD.items() if key != field})
    with pytest.raises(RigError, match=f'board.json: "{field}" must be'):
        read_description("X", tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [("{", "not JSON"), ([], "expected an object, found list"), ({**GOOD, "capabilities": "all"}, "list of strings")],
)
def test_a_malformed_file_is_named(tmp_path: Path, settings: object, message: str) -> None:
    write(tmp_path, settings)
    with pytest.raises(RigError, match=rf"board\.json: .*{message}"):
        read_description("X", tmp_path)


def test_a_port_without_a_driver_lists_the_drivers(tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "port": "z80"})
    with pytest.raises(RigError, match='no driver for "port": "z80"; there are: .*qemu.*unix'):
        make_board(read_description("X", tmp_path), tmp_path)
