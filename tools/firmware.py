#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the images of boards, and before them the sources and mpy-cross.

A board is a folder boards/<BOARD>; its board.json names the port that builds
it, and ports/<port>/Makefile does. What the port's Makefile gets:

  BOARD BOARD_DIR BUILD MICROPY_DIR MBEDTLS_DIR LWIP_DIR USER_C_MODULES
  MPY_LIB_DIR MICROPY_MPYCROSS MPY_SSL_VERSION

and an environment without anything that could change the image. The image is
where board.json says. Compiler output goes to build/logs; a failure shows its end.

A board.json may stand for a variant of another board ("board" and "variant"); it has
a build folder of its own. ESP32 boards are built by ESP-IDF, which IDF_PATH names, from
a full MicroPython checkout, which MICROPY_DIR names; both are checked before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import checkouts
import engine_audit
import espidf
import sources
import version
from console import ToolError, exit_with, step, tail
from exclusive import only_one

ROOT = Path(__file__).resolve().parent.parent
# Variables that make or a makefile would pick up, and that may not decide what is built.
FOREIGN = re.compile(
    r"^(MAKE.*|MFLAGS|.*FLAGS(_EXTRA)?|BOARD.*|BUILD|VARIANT.*|PROG|DEBUG|COPT|USER_C_MODULES"
    r"|FROZEN_MANIFEST|CROSS_COMPILE|STRIP|PICO_.*|CMAKE_.*|MICROPY_.*|MBEDTLS_.*|LWIP_.*|MPY_.*)$"
)

# How make's ports and CMake's say that they compile a file.
COMPILED = re.compile(r"(CC|CXX|AS) |\[ *\d+(%|/\d+)\] Building (C|CXX|ASM) object ")


@dataclass(frozen=True)
class Board:
    """A board as its folder describes it; `image` is absolute.

    `folder` and `base` are of the board that this one is a `variant` of, or its own.
    """

    name: str
    port: str
    folder: Path
    image: Path
    base: str = ""
    variant: str = ""
    chip: str = ""


@dataclass(frozen=True)
class Job:
    """One run of make: `folder` with the makefile, `build` for its output, variables."""

    title: str
    folder: Path
    build: Path
    variables: Mapping[str, str]
    environment: Mapping[str, str]


def read_board(root: Path, name: str) -> Board:
    """The board `name`; ToolError that lists the boards there are."""
    folder = root / "boards" / name
    try:
        data = json.loads((folder / "board.json").read_text())
        base = data.get("board", name)
        return Board(
            name,
            data["port"],
            root / "boards" / base,
            root / data["image"],
            base,
            data.get("variant", ""),
            data.get("mcu", ""),
        )
    except OSError as error:
        known = sorted(path.parent.name for path in root.glob("boards/*/board.json"))
        raise ToolError(f"no board {name!r}", f"use one of: {' '.join(known)}") from error
    except (ValueError, KeyError) as error:
        raise ToolError(f"{folder}/board.json is not valid: {error!r}", "compare boards/UNIX") from error


def clean_environment(env: Mapping[str, str], root: Path, micropython: Path) -> dict[str, str]:
    """`env` without what could change an image, and with its dates and versions fixed.

    The fetched MicroPython lies inside this project's git, so its version is
    taken from its own header; a checkout of the user's says it by git.
    """
    kept = {key: value for key, value in env.items() if not FOREIGN.match(key)}
    kept.update(
        SOURCE_DATE_EPOCH=str(version.epoch(root)),
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONHASHSEED="0",
        LC_ALL="C",
        TZ="UTC",
    )
    if not (micropython / ".git").exists():
        kept["MICROPY_GIT_TAG"] = f"v{checkouts.check(checkouts.MICROPYTHON, micropython)}"
        kept["MICROPY_GIT_HASH"] = "none"
    return kept


def mpy_cross_folder(root: Path, trees: sources.Trees) -> Path:
    """Where mpy-cross is built: one for the fetched MicroPython, and one for each of the user's own."""
    if trees.micropython == root / "build" / "src" / "micropython":
        return root / "build" / "mpy-cross"
    return root / "build" / f"mpy-cross-{hashlib.sha256(bytes(trees.micropython)).hexdigest()[:8]}"


def mpy_cross_job(root: Path, trees: sources.Trees, env: Mapping[str, str]) -> Job:
    """How to build mpy-cross, outside of MicroPython's tree."""
    build = mpy_cross_folder(root, trees)
    variables = {"BUILD": str(build), "MICROPY_DIR": str(trees.micropython), "USER_C_MODULES": ""}
    return Job("mpy-cross", trees.micropython / "mpy-cross", build, variables, env)


