# SPDX-License-Identifier: MIT
"""Checks ESP-IDF and the SDK's configuration before and after an ESP32 board is built.

Which versions go together is ports/esp32/versions.toml; which options our sdkconfig
fragments may use is ports/esp32/options.toml.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import checkouts
from console import ToolError

PORT = "esp32"
SOURCE = "https://github.com/espressif/esp-idf.git"
TOOLCHAINS = {
    "esp32": "xtensa-esp-elf",
    "esp32s2": "xtensa-esp-elf",
    "esp32s3": "xtensa-esp-elf",
    "esp32c3": "riscv32-esp-elf",
    "esp32c6": "riscv32-esp-elf",
}
# Submodules of MicroPython without which its port does not configure.
SUBMODULES = ("lib/micropython-lib/README.md", "lib/berkeley-db-1.xx/README")
ASSIGNMENT = re.compile(r"CONFIG_([A-Z0-9_]+)=(.*)")
UNSET = re.compile(r"# CONFIG_([A-Z0-9_]+) is not set")
OVERFLOW = re.compile(r"overflow (0x[0-9a-f]+)|overflows allocated space of \d+ bytes by (\d+) bytes")

Version = tuple[int, ...]


@dataclass(frozen=True)
class Support:
    """The versions of ESP-IDF with which one MicroPython builds."""

    micropython: str
    recommended: str
    first: str
    last: str


@dataclass(frozen=True)
class Option:
    """An option of the SDK that fragments may use. `soc`: what a chip must have for it."""

    name: str
    what: str
    since: str
    default: str
    soc: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """All options by name, and what each chip has."""

    options: Mapping[str, Option]
    chips: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Setting:
    """A line of a fragment."""

    option: str
    value: str
    place: str


@dataclass(frozen=True)
class Idf:
    """A usable ESP-IDF; `warning` is empty if its version is one that MicroPython names."""

    folder: Path
    version: str
    warning: str


def numbers(version: str) -> Version:
    """A version to compare with others: "5.4" is (5, 4, 0)."""
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


# Versions


def read_support(root: Path) -> list[Support]:
    """The table of versions."""
    table = tomllib.loads((root / "ports" / PORT / "versions.toml").read_text())["micropython"]
    return [Support(row["version"], row["recommended"], row["first"], row["last"]) for row in table]


def support_for(table: Iterable[Support], micropython: str) -> Support:
    """The row of a MicroPython such as "1.28.0"; ToolError."""
    for row in table:
        if numbers(row.micropython)[:2] == numbers(micropython)[:2]:
            return row
    raise ToolError(f"no ESP-IDF is known for MicroPython {micropython}", f"add it to ports/{PORT}/versions.toml")


def how_to_get(version: str, chip: str) -> str:
    """The commands that install ESP-IDF."""
    return (
        f"install ESP-IDF {version}, and set IDF_PATH:\n"
        f"    git clone -b v{version} --recursive {SOURCE} ~/esp-idf-{version}\n"
        f"    ~/esp-idf-{version}/install.sh {chip}\n"
        f"    export IDF_PATH=~/esp-idf-{version}"
    )


def version_of(folder: Path) -> str:
    """The version of ESP-IDF in `folder`; empty if it is something else."""
    try:
        text = (folder / "tools" / "cmake" / "version.cmake").read_text()
    except OSError:
        return ""
    found = dict(re.findall(r"set\(IDF_VERSION_(MAJOR|MINOR|PATCH) (\d+)\)", text))
    return ".".join(found[key] for key in ("MAJOR", "MINOR", "PATCH")) if len(found) == 3 else ""


def judge(support: Support, version: str, chip: str) -> str:
    """A warning, or nothing; ToolError for an ESP-IDF that this MicroPython does not build with."""
    first, last, seen = numbers(support.first), numbers(support.last), numbers(version)
    if first <= seen <= last:
        return ""
    if seen[:2] == last[:2]:
        return f"MicroPython {support.micropython} was not tried with ESP-IDF {version}: it names {support.last} last"
    reason = "has Mbed TLS 4, which is not supported" if seen >= (6,) else "is not supported"
    raise ToolError(
        f"ESP-IDF {version} {reason} by MicroPython {support.micropython}, which builds with {support.first} to"
        f" {support.last}",
        how_to_get(support.recommended, chip),
    )


def check_mbedtls(idf: Path) -> None:
    """ToolError unless ESP-IDF has the Mbed TLS that the module knows."""
    folder = idf / "components" / "mbedtls" / "mbedtls"
    if not checkouts.is_populated(checkouts.MBEDTLS, folder):
        raise ToolError(f"{folder} is empty", f"run: git -C {idf} submodule update --init --recursive")
    found = checkouts.version_of(checkouts.MBEDTLS, folder)
    if found[:2] != (3, 6):
        text = ".".join(map(str, found))
        raise ToolError(f"ESP-IDF in {idf} has Mbed TLS {text}; 3.6 is needed", "use ESP-IDF 5.2.2 to 5.5")


def check_tools(idf: Path, chip: str, env: Mapping[str, str]) -> None:
    """ToolError unless idf.py is on PATH, or export.sh can put it there together with a compiler for `chip`."""
    if shutil.which("idf.py", path=env.get("PATH", "")) is not None:
        return
    tools = Path(env.get("IDF_TOOLS_PATH") or Path(env.get("HOME", "/")) / ".espressif")
    compiler = TOOLCHAINS.get(chip, "")
    if not (idf / "export.sh").is_file() or not (tools / "tools" / compiler).is_dir():
        raise ToolError(
            f"the tools of ESP-IDF for {chip} are not installed: there is no {tools / 'tools' / compiler}",
            f"run: {idf}/install.sh {chip}",
        )


def find(root: Path, env: Mapping[str, str], micropython: Path, chip: str, board: str) -> Idf:
    """The ESP-IDF that `env` names, checked against this MicroPython; ToolError."""
    version = checkouts.check(checkouts.MICROPYTHON, micropython)
    support = support_for(read_support(root), version)
    if not env.get("IDF_PATH"):
        raise ToolError(f"{board} needs ESP-IDF, and IDF_PATH is not set", how_to_get(support.recommended, chip))
    idf = Path(env["IDF_PATH"])
    seen = version_of(idf)
    if not seen:
        raise ToolError(f"IDF_PATH={idf} is not ESP-IDF", how_to_get(support.recommended, chip))
    warning = judge(support, seen, chip)
    check_mbedtls(idf)
    check_tools(idf, chip, env)
    return Idf(idf, seen, warning)


def check_micropython(env: Mapping[str, str], board: str) -> Path:
    """The user's full checkout; ToolError that says how to get one."""
    text = env.get("MICROPY_DIR", "")
    cure = (
        "get one, and give it as MICROPY_DIR:\n"
        "    git clone -b v1.28.0 https://github.com/micropython/micropython.git ~/micropython\n"
        "    make -C ~/micropython/ports/esp32 submodules    # after: . $IDF_PATH/export.sh\n"
        f"    make firmware BOARD={board} MICROPY_DIR=~/micropython"
    )
    if not text:
        raise ToolError(f"{board} needs a full checkout of MicroPython, and MICROPY_DIR is not set", cure)
    folder = Path(text).expanduser().resolve()
    checkouts.check(checkouts.MICROPYTHON, folder)
    missing = [name for name in ("ports/esp32/CMakeLists.txt", *SUBMODULES) if not (folder / name).exists()]
    if missing:
        raise ToolError(f"MICROPY_DIR={folder} is not a full checkout: it has no {missing[0]}", cure)
    return folder


