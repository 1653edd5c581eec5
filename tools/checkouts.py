# SPDX-License-Identifier: MIT
"""Checks a folder of upstream sources before anything is built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from console import ToolError


@dataclass(frozen=True)
class Upstream:
    """How to recognise an upstream project and read its version.

    `macros` is a pattern for the three macros in `header` that give the version.
    `first` and `last` bound the supported versions, as (major, minor), inclusive.
    """

    title: str
    override: str
    header: Path
    macros: str
    first: tuple[int, int]
    last: tuple[int, int]


MICROPYTHON = Upstream(
    "MicroPython",
    "MICROPY_DIR",
    Path("py/mpconfig.h"),
    "MICROPY_VERSION_(MAJOR|MINOR|MICRO)",
    (1, 25),
    (1, 29),
)
MBEDTLS = Upstream(
    "Mbed TLS",
    "MBEDTLS_DIR",
    Path("include/mbedtls/build_info.h"),
    "MBEDTLS_VERSION_(MAJOR|MINOR|PATCH)",
    (3, 6),
    (3, 6),
)
LWIP = Upstream(
    "lwIP",
    "LWIP_DIR",
    Path("src/include/lwip/init.h"),
    "LWIP_VERSION_(MAJOR|MINOR|REVISION)",
    (2, 1),
    (2, 2),
)
ALL = (MICROPYTHON, MBEDTLS, LWIP)


def version_of(upstream: Upstream, folder: Path) -> tuple[int, int, int]:
    """The version of the sources in `folder`; ToolError if it holds something else."""
    header = folder / upstream.header
    cure = f"set {upstream.override}= to the top folder of a {upstream.title} source tree"
    if not header.is_file():
        raise ToolError(f"{folder} is not {upstream.title}: it has no {upstream.header}", cure)
    text = header.read_text(errors="replace")
    found = re.findall(rf"#define\s+{upstream.macros}\s+\(?(\d+)", text)
    numbers = [int(number) for _, number in found]
    if len(numbers) != 3:
        raise ToolError(f"{header} does not say which version it is", cure)
    return numbers[0], numbers[1], numbers[2]


def check(upstream: Upstream, folder: Path) -> str:
    """The version of `folder` as text; ToolError when it is not a supported one."""
    version = version_of(upstream, folder)
    text = ".".join(map(str, version))
    if not upstream.first <= version[:2] <= upstream.last:
        first, last = (".".join(map(str, v)) for v in (upstream.first, upstream.last))
        supported = first if first == last else f"{first} to {last}"
        raise ToolError(
            f"{folder} is {upstream.title} {text}, which is not supported",
            f"use {upstream.title} {supported}, or leave {upstream.override}= unset for the pinned one",
        )
    return text


def is_populated(upstream: Upstream, folder: Path) -> bool:
    """Whether `folder` holds sources at all; an empty git submodule does not."""
    return (folder / upstream.header).is_file()