def board_job(root: Path, board: Board, trees: sources.Trees, env: Mapping[str, str], build: Path) -> Job:
    """How to build `board` into `build`."""
    mpy_cross = str(mpy_cross_folder(root, trees) / "mpy-cross")
    variables = {
        "BOARD": board.base or board.name,
        "BOARD_DIR": str(board.folder),
        "BUILD": str(build),
        "MICROPY_DIR": str(trees.micropython),
        "MBEDTLS_DIR": str(trees.mbedtls),
        "LWIP_DIR": str(trees.lwip),
        "USER_C_MODULES": str(root / "usermod"),
        "MPY_LIB_DIR": str(trees.mpy_lib),
        "MICROPY_MPYCROSS": mpy_cross,
        "MPY_SSL_VERSION": version.describe(root),
    }
    if board.variant:
        variables["BOARD_VARIANT"] = board.variant
    env = {**env, "MICROPY_MPYCROSS": mpy_cross}
    return Job(board.name, root / "ports" / board.port, build, variables, env)


def fingerprint(job: Job, makefiles: list[Path]) -> str:
    """What make cannot see: which folders and variables, and the makefiles' content.

    The project's version is left out; it changes with every commit, and the
    module's makefile recompiles what carries it.
    """
    digest = hashlib.sha256()
    for key, value in sorted(job.variables.items()):
        if key != "MPY_SSL_VERSION":
            digest.update(f"{key}={value}\n".encode())
    for path in sorted(makefiles):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for key in ("MICROPY_DIR", "MBEDTLS_DIR", "LWIP_DIR"):
        stamp = Path(job.variables.get(key, "")) / ".mpy-ssl-stamp"
        if stamp.is_file():
            digest.update(stamp.read_bytes())
    return digest.hexdigest()


def makefiles_of(root: Path, board: Board) -> list[Path]:
    """The makefiles of ours that decide how `board` is built."""
    folders = [board.folder, root / "ports" / board.port, root / "usermod"]
    found = [path for folder in folders for ending in ("mk", "cmake") for path in folder.rglob(f"*.{ending}")]
    if board.port == espidf.PORT:  # the SDK is configured once, and CMake does not see what names depend on
        found += espidf.fragments(root, board.folder, board.chip, board.variant)
        found += [board.folder / "mpconfigboard.h", root / "usermod" / "ssl" / "mpconfig_without_stock_ssl.h"]
    return [*found, root / "ports" / board.port / "Makefile"]


def start_over_if_changed(job: Job, print_: str) -> None:
    """Empty the build folder when it was made from something else."""
    stamp = job.build / ".inputs"
    if stamp.is_file() and stamp.read_text() == print_:
        return
    if job.build.is_dir() and any(job.build.iterdir()):
        if not stamp.is_file() and ROOT / "build" not in job.build.parents:
            raise ToolError(f"{job.build} holds files that are not a build", "give --build a new folder")
        shutil.rmtree(job.build)
    job.build.mkdir(parents=True, exist_ok=True)
    stamp.write_text(print_)


