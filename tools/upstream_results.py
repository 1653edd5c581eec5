# SPDX-License-Identifier: MIT
"""What upstream's test runners say, and whether our list of exceptions agrees with it."""

from __future__ import annotations

import enum
import fnmatch
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console import ToolError


class Outcome(enum.Enum):
    """How a test ended, in the words of upstream's runners."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    NONE = "no result"


class Expectation(enum.Enum):
    """What an exception says about its test."""

    FAIL = "fail"
    SKIP = "skip"
    NOT_RUN = "not-run"


class Judgement(enum.Enum):
    """The last word on a test, as counted in the closing line."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """One test's result. `output` is what the board printed; empty when the runner did not keep it."""

    test: str
    outcome: Outcome
    output: str = ""


@dataclass(frozen=True)
class Exemption:
    """Tests that are not expected to pass on `boards` (empty: on any), with the reason.

    `test` is a path below tests/, or a pattern with `*`. A failing test must print all of `shows`, so that it cannot
    begin to fail for another reason unseen. `lacks`: only for versions of the test without this text.
    """

    test: str
    expect: Expectation
    reason: str
    boards: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    lacks: str = ""

    def applies_to(self, test: str, board: str) -> bool:
        """Whether this exemption is meant for `test` on `board`."""
        return fnmatch.fnmatchcase(test, self.test) and (not self.boards or board in self.boards)


@dataclass(frozen=True)
class Verdict:
    """A result, held against the exemptions; `note` explains everything that is not a plain pass."""

    test: str
    judgement: Judgement
    note: str = ""


KEYS = {"test", "expect", "reason", "boards", "shows", "lacks"}


def load_exemptions(path: Path) -> tuple[Exemption, ...]:
    """Read the file of exceptions. Raises ToolError, naming the entry, when one is incomplete or misspelt."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
    return tuple(_exemption(entry, f"{path}, exception {number}") for number, entry in enumerate(entries, 1))


def _exemption(entry: Mapping[str, object], where: str) -> Exemption:
    unknown = sorted(set(entry) - KEYS)
    if unknown:
        raise ToolError(f"{where}: unknown key {unknown[0]!r}", f"use only {', '.join(sorted(KEYS))}")
    try:
        expect = Expectation(entry["expect"])
        test, reason = str(entry["test"]), str(entry["reason"]).strip()
    except (KeyError, ValueError) as error:
        words = ", ".join(e.value for e in Expectation)
        raise ToolError(f"{where}: {error} is missing or wrong", f"give test, reason, and expect ({words})") from error
    boards, shows = (_texts(entry, key, where) for key in ("boards", "shows"))
    if not reason:
        raise ToolError(f"{where}: the reason is empty", "say why the test does not pass")
    if expect is Expectation.FAIL and not shows:
        raise ToolError(f"{where}: a test that fails needs shows", "quote what it prints when it fails")
    return Exemption(test, expect, reason, boards, shows, str(entry.get("lacks", "")))


def _texts(entry: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise ToolError(f"{where}: {key} is not a list of strings", f'write {key} = ["…"]')
    return tuple(value)


def judge(result: Result, exemptions: Sequence[Exemption]) -> Verdict:
    """Hold a result against the exemptions of its test; one that is not needed is a failure as well.

    There are several where upstream's versions differ: a test that fails in one may skip itself in another.
    """
    if not exemptions:
        return _judge_plain(result)
    for exemption in exemptions:
        if exemption.expect is Expectation.NOT_RUN:
            return Verdict(result.test, Judgement.SKIPPED, exemption.reason)
        if exemption.expect.value == result.outcome.value:
            return _judge_expected(result, exemption)
    said, seen = " or ".join(e.expect.value for e in exemptions), result.outcome.value
    stale = ", so the exception is stale: remove it" if result.outcome is Outcome.PASS else ""
    return Verdict(result.test, Judgement.FAILED, f"the exception says {said}, seen: {seen}{stale}")


def _judge_expected(result: Result, exemption: Exemption) -> Verdict:
    missing = [text for text in exemption.shows if text not in result.output]
    if missing:
        note = f"it fails in another way than the exception says: {missing[0]!r} is not in its output"
        return Verdict(result.test, Judgement.FAILED, note)
    return Verdict(result.test, Judgement.SKIPPED, exemption.reason)


def _judge_plain(result: Result) -> Verdict:
    notes = {
        Outcome.PASS: "",
        Outcome.FAIL: "its output is not what upstream expects",
        Outcome.SKIP: "it skipped itself and no exception says why",
        Outcome.NONE: "the runner ended before this test",
    }
    passed = result.outcome is Outcome.PASS
    return Verdict(result.test, Judgement.PASSED if passed else Judgement.FAILED, notes[result.outcome])


def summary(verdicts: Sequence[Verdict]) -> str:
    """The closing line, `N passed, M failed, K skipped`."""
    counts = {j: sum(v.judgement is j for v in verdicts) for j in Judgement}
    return ", ".join(f"{counts[j]} {j.value}" for j in Judgement)


SINGLE = re.compile(r"(pass|FAIL|skip|lrge)\s+(\S+\.py)\b")
MULTI = re.compile(r"\S+\.py on \S+: ?(.*)$")
WORDS = {"pass": Outcome.PASS, "FAIL": Outcome.FAIL, "skip": Outcome.SKIP, "lrge": Outcome.SKIP}
OUTPUT_BEGINS = "### TEST ###"
OUTPUT_ENDS = "### TRUTH ###"


def single_results(lines: Iterable[str], root: Path, kept: Path) -> Iterator[Result]:
    """Results from what run-tests.py prints, as they come; tests are named by their path below `root`.

    It leaves what a failed test printed in the folder `kept`, after it said FAIL: so that is read with the next line.
    """
    failed = ""
    for line in lines:
        if failed:
            yield _failure(failed, root, kept)
            failed = ""
        match = SINGLE.match(line)
        if match and WORDS[match[1]] is Outcome.FAIL:
            failed = match[2]
        elif match:
            yield Result(_name(match[2], root), WORDS[match[1]])
    if failed:
        yield _failure(failed, root, kept)


def _name(printed: str, root: Path) -> str:
    return printed.removeprefix(f"{root}/")


def _failure(printed: str, root: Path, kept: Path) -> Result:
    file = kept / (printed.replace("/", "_") + ".out")
    output = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return Result(_name(printed, root), Outcome.FAIL, output)


def multi_result(test: str, lines: Iterable[str]) -> Result:
    """The result of `test` from what run-multitests.py prints when it runs that one; after FAIL stands its output."""
    outcome, output, inside = Outcome.NONE, list[str](), False
    for line in lines:
        match = MULTI.match(line)
        if match and outcome is Outcome.NONE:
            outcome = WORDS.get(match[1].strip(), Outcome.FAIL)
        inside = inside and not line.startswith(OUTPUT_ENDS)
        if inside:
            output.append(line)
        inside = inside or line.startswith(OUTPUT_BEGINS)
    return Result(test, outcome, "".join(output))
