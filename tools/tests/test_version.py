# SPDX-License-Identifier: MIT
"""The version that an image carries."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import version

AUTHOR = ["-c", "user.name=Test", "-c", "user.email=test@example.test", "-c", "commit.gpgsign=false"]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *AUTHOR, *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with one commit of 2001-09-09 01:46:40 UTC."""
    git(tmp_path, "init")
    (tmp_path / "file").write_text("one\n")
    git(tmp_path, "add", "file")
    subprocess.run(
        ["git", "-C", str(tmp_path), *AUTHOR, "commit", "-m", "file: Add it."],
        env={"GIT_COMMITTER_DATE": "1000000000 +0000", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    return tmp_path


def test_a_commit_without_tag_is_twelve_digits(clone: Path) -> None:
    assert re.fullmatch("[0-9a-f]{12}", version.describe(clone))


def test_a_tag_is_the_version(clone: Path) -> None:
    git(clone, "tag", "v1.2.3")
    assert version.describe(clone) == "v1.2.3"


def test_a_commit_after_a_tag_counts_from_it(clone: Path) -> None:
    git(clone, "tag", "v1.2.3")
    git(clone, "commit", "--allow-empty", "-m", "file: Nothing.")
    assert re.fullmatch("v1.2.3-1-g[0-9a-f]{12}", version.describe(clone))


def test_uncommitted_changes_are_dirty(clone: Path) -> None:
    (clone / "file").write_text("two\n")
    assert version.describe(clone).endswith("-dirty")


def test_a_folder_without_git_is_unversioned(tmp_path: Path) -> None:
    assert version.describe(tmp_path) == "unversioned"


def test_a_folder_inside_another_repository_is_unversioned(clone: Path) -> None:
    (clone / "inner").mkdir()
    assert version.describe(clone / "inner") == "unversioned"


def test_epoch_is_when_the_commit_was_made(clone: Path) -> None:
    assert version.epoch(clone) == 1000000000


def test_epoch_without_git(tmp_path: Path) -> None:
    assert version.epoch(tmp_path) == 0