# Options


def read_options(root: Path) -> Options:
    """The documented options."""
    data = tomllib.loads((root / "ports" / PORT / "options.toml").read_text())
    options = {
        name: Option(
            name,
            row["what"],
            row["since"],
            row["default"],
            tuple(row.get("soc", ())),
            tuple(row.get("requires", ())),
            tuple(row.get("conflicts", ())),
        )
        for name, row in data["options"].items()
    }
    return Options(options, {chip: frozenset(has) for chip, has in data["chips"].items()})


def parse(path: Path) -> list[Setting]:
    """The lines of a fragment; ToolError for one that is neither an assignment nor a comment."""
    settings = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        place = f"{path.name}:{number}"
        if found := ASSIGNMENT.fullmatch(line.strip()):
            settings.append(Setting(found[1], found[2], place))
        elif found := UNSET.fullmatch(line.strip()):
            settings.append(Setting(found[1], "n", place))
        elif line.strip() and not line.startswith("#"):
            raise ToolError(f"{place}: not an option: {line.strip()!r}", "write CONFIG_NAME=value")
    return settings


def fragments(root: Path, folder: Path, chip: str, variant: str) -> list[Path]:
    """The fragments of ours for a board, in the order in which ports/esp32/board.cmake gives them to the SDK."""
    port = root / "ports" / PORT
    paths = [port / "sdkconfig.tls", port / f"sdkconfig.{chip}", folder / "sdkconfig.board"]
    return [*paths, folder / f"sdkconfig.{variant.lower()}"] if variant else paths


