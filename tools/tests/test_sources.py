# SPDX-License-Identifier: MIT
"""The lock file, verified downloads, and trees unpacked from them."""

from __future__ import annotations

import hashlib
import io
import stat
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import sources
from console import ToolError
from sources import Apt, Lock, Source


def archive_bytes(name: str = "hello-1.0/readme", content: bytes = b"hello\n") -> bytes:
    """A small tar.xz like upstream's: everything in one top folder."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:xz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def source_for(data: bytes, name: str = "hello") -> Source:
    digest = hashlib.sha256(data).hexdigest()
    return Source(name, name, "1.0-1", f"{name.upper()}_DIR", f"{name}_1.0.orig.tar.xz", len(data), digest)


class FakeApt(Apt):
    """Gives out `data` for every package, and counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.downloads = 0

    def download(self, source: Source, into: Path) -> None:
        self.downloads += 1
        (into / source.file).write_bytes(self.data)


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing on its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def fake_program(folder: Path, name: str, script: str) -> None:
    """Put a shell script called `name` into `folder`."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_lock_file_is_complete() -> None:
    lock = sources.read_lock(sources.ROOT / "sources.lock")
    assert [source.name for source in lock.sources] == ["micropython", "mbedtls", "lwip", "pico-sdk", "tinyusb"]
    assert all(len(source.sha256) == 64 and source.size > 0 for source in lock.sources)


@pytest.mark.parametrize("text", ["suite = 1", "not toml", 'suite="a"\ncomponent="b"\n[[source]]\nname="c"\n'])
def test_a_broken_lock_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.lock"
    path.write_text(text)
    with pytest.raises(ToolError, match=r"sources\.lock cannot be read"):
        sources.read_lock(path)


def test_cache_folder_of_the_project_comes_first() -> None:
    assert sources.cache_folder({"MPY_SSL_CACHE": "/c", "XDG_CACHE_HOME": "/x"}) == Path("/c")


def test_cache_folder_of_the_user() -> None:
    assert sources.cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/mpy-ssl")


def test_cache_folder_by_default() -> None:
    assert sources.cache_folder({}) == Path.home() / ".cache" / "mpy-ssl"


def test_verify_accepts_the_pinned_archive(tmp_path: Path) -> None:
    data = archive_bytes()
    (tmp_path / "a").write_bytes(data)
    sources.verify(source_for(data), tmp_path / "a")


def test_wrong_checksum_names_package_digest_and_override(tmp_path: Path) -> None:
    data = archive_bytes()
    source = source_for(data)
    (tmp_path / "a").write_bytes(data[:-1] + b"?")
    with pytest.raises(ToolError) as caught:
        sources.verify(source, tmp_path / "a")
    text = str(caught.value)
    assert "hello=1.0-1" in text and source.sha256 in text and "HELLO_DIR=" in text


def test_a_downloaded_archive_is_kept(tmp_path: Path) -> None:
    data = archive_bytes()
    apt = FakeApt(data)
    for _ in range(2):
        assert sources.archive_of(source_for(data), tmp_path, apt).read_bytes() == data
    assert apt.downloads == 1


def test_a_wrong_download_does_not_reach_the_cache(tmp_path: Path) -> None:
    source = source_for(archive_bytes())
    with pytest.raises(ToolError, match="not the pinned archive"):
        sources.archive_of(source, tmp_path, FakeApt(b"something else"))
    assert list(tmp_path.iterdir()) == []


def test_a_cached_archive_is_verified_again(tmp_path: Path) -> None:
    source = source_for(archive_bytes())
    (tmp_path / source.file).write_bytes(b"damaged")
    with pytest.raises(ToolError, match="not the pinned archive"):
        sources.archive_of(source, tmp_path, FakeApt(b""))


def test_unpack_drops_the_top_folder_and_leaves_a_stamp(tmp_path: Path) -> None:
    data = archive_bytes()
    source, archive, folder = source_for(data), tmp_path / "a.tar.xz", tmp_path / "src" / "hello"
    archive.write_bytes(data)
    sources.unpack(source, archive, folder)
    assert (folder / "readme").read_text() == "hello\n"
    assert sources.is_unpacked(source, folder)


def test_unpack_replaces_an_older_tree(tmp_path: Path) -> None:
    data = archive_bytes()
    source, archive, folder = source_for(data), tmp_path / "a.tar.xz", tmp_path / "hello"
    archive.write_bytes(data)
    folder.mkdir()
    (folder / "old").touch()
    assert not sources.is_unpacked(source, folder)
    sources.unpack(source, archive, folder)
    assert not (folder / "old").exists()


def test_a_damaged_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    source, archive, folder = source_for(archive_bytes()), tmp_path / "a.tar.xz", tmp_path / "src" / "hello"
    archive.write_bytes(b"damaged")
    with pytest.raises(ToolError, match="tar failed"):
        sources.unpack(source, archive, folder)
    assert list(folder.parent.iterdir()) == []


def test_micropython_gets_links_to_the_other_trees(tmp_path: Path) -> None:
    data = archive_bytes("micropython-1/lib/README")
    source, archive = source_for(data, "micropython"), tmp_path / "a.tar.xz"
    archive.write_bytes(data)
    sources.unpack(source, archive, tmp_path / "src" / "micropython")
    lib = tmp_path / "src" / "micropython" / "lib"
    assert (lib / "mbedtls").readlink() == Path("../../mbedtls")
    assert (lib / "lwip").readlink() == Path("../../lwip")
    assert (lib / "micropython-lib" / "README.md").is_file()


def binary_package(tmp_path: Path, file: str) -> Source:
    """A real binary package that carries usr/src/hello/readme, and the source that pins it."""
    control = tmp_path / "package" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text("Package: hello\nVersion: 1.0-1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n")
    readme = tmp_path / "package" / "usr" / "src" / "hello" / "readme"
    readme.parent.mkdir(parents=True)
    readme.write_text("hello\n")
    command = ["dpkg-deb", "--root-owner-group", "--build", str(tmp_path / "package"), str(tmp_path / file)]
    subprocess.run(command, check=True, capture_output=True)
    data = (tmp_path / file).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Source("hello", "hello", "1.0-1", "HELLO_DIR", file, len(data), digest, "usr/src/hello", "port")


def test_a_binary_package_gives_the_sources_that_it_carries(tmp_path: Path) -> None:
    source = binary_package(tmp_path, "hello.deb")
    sources.unpack(source, tmp_path / "hello.deb", tmp_path / "src" / "hello")
    assert (tmp_path / "src" / "hello" / "readme").read_text() == "hello\n"
    assert sources.is_unpacked(source, tmp_path / "src" / "hello")


def test_a_binary_package_without_its_sources_is_named(tmp_path: Path) -> None:
    source = replace(binary_package(tmp_path, "hello.deb"), folder="usr/src/other")
    with pytest.raises(ToolError, match=r"hello=1\.0-1: .* has no usr/src/other"):
        sources.unpack(source, tmp_path / "hello.deb", tmp_path / "src" / "hello")
    assert list((tmp_path / "src").iterdir()) == []


def test_a_binary_package_is_downloaded_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"""
case "$*" in
    *update*) grep -q "^Types: deb$" {tmp_path}/apt/parts/pinned.sources;;
    *" download "*) touch hello.deb;;
