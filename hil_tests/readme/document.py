# SPDX-License-Identifier: MIT
"""What README.md shows: commands and code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:make|TZ=UTC mpremote|mpremote) [^`]+)`")


@dataclass(frozen=True)
class Document:
    """A Markdown file, taken apart."""

    text: str

    @classmethod
    def read(cls, path: Path = ROOT / "README.md") -> Document:
        """Read a file; OSError if there is none."""
        return cls(path.read_text(encoding="utf-8"))

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks of a language, in order."""
        return [body for name, body in _BLOCK.findall(self.text) if name == language]

    def commands(self) -> list[str]:
        """All shell commands, fenced and inline, without comments, in order and without repetition."""
        lines = [line for block in self.blocks("sh") for line in block.splitlines()]
        found = [line.split(" #")[0].strip() for line in lines] + _INLINE.findall(self.text)
        return list(dict.fromkeys(command for command in found if command))
