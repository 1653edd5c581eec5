# SPDX-License-Identifier: MIT
"""Tests of upstream_tests.py and its modules: reading runners, and holding results against the exceptions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import upstream_runner
from console import ToolError
from upstream_results import (
    Exemption,
    Expectation,
    Judgement,
    Outcome,
    Result,
    judge,
    load_exemptions,
    multi_result,
    single_results,
    summary,
)
from upstream_tests import EXCEPTIONS, STAND_IN, Job, difference, every_result

TEST = "extmod/ssl_basic.py"
FAILS = Exemption(TEST, Expectation.FAIL, "why", shows=("ValueError",))
SKIPS = Exemption(TEST, Expectation.SKIP, "why")


def judgement(outcome: Outcome, *exemptions: Exemption, output: str = "") -> Judgement:
    return judge(Result(TEST, outcome, output), exemptions).judgement


def test_run_tests_lines_give_one_result_each(tmp_path: Path) -> None:
    lines = [
        "platform=linux arch=x64\n",
        f"pass  {tmp_path}/extmod/ssl_basic.py \n",
        "skip  extmod/ssl_ioctl.py\n",
        "2 tests performed\n",
    ]
    assert list(single_results(lines, tmp_path, tmp_path)) == [
        Result("extmod/ssl_basic.py", Outcome.PASS),
        Result("extmod/ssl_ioctl.py", Outcome.SKIP),
    ]


def test_a_failed_tests_output_is_read_after_the_runner_wrote_it(tmp_path: Path) -> None:
    def lines() -> object:
        yield "FAIL  /root/extmod/ssl_poll.py \n"
        (tmp_path / "_root_extmod_ssl_poll.py.out").write_text("AttributeError\nCRASH")
        yield "pass  /root/extmod/tls_dtls.py\n"

    results = list(single_results(lines(), Path("/root"), tmp_path))  # type: ignore[arg-type]
    assert results[0] == Result("extmod/ssl_poll.py", Outcome.FAIL, "AttributeError\nCRASH")
    assert results[1].outcome is Outcome.PASS


def test_a_test_too_large_for_the_board_counts_as_skipped(tmp_path: Path) -> None:
    assert [r.outcome for r in single_results(["lrge  extmod/ssl_poll.py\n"], tmp_path, tmp_path)] == [Outcome.SKIP]


@pytest.mark.parametrize(("word", "outcome"), [("pass", Outcome.PASS), ("skip", Outcome.SKIP), ("FAIL", Outcome.FAIL)])
def test_run_multitests_line_gives_the_outcome(word: str, outcome: Outcome) -> None:
    assert multi_result("multi_net/a.py", [f"multi_net/a.py on micropython|3: {word}\n"]).outcome is outcome


def test_run_multitests_output_ends_before_the_expected_one() -> None:
    lines = [
        "multi_net/a.py on x|y: FAIL\n",
        "### TEST ###\n",
        "seen\n",
        "### TRUTH ###\n",
        "expected\n",
        "### DIFF ###\n",
        "-a\n",
    ]
    assert multi_result("multi_net/a.py", lines).output == "seen\n"


def test_a_runner_that_dies_in_a_test_gives_no_pass() -> None:
    lines = ["multi_net/a.py on x|y: Traceback (most recent call last):\n", "pyboard.PyboardError: no raw repl\n"]
    assert multi_result("multi_net/a.py", lines).outcome is Outcome.FAIL
    assert multi_result("multi_net/a.py", ["Traceback\n"]).outcome is Outcome.NONE


def test_tests_that_the_runner_did_not_reach_have_no_result() -> None:
    seen = [Result("a", Outcome.PASS)]
    assert [(r.test, r.outcome) for r in every_result(seen, ["a", "b"])] == [("a", Outcome.PASS), ("b", Outcome.NONE)]


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.SKIP, Outcome.NONE])
def test_without_exception_only_a_pass_passes(outcome: Outcome) -> None:
    assert judgement(Outcome.PASS) is Judgement.PASSED
    assert judgement(outcome) is Judgement.FAILED


def test_an_expected_failure_is_skipped_with_its_reason() -> None:
    verdict = judge(Result(TEST, Outcome.FAIL, "ValueError: BAR"), [FAILS])
    assert (verdict.judgement, verdict.note) == (Judgement.SKIPPED, "why")


def test_an_exception_for_a_test_that_passes_is_stale() -> None:
    for exemption in (FAILS, SKIPS):
        verdict = judge(Result(TEST, Outcome.PASS), [exemption])
        assert verdict.judgement is Judgement.FAILED
        assert "stale" in verdict.note


def test_a_failure_of_another_kind_than_the_exception_says_fails() -> None:
    assert judgement(Outcome.FAIL, FAILS, output="Segmentation fault") is Judgement.FAILED
    assert judgement(Outcome.FAIL, SKIPS) is Judgement.FAILED
    assert judgement(Outcome.NONE, FAILS) is Judgement.FAILED


def test_a_test_that_is_not_run_is_skipped() -> None:
    assert judgement(Outcome.NONE, Exemption(TEST, Expectation.NOT_RUN, "why")) is Judgement.SKIPPED


def test_a_test_that_is_not_run_is_not_given_to_the_runner(tmp_path: Path) -> None:
    job = Job("UNIX", {}, tmp_path, tmp_path, "", (Exemption("a", Expectation.NOT_RUN, "why"), SKIPS))
    assert job.runnable(["a", TEST]) == (TEST,)


def test_an_exception_is_for_its_boards_only() -> None:
    exemption = Exemption(TEST, Expectation.SKIP, "why", ("QEMU_VIRT_RV32",))
    assert not exemption.applies_to(TEST, "UNIX")
    assert exemption.applies_to(TEST, "QEMU_VIRT_RV32")


def test_an_exception_can_be_for_a_family_of_tests() -> None:
    exemption = Exemption("multi_net/*_psk*.py", Expectation.SKIP, "why")
    assert exemption.applies_to("multi_net/sslcontext_server_client_psk_object.py", "UNIX")
    assert not exemption.applies_to("multi_net/sslcontext_server_client.py", "UNIX")


def test_where_versions_differ_either_of_two_exceptions_may_hold() -> None:
    assert judgement(Outcome.SKIP, FAILS, SKIPS) is Judgement.SKIPPED
    assert judgement(Outcome.FAIL, FAILS, SKIPS, output="ValueError") is Judgement.SKIPPED
    assert judgement(Outcome.PASS, FAILS, SKIPS) is Judgement.FAILED


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ('test = "a"\nexpect = "fail"\nshows = ["x"]', "reason"),
        ('test = "a"\nexpect = "fail"\nreason = "r"\nshows = "x"', "shows"),
        ('test = "a"\nexpect = "perhaps"\nreason = "r"', "perhaps"),
        ('test = "a"\nexpect = "skip"\nreason = "r"\nboard = "UNIX"', "board"),
        ('test = "a"\nexpect = "fail"\nreason = "r"', "shows"),
    ],
)
def test_an_incomplete_exception_is_refused_by_name(tmp_path: Path, entry: str, named: str) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text(f"[[exception]]\n{entry}\n")
    with pytest.raises(ToolError, match=named):
        load_exemptions(file)


def test_the_file_of_exceptions_is_well_formed() -> None:
    exemptions = load_exemptions(EXCEPTIONS)
    assert len({(e.test, e.boards, e.expect) for e in exemptions}) == len(exemptions)


def test_closing_line_counts_every_verdict() -> None:
    verdicts = [
        judge(Result(TEST, Outcome.PASS), []),
        judge(Result(TEST, Outcome.FAIL), []),
        judge(Result(TEST, Outcome.SKIP), [SKIPS]),
    ]
    assert summary(verdicts) == "1 passed, 1 failed, 1 skipped"


def test_the_difference_shows_expected_and_seen(tmp_path: Path) -> None:
    (tmp_path / "a.py.exp").write_text("one\ntwo\n")
    lines = "\n".join(difference(tmp_path, Result("a.py", Outcome.FAIL, "one\n2\n")))
    assert "-two" in lines
    assert "+2" in lines


def test_options_are_those_of_the_runners_help() -> None:
    old = upstream_runner.Runner(Path("run"), "usage: run [-s] [-i INSTANCE]\n  -i INSTANCE, --instance INSTANCE")
    assert old.knows("--instance")
    assert not old.knows("--test-instance")
    assert not old.knows("-t")


def test_lines_are_passed_on_and_logged(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "print('one'); print('two')"]
    assert list(upstream_runner.lines_of(command, tmp_path, upstream_runner.environment(), log)) == ["one\n", "two\n"]
    assert log.read_text().endswith("one\ntwo\n")


def test_a_silent_runner_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_runner, "SILENCE_SECONDS", 0.2)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert not list(upstream_runner.lines_of(command, tmp_path, upstream_runner.environment(), tmp_path / "log"))
    assert "killed" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(("body", "last"), [("pass", "OK"), ("raise OSError", "FAILED (failures=0, errors=1)")])
def test_the_stand_in_for_unittest_says_what_the_runner_looks_for(tmp_path: Path, body: str, last: str) -> None:
    (tmp_path / "unittest.py").write_bytes(STAND_IN.read_bytes())
    show = "sys.print_exception = print"  # CPython has none
    script = (
        f"import sys, unittest\n{show}\nclass A(unittest.TestCase):\n  def test_it(self): {body}\nunittest.main()\n"
    )
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-4:] == ["-" * 70, "Ran 1 tests", "", last]