def run_make(job: Job, jobs: int, log: Path) -> None:
    """Run make with its output in `log`; ToolError with the log's end on failure."""
    if not (job.folder / "Makefile").is_file():
        raise ToolError(f"{job.title}: no makefile in {job.folder}", "check the board's port")
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = [f"{key}={value}" for key, value in job.variables.items()]
    command = ["make", "-C", str(job.folder), f"-j{jobs}", *settings]
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            env=dict(job.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        compiled = follow(process.stdout, file)
    if process.wait() != 0:
        text = log.read_text()
        if excess := espidf.overflow_of(text):
            raise ToolError(
                f"{job.title}: the image is {excess} bytes longer than its partition; see {log}",
                "leave out what ports/esp32/sdkconfig.tls says the size of, or give the board a larger partition",
            )
        raise ToolError(
            f"{job.title} did not build; the end of {log}:\n{tail(text, 30)}",
            f"after a repair, run again: {shell_line(command)}",
        )
    print(f"      {compiled} files compiled" if compiled else "      nothing to do", flush=True)


def follow(output: IO[str], log: IO[str]) -> int:
    """Copy make's `output` to `log`, and count compiled files, visibly on a terminal."""
    compiled = 0
    for line in output:
        log.write(line)
        if COMPILED.match(line):
            compiled += 1
            if sys.stdout.isatty():
                print(f"\r      {compiled} files compiled\r", end="", flush=True)
    return compiled


def shell_line(command: list[str]) -> str:
    """`command` as one can type it, with values quoted where need be."""
    return " ".join(f"'{word}'" if re.search(r"[^\w@%+=:,./-]", word) else word for word in command)


def build(job: Job, makefiles: list[Path], jobs: int) -> None:
    """Run one job, alone in its build folder."""
    with only_one(job.build.parent / f".{job.build.name}.lock"):
        start_over_if_changed(job, fingerprint(job, makefiles))
        run_make(job, jobs, ROOT / "build" / "logs" / f"make-{job.build.name}.log")


def build_boards(boards: list[Board], extra: Mapping[str, str], folder: Path | None, jobs: int) -> None:
    """Have the sources, mpy-cross, and the image of every board."""
    idfs = {board.name: prepare_idf(board) for board in boards if board.port == espidf.PORT}
    trees = trees_for(boards)
    env = clean_environment(os.environ, ROOT, trees.micropython)
    total = len(boards) + 1
    step(1, total, f"firmware: mpy-cross of MicroPython {checkouts.check(checkouts.MICROPYTHON, trees.micropython)}")
    build(mpy_cross_job(ROOT, trees, env), [], jobs)
    for number, board in enumerate(boards, 2):
        job = board_job(ROOT, board, trees, env, folder or ROOT / "build" / board.name)
        idf = {"IDF_PATH": str(idfs[board.name].folder)} if board.name in idfs else {}
        job = Job(job.title, job.folder, job.build, {**job.variables, **idf, **extra}, job.environment)
        step(number, total, f"firmware: {board.name}")
        build(job, makefiles_of(ROOT, board), jobs)
        if board.name in idfs:
            espidf.check_taken(job.build / "sdkconfig", wanted_options(board, idfs[board.name].version))
            show_engines(job.build, board.chip)
        show_size(job.build / "size.txt")


def trees_for(boards: list[Board]) -> sources.Trees:
    """What to build from; nothing is fetched where all boards have an SDK, with Mbed TLS and lwIP of its own."""
    if boards and all(board.port == espidf.PORT for board in boards):
        micropython = espidf.check_micropython(os.environ, boards[0].name)
        lib = micropython / "lib"
        return sources.Trees(micropython, lib / "mbedtls", lib / "lwip", lib / "micropython-lib")
    return sources.ensure(ROOT, os.environ, quiet=True, ports={board.port for board in boards})


def prepare_idf(board: Board) -> espidf.Idf:
    """The ESP-IDF for `board`, with everything checked that can be before a build; ToolError."""
    micropython = espidf.check_micropython(os.environ, board.name)
    idf = espidf.find(ROOT, os.environ, micropython, board.chip, board.name)
    wanted_options(board, idf.version)
    if idf.warning:
        print(f"warning: {idf.warning}", flush=True)
    return idf


def wanted_options(board: Board, version: str) -> dict[str, str]:
    """What our fragments ask of the SDK for `board`; ToolError for what they may not."""
    paths = espidf.fragments(ROOT, board.folder, board.chip, board.variant)
    settings = [setting for path in paths for setting in espidf.parse(path)]
    return espidf.check_options(espidf.read_options(ROOT), settings, board.chip, version)


def show_engines(build: Path, chip: str) -> None:
    """Say what the chip's engines compute in an image; ToolError if software does it instead."""
    used = engine_audit.audit(build / "micropython.elf", build / "micropython.map", chip)
    print(f"      engines of {chip} compute {', '.join(used)}", flush=True)


def show_size(table: Path) -> None:
    """Print the size table of a port that makes one."""
    if table.is_file():
        print("".join(f"      {line}\n" for line in table.read_text().splitlines()), end="", flush=True)


def settings_of(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """Split command-line words into board names and `VARIABLE=value` settings."""
    pairs = (word.partition("=") for word in words)
    return [word for word in words if "=" not in word], {key: value for key, sign, value in pairs if sign}


def main() -> None:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "words",
        nargs="*",
        metavar="BOARD|VARIABLE=value",
        help="boards to build, and settings for their port's Makefile; none: mpy-cross only",
    )
    parser.add_argument("--build", type=Path, help="output folder, for a single board")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="compilers at once (default: one a processor)"
    )
    arguments = parser.parse_intermixed_args()
    names, extra = settings_of(arguments.words)
    if arguments.build and len(names) != 1:
        parser.error("--build needs exactly one board")
    folder = arguments.build.resolve() if arguments.build else None
    build_boards([read_board(ROOT, name) for name in names], extra, folder, arguments.jobs)


if __name__ == "__main__":
    exit_with(main)
