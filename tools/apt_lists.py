# SPDX-License-Identifier: MIT
"""Reads this machine's apt source lists to find the mirrors that serve Debian.

Both formats are understood: one-line (`*.list`) and deb822 (`*.sources`).
Nothing here touches the network.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

APT_FOLDER = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True)
class Entry:
    """One enabled `deb` or `deb-src` entry; a field may hold several words."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]


def one_line_entries(text: str) -> Iterator[Entry]:
    """Entries of a one-line list: `deb [options] uri suite component...`."""
    for line in text.splitlines():
        words = _without_options(shlex.split(line, comments=True))
        if len(words) >= 3 and words[0] in ("deb", "deb-src"):
            yield Entry((words[1],), (words[2],), tuple(words[3:]))


def _without_options(words: list[str]) -> list[str]:
    """Drop the bracketed options, which may be spread over several words."""
    if len(words) < 2 or not words[1].startswith("["):
        return words
    end = next((i for i, word in enumerate(words) if word.endswith("]")), len(words))
    return words[:1] + words[end + 1 :]


def deb822_entries(text: str) -> Iterator[Entry]:
    """Entries of a deb822 file: stanzas of `Field: value`, comments anywhere."""
    for stanza in _stanzas(text):
        types = stanza.get("types", "").split()
        enabled = stanza.get("enabled", "yes").lower() not in ("no", "false", "0")
        if enabled and ("deb" in types or "deb-src" in types):
            yield Entry(
                tuple(stanza.get("uris", "").split()),
                tuple(stanza.get("suites", "").split()),
                tuple(stanza.get("components", "").split()),
            )


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Split deb822 text into dictionaries with lower-case field names."""
    fields: dict[str, str] = {}
    name = ""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for line in [*lines, ""]:
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif line[0].isspace():
            fields[name] = f"{fields.get(name, '')} {line.strip()}"
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()


def entries(folder: Path = APT_FOLDER) -> Iterator[Entry]:
    """All entries of the machine, in the order apt itself reads them."""
    main = folder / "sources.list"
    parts = sorted((folder / "sources.list.d").glob("*"))
    for path in [main, *parts]:
        if not path.is_file():
            continue
        if path.suffix == ".list":
            yield from one_line_entries(path.read_text())
        elif path.suffix == ".sources":
            yield from deb822_entries(path.read_text())


def release_name(os_release: Path = OS_RELEASE) -> str:
    """This Debian's code name, such as `bookworm`; empty when there is none."""
    if not os_release.is_file():
        return ""
    for line in os_release.read_text().splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME":
            return value.strip().strip('"')
    return ""


def debian_mirrors(found: Iterator[Entry], release: str) -> list[str]:
    """URIs that offer `release` with component `main`, in order, without repeats.

    Security archives never match: their suites are `<release>-security`. A
    third party that uses Debian's suite names does match; whoever uses the
    list finds out by checking the archive's signature.
    """
    mirrors: list[str] = []
    for entry in found:
        if release not in entry.suites or "main" not in entry.components:
            continue
        mirrors += [uri for uri in entry.uris if uri not in mirrors and not uri.startswith("cdrom:")]
    return mirrors
