#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetches, verifies and unpacks the upstream sources pinned in sources.lock.

The archives come from the Debian mirror this machine's own apt uses, are kept
in ${MPY_SSL_CACHE:-${XDG_CACHE_HOME:-~/.cache}/mpy-ssl}, and are unpacked
without Debian's patches into build/src. MICROPY_DIR, MBEDTLS_DIR and LWIP_DIR
(environment or make variables) put folders of the user's own in their place;
those are checked, and never written to.

Some come in binary packages that carry sources; those are for one port only
(`port` in sources.lock), are fetched when it is built, and are linked into lib/
of the fetched MicroPython. A checkout of the user's has its own there.

Needs Python 3.11's standard library, apt-get, tar, xz, bzip2 and dpkg-deb.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import apt_lists
import checkouts
from console import ToolError, exit_with, step, tail
from exclusive import only_one

ROOT = Path(__file__).resolve().parent.parent
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Raised when `finish` changes, so that trees unpacked before are made again.
RECIPE = 1


@dataclass(frozen=True)
class Source:
    """One pinned archive; `size` in bytes, `sha256` in hex.

    `folder` is what counts inside of a binary package (empty: a source
    archive), `port` the only port that needs it (empty: all).
    """

    name: str
    package: str
    version: str
    override: str
    file: str
    size: int
    sha256: str
    folder: str = ""
    port: str = ""

    @property
    def kind(self) -> str:
        """The type of apt source that has it."""
        return "deb" if self.folder else "deb-src"

    @property
    def title(self) -> str:
        """The package as apt names it."""
        return f"{self.package}={self.version}"

    @property
    def cure(self) -> str:
        """What a user can always do when this archive cannot be had."""
        return f"put the sources somewhere yourself and run make with {self.override}=<folder>"


@dataclass(frozen=True)
class Lock:
    """The lock file: a Debian suite and component, and what is pinned in it."""

    suite: str
    component: str
    sources: tuple[Source, ...]

    def source(self, name: str) -> Source:
        """The source that unpacks to build/src/`name`."""
        return next(source for source in self.sources if source.name == name)

    def of_ports(self, ports: Collection[str]) -> tuple[Source, ...]:
        """The sources that only these ports need."""
        return tuple(source for source in self.sources if source.port and source.port in ports)


@dataclass(frozen=True)
class Trees:
    """Absolute folders to build from. `mpy_lib` stands in for micropython-lib."""

    micropython: Path
    mbedtls: Path
    lwip: Path
    mpy_lib: Path


def read_lock(path: Path) -> Lock:
    """Parse `path`; ToolError when it is not a valid lock file."""
    try:
        data = tomllib.loads(path.read_text())
        sources = tuple(Source(**entry) for entry in data["source"])
        return Lock(data["suite"], data["component"], sources)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ToolError(f"{path} cannot be read: {error}", "restore it with git") from error


def cache_folder(env: Mapping[str, str]) -> Path:
    """Where downloads are kept between builds and clones."""
    if env.get("MPY_SSL_CACHE"):
        return Path(env["MPY_SSL_CACHE"])
    base = Path(env["XDG_CACHE_HOME"]) if env.get("XDG_CACHE_HOME") else Path.home() / ".cache"
    return base / "mpy-ssl"


def verify(source: Source, archive: Path) -> None:
    """ToolError unless `archive` has the pinned size and SHA-256."""
    size = archive.stat().st_size
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if (size, digest) == (source.size, source.sha256):
        return
    raise ToolError(
        f"{source.title}: {archive} is not the pinned archive\n"
        f"  expected {source.size} bytes, SHA-256 {source.sha256}\n"
        f"  found    {size} bytes, SHA-256 {digest}",
        f"delete that file and run again; if it happens again, {source.cure}",
    )


def need_tool(name: str, package: str, source: Source) -> None:
    """ToolError when the program `name` is not installed."""
    if shutil.which(name) is None:
        raise ToolError(
            f"{source.title}: {name} is not installed",
            f"install the Debian package {package} (make setup does), or {source.cure}",
        )


