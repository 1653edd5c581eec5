# SPDX-License-Identifier: MIT
"""`boards/<BOARD>/board.json`: what the rig knows about a board before it boots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil_tests.errors import RigError

ROOT = Path(__file__).resolve().parents[2]
SLOW = 3  # times as long as a quick board


@dataclass(frozen=True)
class BoardDescription:
    """One board. `image` is absolute; `settings` is the whole file, for the driver.

    `slowness`: how many times as long as a quick board it takes; `machine`: and how many times as long on this machine.
    Both are 1.0 or more. What a slow board does less of depends on the first alone.
    """

    name: str
    port: str
    image: Path
    capabilities: frozenset[str]
    settings: Mapping[str, object]
    slowness: float = 1.0
    machine: float = 1.0

    @property
    def is_slow(self) -> bool:
        """Whether it runs fewer tests: all of contract/, about the portable module, would take half an hour."""
        return self.slowness >= SLOW

    @property
    def patience(self) -> float:
        """How many times as long as for a quick board every wait of the rig may take."""
        return self.slowness * self.machine


def board_names(root: Path = ROOT) -> list[str]:
    """The boards of the tree, sorted."""
    return sorted(path.parent.name for path in (root / "boards").glob("*/board.json"))


def read_description(name: str, root: Path = ROOT) -> BoardDescription:
    """Read and check one board.json. Raises RigError that names the file and the field."""
    path = root / "boards" / name / "board.json"
    if not path.is_file():
        raise RigError(f"there is no board {name} ({path} is missing); the boards are: {', '.join(board_names(root))}")
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise RigError(f"{path}: not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise RigError(f"{path}: expected an object, found {type(settings).__name__}")
    return BoardDescription(
        name=name,
        port=text(path, settings, "port"),
        image=root / text(path, settings, "image"),
        capabilities=frozenset(texts(path, settings, "capabilities")),
        settings=settings,
        slowness=factor(path, settings, "slowness"),
    )


def text(path: Path, settings: Mapping[str, object], key: str) -> str:
    """A string field. Raises RigError."""
    value = settings.get(key)
    if not isinstance(value, str) or not value:
        raise RigError(f'{path}: "{key}" must be a string, found {value!r}')
    return value


def texts(path: Path, settings: Mapping[str, object], key: str) -> list[str]:
    """A field that is a list of strings. Raises RigError."""
    value = settings.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RigError(f'{path}: "{key}" must be a list of strings, found {value!r}')
    return value


def factor(path: Path, settings: Mapping[str, object], key: str) -> float:
    """A field that is a number of at least 1; 1.0 when it is missing. Raises RigError."""
    value = settings.get(key, 1)
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 1:
        raise RigError(f'{path}: "{key}" must be a number of at least 1, found {value!r}')
    return float(value)
