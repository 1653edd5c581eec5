# SPDX-License-Identifier: MIT
"""A user's own source trees: recognised, checked, and chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkouts import LWIP, MBEDTLS, MICROPYTHON, Upstream, check
from console import ToolError
from sources import resolve


def tree(folder: Path, upstream: Upstream, version: tuple[int, int, int]) -> Path:
    """A source tree that holds nothing but its version, written as `upstream` writes it."""
    prefix = upstream.macros.partition("_VERSION_")[0]
    last = {"MICROPY": "MICRO", "MBEDTLS": "PATCH", "LWIP": "REVISION"}[prefix]
    lines = [
        f"#define {prefix}_VERSION_{part}   {number}\n"
        for part, number in zip(("MAJOR", "MINOR", last), version, strict=True)
    ]
    header = folder / upstream.header
    header.parent.mkdir(parents=True)
    header.write_text("".join(lines))
    return folder


@pytest.mark.parametrize("minor", [25, 26, 27, 28, 29])
def test_supported_versions_of_micropython(tmp_path: Path, minor: int) -> None:
    assert check(MICROPYTHON, tree(tmp_path, MICROPYTHON, (1, minor, 1))) == f"1.{minor}.1"


@pytest.mark.parametrize(
    ("upstream", "version", "text"),
    [
        (MICROPYTHON, (1, 24, 1), "MicroPython 1.24.1"),
        (MICROPYTHON, (1, 30, 0), "MicroPython 1.30.0"),
        (MBEDTLS, (3, 5, 2), "Mbed TLS 3.5.2"),
        (MBEDTLS, (4, 0, 0), "Mbed TLS 4.0.0"),
        (LWIP, (2, 0, 3), "lwIP 2.0.3"),
    ],
)
def test_other_versions_are_refused_by_name(
    tmp_path: Path, upstream: Upstream, version: tuple[int, int, int], text: str
) -> None:
    with pytest.raises(ToolError) as caught:
        check(upstream, tree(tmp_path, upstream, version))
    assert f"is {text}, which is not supported" in caught.value.cause
    assert f"{upstream.override}=" in caught.value.cure


@pytest.mark.parametrize("upstream", [MICROPYTHON, MBEDTLS, LWIP])
def test_another_folder_is_refused(tmp_path: Path, upstream: Upstream) -> None:
    with pytest.raises(ToolError, match=f"is not {upstream.title}"):
        check(upstream, tmp_path)


def test_a_header_without_version_is_refused(tmp_path: Path) -> None:
    header = tmp_path / MICROPYTHON.header
    header.parent.mkdir(parents=True)
    header.write_text("// nothing\n")
    with pytest.raises(ToolError, match="does not say which version"):
        check(MICROPYTHON, tmp_path)


def test_without_overrides_everything_is_fetched(tmp_path: Path) -> None:
    trees, wanted = resolve(tmp_path, {})
    assert wanted == ("micropython", "mbedtls", "lwip")
    assert trees.mbedtls == tmp_path / "build" / "src" / "mbedtls"


def test_an_empty_override_is_none(tmp_path: Path) -> None:
    assert resolve(tmp_path, {"MICROPY_DIR": ""})[1] == ("micropython", "mbedtls", "lwip")


def test_an_overridden_tree_is_not_fetched(tmp_path: Path) -> None:
    lwip = tree(tmp_path / "mine", LWIP, (2, 2, 0))
    trees, wanted = resolve(tmp_path, {"LWIP_DIR": str(lwip)})
    assert trees.lwip == lwip and wanted == ("micropython", "mbedtls")


def test_submodules_of_a_checkout_are_used(tmp_path: Path) -> None:
    micropython = tree(tmp_path / "mp", MICROPYTHON, (1, 27, 0))
    mbedtls = tree(micropython / "lib" / "mbedtls", MBEDTLS, (3, 6, 4))
    trees, wanted = resolve(tmp_path, {"MICROPY_DIR": str(micropython)})
    assert trees.mbedtls == mbedtls and wanted == ("lwip",)


def test_an_empty_submodule_of_a_checkout_is_not_used(tmp_path: Path) -> None:
    micropython = tree(tmp_path / "mp", MICROPYTHON, (1, 27, 0))
    (micropython / "lib" / "mbedtls").mkdir(parents=True)
    assert resolve(tmp_path, {"MICROPY_DIR": str(micropython)})[1] == ("mbedtls", "lwip")


def test_an_override_comes_before_a_submodule(tmp_path: Path) -> None:
    micropython = tree(tmp_path / "mp", MICROPYTHON, (1, 27, 0))
    tree(micropython / "lib" / "mbedtls", MBEDTLS, (3, 6, 4))
    mine = tree(tmp_path / "mine", MBEDTLS, (3, 6, 5))
    trees, _ = resolve(tmp_path, {"MICROPY_DIR": str(micropython), "MBEDTLS_DIR": str(mine)})
    assert trees.mbedtls == mine


def test_an_unsupported_submodule_is_refused(tmp_path: Path) -> None:
    micropython = tree(tmp_path / "mp", MICROPYTHON, (1, 29, 0))
    tree(micropython / "lib" / "mbedtls", MBEDTLS, (4, 0, 0))
    with pytest.raises(ToolError, match=r"Mbed TLS 4\.0\.0, which is not supported"):
        resolve(tmp_path, {"MICROPY_DIR": str(micropython)})