class Apt:
    """A private apt that sees only one mirror's packages of one kind.

    It keeps its state under `folder`; the machine's own apt is not touched,
    though its proxy settings apply. Nothing is set up before it is needed.
    """

    def __init__(self, folder: Path, lock: Lock, mirrors: list[str]) -> None:
        self.folder = folder
        self.lock = lock
        self.mirrors = mirrors
        self.ready = ""

    def download(self, source: Source, into: Path) -> None:
        """Download the archive of `source` to the folder `into`, unverified."""
        need_tool("apt-get", "apt", source)
        if self.ready != source.kind:
            self._choose_mirror(source)
        how = ["download"] if source.folder else ["source", "--download-only", "--tar-only"]
        command = [*how, source.title]
        done = self._run(command, into)
        if done.returncode != 0 or not (into / source.file).is_file():
            raise ToolError(
                f"{source.title}: {self.lock.suite} on {', '.join(self.mirrors)} does not have it;"
                f" apt-get said:\n{tail(done.stdout)}",
                source.cure,
            )

    def _choose_mirror(self, source: Source) -> None:
        if not self.mirrors:
            raise ToolError(
                f"{source.title}: no Debian archive among this machine's apt sources"
                f" ({apt_lists.APT_FOLDER}/sources.list and sources.list.d)",
                f"run on Debian, or {source.cure}",
            )
        if not KEYRING.is_file():
            raise ToolError(
                f"{source.title}: {KEYRING} is missing, nothing can be authenticated",
                f"install the Debian package debian-archive-keyring, or {source.cure}",
            )
        said = ""
        for mirror in self.mirrors:
            self._configure(mirror, source.kind)
            done = self._run(["update", "-o", "APT::Update::Error-Mode=any"], self.folder)
            if done.returncode == 0:
                self.mirrors = [mirror]
                self.ready = source.kind
                return
            said = done.stdout
        raise ToolError(
            f"{source.title}: the list of {self.lock.suite}'s packages cannot be had"
            f" from {', '.join(self.mirrors)}; apt-get said:\n{tail(said)}",
            f"check the network, or {source.cure}",
        )

    def _configure(self, mirror: str, kind: str) -> None:
        for name in ("parts", "state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "parts" / "pinned.sources").write_text(
            f"Types: {kind}\nURIs: {mirror}\nSuites: {self.lock.suite}\n"
            f"Components: {self.lock.component}\nSigned-By: {KEYRING}\n"
        )

    def _run(self, arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        options = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": f"{self.folder}/parts/",
            "Dir::State": f"{self.folder}/state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": f"{self.folder}/cache",
            "Acquire::Retries": "3",
            "APT::Sandbox::User": "",
        }
        command = ["apt-get", "--quiet", *arguments]
        for key, value in options.items():
            command += ["-o", f"{key}={value}"]
        env = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def archive_of(source: Source, cache: Path, apt: Apt) -> Path:
    """The verified archive in the cache, downloaded when it is not there yet."""
    archive = cache / source.file
    if not archive.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as name:
            apt.download(source, Path(name))
            verify(source, Path(name) / source.file)
            (Path(name) / source.file).replace(archive)
    verify(source, archive)
    return archive


def unpack(source: Source, archive: Path, folder: Path) -> None:
    """Unpack `archive` to `folder`, whole or not at all, replacing what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as name:
        fresh = unpack_binary(source, archive, Path(name)) if source.folder else unpack_tar(source, archive, Path(name))
        finish(source, fresh)
        (fresh / ".mpy-ssl-stamp").write_text(stamp_of(source))
        if folder.exists():
            folder.rename(Path(name) / "old")
        fresh.rename(folder)


def unpack_tar(source: Source, archive: Path, into: Path) -> Path:
    """Unpack a source archive without its top folder; gives the tree."""
    compressor = ("bzip2", "bzip2") if archive.suffix == ".bz2" else ("xz", "xz-utils")
    need_tool("tar", "tar", source)
    need_tool(*compressor, source)
    tree = into / "tree"
    tree.mkdir()
    run_unpacker(source, ["tar", "-xf", str(archive), "--strip-components=1", "--no-same-owner"], tree)
    return tree


def unpack_binary(source: Source, archive: Path, into: Path) -> Path:
    """Unpack a binary package; gives the tree that carries the sources."""
    need_tool("dpkg-deb", "dpkg", source)
    run_unpacker(source, ["dpkg-deb", "--extract", str(archive), str(into / "package")], into)
    tree = into / "package" / source.folder
    if not tree.is_dir():
        raise ToolError(f"{source.title}: {archive} has no {source.folder}", source.cure)
    return tree


def run_unpacker(source: Source, command: list[str], cwd: Path) -> None:
    """Run `command`; ToolError with what it said when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(f"{source.title}: {command[0]} failed:\n{tail(done.stderr)}", source.cure)


def finish(source: Source, tree: Path) -> None:
    """Fill the places where Debian's MicroPython archive lacks git submodules."""
    if source.name != "micropython":
        return
    for name in ("mbedtls", "lwip"):
        link_library(tree, name)
    write_mpy_lib(tree / "lib" / "micropython-lib")