esac"""
    apt = apt_with(tmp_path, monkeypatch, script, ["http://one.test"])
    apt.download(replace(source_for(b""), file="hello.deb", folder="usr/src/hello"), tmp_path)
    assert (tmp_path / "hello.deb").is_file()


def test_only_the_port_that_is_built_gets_its_sources() -> None:
    lock = sources.read_lock(sources.ROOT / "sources.lock")
    assert [source.name for source in lock.of_ports({"rp2", "unix"})] == ["pico-sdk", "tinyusb"]
    assert lock.of_ports({"unix", ""}) == ()


def test_a_library_takes_the_place_of_its_empty_submodule(tmp_path: Path) -> None:
    (tmp_path / "micropython" / "lib" / "pico-sdk").mkdir(parents=True)
    for _ in range(2):
        sources.link_library(tmp_path / "micropython", "pico-sdk")
    assert (tmp_path / "micropython" / "lib" / "pico-sdk").readlink() == Path("../../pico-sdk")


@pytest.mark.usefixtures("no_programs")
@pytest.mark.parametrize(("tool", "package"), [("tar", "tar"), ("xz", "xz-utils"), ("apt-get", "apt")])
def test_a_missing_tool_is_named_with_its_package(tool: str, package: str) -> None:
    with pytest.raises(ToolError) as caught:
        sources.need_tool(tool, package, source_for(b""))
    assert f"{tool} is not installed" in str(caught.value)
    assert package in caught.value.cure and "HELLO_DIR=" in caught.value.cure


def apt_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, mirrors: list[str]) -> Apt:
    """The real Apt class with a shell script in the place of apt-get."""
    fake_program(tmp_path / "bin", "apt-get", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setattr(sources, "KEYRING", keyring)
    return Apt(tmp_path / "apt", Lock("trixie", "main", ()), mirrors)


def test_no_mirror_names_package_and_override(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = apt_with(tmp_path, monkeypatch, "exit 0", [])
    with pytest.raises(ToolError, match=r"hello=1\.0-1: no Debian archive[\s\S]*HELLO_DIR="):
        apt.download(source_for(b""), tmp_path)


def test_no_network_names_package_mirror_and_override(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = apt_with(tmp_path, monkeypatch, "echo 'E: Could not resolve'; exit 100", ["http://one.test"])
    with pytest.raises(ToolError) as caught:
        apt.download(source_for(b""), tmp_path)
    for part in ("hello=1.0-1", "http://one.test", "E: Could not resolve", "HELLO_DIR="):
        assert part in str(caught.value)


def test_a_version_that_is_gone_names_package_and_override(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'case "$*" in *update*) exit 0;; *) echo "E: Can not find version"; exit 100;; esac'
    apt = apt_with(tmp_path, monkeypatch, script, ["http://one.test"])
    with pytest.raises(ToolError) as caught:
        apt.download(source_for(b""), tmp_path)
    for part in ("hello=1.0-1", "trixie on http://one.test does not have it", "E: Can not find version", "HELLO_DIR="):
        assert part in str(caught.value)


def test_the_next_mirror_is_tried_when_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"""
case "$*" in
    *update*) grep -q two.test {tmp_path}/apt/parts/pinned.sources;;
    *) echo data >hello_1.0.orig.tar.xz;;
esac"""
    apt = apt_with(tmp_path, monkeypatch, script, ["http://one.test", "http://two.test"])
    apt.download(source_for(b""), tmp_path)
    assert apt.mirrors == ["http://two.test"]
    assert (tmp_path / "hello_1.0.orig.tar.xz").read_text() == "data\n"


def test_the_lists_are_fetched_once_for_all_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    script = f'case "$*" in *update*) echo update >>{log};; *) touch hello_1.0.orig.tar.xz;; esac'
    apt = apt_with(tmp_path, monkeypatch, script, ["http://one.test"])
    apt.download(source_for(b""), tmp_path)
    apt.download(source_for(b""), tmp_path)
    assert log.read_text() == "update\n"
