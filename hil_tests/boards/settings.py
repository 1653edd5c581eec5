# SPDX-License-Identifier: MIT
"""The "emulator" section of a board.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil_tests.boards.description import BoardDescription
from hil_tests.errors import RigError


@dataclass(frozen=True)
class EmulatorSettings:
    """How to start the emulator. `arguments` has placeholders in braces, `defaults` the values of some."""

    program: str
    package: str
    arguments: tuple[str, ...]
    defaults: Mapping[str, str]
    flash_size: int
    host_address: str
    ready: str
    crash: str

    def command(self, image: Path, flash: Path) -> list[str]:
        """The arguments, filled in. The serial port is 0: the emulator chooses."""
        values = {**self.defaults, "image": str(image), "flash_image": str(flash), "serial_port": "0"}
        try:
            return [argument.format_map(values) for argument in self.arguments]
        except KeyError as error:
            missing = error.args[0]
            raise RigError(f'board.json: "arguments" uses {{{missing}}}, which "defaults" does not have') from error


def read_emulator(description: BoardDescription) -> EmulatorSettings:
    """From the whole board.json. Raises RigError that names the missing field."""
    settings: Any = description.settings
    try:
        emulator, filesystem = settings["emulator"], settings["filesystem"]
        return EmulatorSettings(
            program=str(emulator["program"]),
            package=str(emulator["package"]),
            arguments=tuple(str(argument) for argument in emulator["arguments"]),
            defaults={str(key): str(value) for key, value in emulator["defaults"].items()},
            flash_size=int(filesystem["block_size"]) * int(filesystem["block_count"]),
            host_address=str(settings["network"]["host"]),
            ready=str(settings["console"]["ready"]),
            crash=str(settings["console"]["crash"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RigError(f"boards/{description.name}/board.json: missing or of the wrong type: {error}") from error