def link_library(micropython: Path, name: str) -> None:
    """Put the tree `name` beside the fetched MicroPython into the place of its empty submodule."""
    place = micropython / "lib" / name
    if place.is_symlink():
        return
    if place.is_dir():
        place.rmdir()
    place.symlink_to(Path("..", "..", name))


def write_mpy_lib(folder: Path) -> None:
    """An empty micropython-lib: MicroPython's makefiles look only for its README.md."""
    folder.mkdir(parents=True, exist_ok=True)
    readme = folder / "README.md"
    if not readme.is_file():
        readme.write_text("Empty on purpose: no manifest here uses require().\n")


def stamp_of(source: Source) -> str:
    """What a tree's stamp says when it is exactly what the lock file pins."""
    return f"{source.sha256} {RECIPE}\n"


def is_unpacked(source: Source, folder: Path) -> bool:
    """Whether `folder` was unpacked from the pinned archive."""
    stamp = folder / ".mpy-ssl-stamp"
    return stamp.is_file() and stamp.read_text() == stamp_of(source)


def override(upstream: checkouts.Upstream, env: Mapping[str, str]) -> Path | None:
    """The checked folder the user set for `upstream`; None if there is none."""
    value = env.get(upstream.override, "")
    if not value:
        return None
    folder = Path(value).expanduser().resolve()
    checkouts.check(upstream, folder)
    return folder


def submodule(upstream: checkouts.Upstream, micropython: Path | None) -> Path | None:
    """The library inside the user's own MicroPython, if it is there."""
    if micropython is None:
        return None
    name = "mbedtls" if upstream is checkouts.MBEDTLS else "lwip"
    folder = micropython / "lib" / name
    if not checkouts.is_populated(upstream, folder):
        return None
    checkouts.check(upstream, folder)
    return folder


def resolve(root: Path, env: Mapping[str, str]) -> tuple[Trees, tuple[str, ...]]:
    """The folders to build from, and the names of those that have to be fetched.

    Touches nothing. ToolError when an override is not what it should be.
    """
    src = root / "build" / "src"
    micropython = override(checkouts.MICROPYTHON, env)
    mbedtls = override(checkouts.MBEDTLS, env) or submodule(checkouts.MBEDTLS, micropython)
    lwip = override(checkouts.LWIP, env) or submodule(checkouts.LWIP, micropython)
    chosen = {"micropython": micropython, "mbedtls": mbedtls, "lwip": lwip}
    folders = {name: folder or src / name for name, folder in chosen.items()}
    trees = Trees(**folders, mpy_lib=src / "micropython-lib")
    return trees, tuple(name for name, folder in chosen.items() if folder is None)


def ensure(root: Path, env: Mapping[str, str], quiet: bool = False, ports: Collection[str] = ()) -> Trees:
    """Have every tree in place and return where they are; `quiet` when all is cached.

    `ports` are those that will be built; what only they need is fetched for the
    fetched MicroPython, and expected in lib/ of a user's own.
    """
    trees, wanted = resolve(root, env)
    lock = read_lock(root / "sources.lock")
    libraries = tuple(source.name for source in lock.of_ports(ports)) if "micropython" in wanted else ()
    wanted += libraries
    build = root / "build"
    mirrors = apt_lists.debian_mirrors(apt_lists.entries(), apt_lists.release_name())
    apt = Apt(build / "apt", lock, mirrors)
    with only_one(build / ".sources.lock"):
        write_mpy_lib(trees.mpy_lib)
        for number, name in enumerate(wanted, 1):
            source, folder = lock.source(name), build / "src" / name
            fresh = is_unpacked(source, folder)
            if not (fresh and quiet):
                step(number, len(wanted), f"sources: {source.title}{' (cached)' if fresh else ''}")
            if not fresh:
                unpack(source, archive_of(source, cache_folder(env), apt), folder)
        for name in libraries:
            link_library(trees.micropython, name)
    return trees


def main() -> None:
    """Fetch and unpack; with --paths, also print the folders as make variables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", action="store_true", help="print where the sources are")
    arguments = parser.parse_args()
    ports = {source.port for source in read_lock(ROOT / "sources.lock").sources}
    trees = ensure(ROOT, os.environ, ports=ports)
    if arguments.paths:
        print(f"MICROPY_DIR={trees.micropython}")
        print(f"MBEDTLS_DIR={trees.mbedtls}")
        print(f"LWIP_DIR={trees.lwip}")


if __name__ == "__main__":
    exit_with(main)
