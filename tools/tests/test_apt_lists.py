# SPDX-License-Identifier: MIT
"""Reading apt's source lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from apt_lists import Entry, deb822_entries, debian_mirrors, entries, one_line_entries, release_name


def test_one_line_entry() -> None:
    text = "deb http://one.test/debian bookworm main contrib\n"
    assert list(one_line_entries(text)) == [Entry(("http://one.test/debian",), ("bookworm",), ("main", "contrib"))]


def test_one_line_options_are_skipped() -> None:
    text = "deb [arch=amd64 signed-by=/k.gpg] http://one.test/debian bookworm main"
    assert next(one_line_entries(text)).uris == ("http://one.test/debian",)


def test_one_line_options_may_have_spaces_inside_their_brackets() -> None:
    text = "deb [ arch=amd64 ] http://one.test/debian bookworm main"
    assert next(one_line_entries(text)).uris == ("http://one.test/debian",)


@pytest.mark.parametrize(
    "line", ["# deb http://one.test x main", "", "rpm http://one.test x main", "deb http://one.test"]
)
def test_lines_that_are_no_entries(line: str) -> None:
    assert list(one_line_entries(line)) == []


def test_one_line_comment_at_the_end() -> None:
    assert next(one_line_entries("deb http://one.test x main # mine")).components == ("main",)


def test_deb822_entry_with_several_words() -> None:
    text = "Types: deb deb-src\nURIs: http://one.test http://two.test\nSuites: a a-updates\nComponents: main\n"
    assert list(deb822_entries(text)) == [Entry(("http://one.test", "http://two.test"), ("a", "a-updates"), ("main",))]


def test_deb822_comment_inside_a_stanza() -> None:
    text = "Types: deb\n# a comment\nURIs: http://one.test\nSuites: a\nComponents: main\n"
    assert next(deb822_entries(text)).uris == ("http://one.test",)


def test_deb822_field_over_several_lines() -> None:
    text = "Types: deb\nURIs:\n http://one.test\n http://two.test\nSuites: a\nComponents: main\n"
    assert next(deb822_entries(text)).uris == ("http://one.test", "http://two.test")


def test_deb822_stanzas_are_apart() -> None:
    text = "Types: deb\nURIs: http://one.test\nSuites: a\n\n\nTypes: deb\nURIs: http://two.test\nSuites: b\n"
    assert [entry.suites for entry in deb822_entries(text)] == [("a",), ("b",)]


def test_deb822_disabled_stanza() -> None:
    assert list(deb822_entries("Enabled: no\nTypes: deb\nURIs: http://one.test\nSuites: a\n")) == []


def test_deb822_fields_have_no_case() -> None:
    assert next(deb822_entries("TYPES: deb\nuris: http://one.test\nsuites: a\n")).uris == ("http://one.test",)


def test_entries_reads_both_formats_and_nothing_else(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://main.test a main\n")
    (parts / "b.sources").write_text("Types: deb\nURIs: http://deb822.test\nSuites: a\n")
    (parts / "a.list").write_text("deb http://line.test a main\n")
    (parts / "c.list.save").write_text("deb http://old.test a main\n")
    found = [entry.uris[0] for entry in entries(tmp_path)]
    assert found == ["http://main.test", "http://line.test", "http://deb822.test"]


def test_entries_of_a_machine_without_apt(tmp_path: Path) -> None:
    assert list(entries(tmp_path)) == []


def test_mirror_must_have_the_release_and_main() -> None:
    found = [
        Entry(("http://security.test",), ("bookworm-security",), ("main",)),
        Entry(("http://other.test",), ("nodistro",), ("main",)),
        Entry(("http://docker.test",), ("bookworm",), ("stable",)),
        Entry(("http://debian.test",), ("bookworm", "bookworm-updates"), ("main",)),
    ]
    assert debian_mirrors(iter(found), "bookworm") == ["http://debian.test"]


def test_mirrors_do_not_repeat_and_are_not_discs() -> None:
    found = [
        Entry(("cdrom:[Debian]/",), ("bookworm",), ("main",)),
        Entry(("http://debian.test",), ("bookworm",), ("main",)),
        Entry(("http://debian.test",), ("bookworm",), ("main",)),
    ]
    assert debian_mirrors(iter(found), "bookworm") == ["http://debian.test"]


def test_release_name(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    assert release_name(path) == "bookworm"


def test_release_name_of_another_system(tmp_path: Path) -> None:
    assert release_name(tmp_path / "os-release") == ""