def check_options(options: Options, settings: Iterable[Setting], chip: str, idf: str) -> dict[str, str]:
    """The value of each option that is set; ToolError for one that is unknown, contradictory, or not for this chip."""
    values: dict[str, Setting] = {}
    for setting in settings:
        check_one(options, setting, chip, idf)
        before = values.get(setting.option)
        if before is not None and before.value != setting.value:
            raise ToolError(
                f"{setting.place}: CONFIG_{setting.option}={setting.value} contradicts {before.place}, which says"
                f" {before.value}",
                "say it in one place",
            )
        values[setting.option] = setting
    check_together(options, {name: setting.value for name, setting in values.items()})
    return {name: setting.value for name, setting in values.items()}


def check_one(options: Options, setting: Setting, chip: str, idf: str) -> None:
    """ToolError unless the option is documented, and this chip and this ESP-IDF have it."""
    option = options.options.get(setting.option)
    if option is None:
        raise ToolError(
            f"{setting.place}: CONFIG_{setting.option} is unknown", "describe it in ports/esp32/options.toml"
        )
    missing = sorted(set(option.soc) - options.chips.get(chip, frozenset()))
    if missing:
        raise ToolError(
            f"{setting.place}: {chip} has no {', '.join(missing)} for CONFIG_{setting.option}",
            "set it for the chips that have",
        )
    if numbers(idf) < numbers(option.since):
        raise ToolError(
            f"{setting.place}: ESP-IDF {idf} has no CONFIG_{setting.option}", f"use ESP-IDF {option.since} or newer"
        )


def check_together(options: Options, values: Mapping[str, str]) -> None:
    """ToolError when an option that is on misses one that it needs, or meets one that it excludes."""

    def is_on(name: str) -> bool:
        default = options.options[name].default if name in options.options else "n"
        return values.get(name, default) not in ("n", "")

    for name in values:
        if not is_on(name):
            continue
        for other in options.options[name].requires:
            if not is_on(other):
                raise ToolError(f"CONFIG_{name} needs CONFIG_{other}, which is off", f"set CONFIG_{other}=y")
        for other in options.options[name].conflicts:
            if values.get(other, "n") not in ("n", ""):
                raise ToolError(f"CONFIG_{name} excludes CONFIG_{other}, and both are set", "drop one of them")


def check_taken(sdkconfig: Path, wanted: Mapping[str, str]) -> None:
    """ToolError if the SDK's own file has not the values that the fragments ask for: an unmet dependency drops them."""
    has = {setting.option: setting.value for setting in parse(sdkconfig)}
    lost = [name for name, value in sorted(wanted.items()) if has.get(name, "n") != value]
    if lost:
        said = ", ".join(f"CONFIG_{name}={wanted[name]} became {has.get(name, 'n')}" for name in lost)
        raise ToolError(
            f"{sdkconfig}: ESP-IDF did not take {said}",
            "see the option in `idf.py menuconfig`; options.toml or the fragments are wrong about what it depends on",
        )


def overflow_of(log: str) -> int:
    """By how many bytes an image was too long for its partition, as the build's log says; 0 if it was not."""
    found = [int(match[1], 16) if match[1] else int(match[2]) for match in OVERFLOW.finditer(log)]
    return max(found, default=0)
