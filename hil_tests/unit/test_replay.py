# SPDX-License-Identifier: MIT
"""What a failed test prints: evidence, and the command that runs it again."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from hil_tests.boards.description import ROOT
from hil_tests.replay import replay_command

pytest_plugins = ("pytester",)

FAILING = """
import pytest
from hil_tests import peers

def test_fails(authority, tls_server):
    server = tls_server(authority.p256)
    assert server.port == "expected"

@pytest.mark.parametrize("name", ["a b"])
def test_passes(name):
    pass
"""


def test_the_command_survives_a_shell() -> None:
    nodeid = "hil_tests/scenarios/test_smoke.py::test_x[UNIX-a b]"
    assert shlex.split(replay_command(nodeid)) == ["make", "test-boards", f"T={nodeid}"]


def run(pytester: pytest.Pytester, text: str, *arguments: str) -> pytest.RunResult:
    pytester.makeconftest('pytest_plugins = ("hil_tests.plugin",)')
    path = pytester.makepyfile(text)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", str(path), *arguments)


@pytest.fixture(autouse=True)
def _rig_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_a_failure_shows_how_to_replay_it(pytester: pytest.Pytester) -> None:
    result = run(pytester, FAILING)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*evidence*", "replay: make test-boards T=*::test_fails*"])


def test_an_unknown_board_stops_before_any_test(pytester: pytest.Pytester) -> None:
    result = run(pytester, FAILING, "--board", "NONE")
    result.stderr.fnmatch_lines(["*there is no board NONE*the boards are:*"])


def test_an_image_for_several_boards_is_refused(pytester: pytest.Pytester) -> None:
    result = run(pytester, FAILING, "--image", "x")
    result.stderr.fnmatch_lines(["*--image needs exactly one --board*"])


def test_an_image_that_is_not_built_is_an_error_not_a_skip(pytester: pytest.Pytester, tmp_path: Path) -> None:
    text = "def test_x(board): pass"
    result = run(pytester, text, "--board", "UNIX", "--image", str(tmp_path / "none"), "--board-log", str(tmp_path))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*make firmware BOARD=UNIX*"])
