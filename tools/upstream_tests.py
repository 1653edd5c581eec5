# SPDX-License-Identifier: MIT
"""Runs upstream's own TLS tests with upstream's own runners, in place, against our firmware.

The runners (tests/run-tests.py, tests/run-multitests.py) are called in the MicroPython source tree, and nothing is
written there: working files, results and logs go below build/upstream/<BOARD>. Tests that cannot pass stand in
tools/upstream_exceptions.toml with their reason; an exception that is not needed any more is a failure.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import upstream_results as results
from console import ToolError, exit_with
from upstream_boards import ROOT, Target, open_target, server_program
from upstream_results import Exemption, Expectation, Judgement, Outcome, Result, Verdict
from upstream_runner import Runner, environment, find_runner, lines_of

EXCEPTIONS = Path(__file__).with_name("upstream_exceptions.toml")
STAND_IN = Path(__file__).with_name("upstream_unittest.py")
SINGLE_PATTERNS = ("extmod/ssl_*.py", "extmod/tls_*.py")
MULTI_PATTERNS = ("multi_net/*ssl*.py", "multi_net/*tls*.py")
# Upstream's network tests listen here and offer no way to choose another port.
UPSTREAM_PORT = 8000
# The server of the last test is being killed when its runner ends; that takes milliseconds.
PORT_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """What to run on one board. `folder` takes its files; `tests` is the tests folder of MicroPython's sources.

    `images` gives firmware other than the built one, by board.
    """

    board: str
    images: Mapping[str, Path]
    tests: Path
    folder: Path
    wanted: str
    exemptions: tuple[Exemption, ...]

    def exemptions_of(self, test: str) -> tuple[Exemption, ...]:
        """The exceptions that apply to `test` here, in this version."""
        here = (e for e in self.exemptions if e.applies_to(test, self.board))
        return tuple(e for e in here if not e.lacks or e.lacks not in (self.tests / test).read_text(encoding="utf-8"))

    def matching(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """The tests that match one of `patterns` and the user's filter, as paths below `tests`, sorted."""
        found = {file.relative_to(self.tests).as_posix() for pattern in patterns for file in self.tests.glob(pattern)}
        return tuple(sorted(name for name in found if re.search(self.wanted, name)))

    def runnable(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those tests that no exception forbids to start."""
        forbidden = Expectation.NOT_RUN
        return tuple(name for name in names if all(e.expect is not forbidden for e in self.exemptions_of(name)))


def unittest_path(tests: Path, folder: Path) -> Path:
    """The file that boards import as `unittest`: upstream's, or our stand-in where the sources lack micropython-lib."""
    library = tests.parent / "lib/micropython-lib/python-stdlib/unittest/unittest/__init__.py"
    stand_in = folder / "path" / "unittest.py"
    stand_in.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(library if library.is_file() else STAND_IN, stand_in)
    return stand_in


def board_files(job: Job) -> tuple[Path, ...]:
    """What upstream's tests expect to find on a board: keys, certificates, and unittest."""
    return (*sorted(job.tests.glob("multi_net/*.der")), unittest_path(job.tests, job.folder))


def run_single(job: Job, target: Target, names: Sequence[str]) -> Iterator[Result]:
    """Run tests that need one interpreter. An empty `names` runs nothing."""
    if not names:
        return
    runner = find_runner(job.tests / "run-tests.py")
    kept = fresh_folder(job.folder / "results")
    root = working_copy(job, names)
    path = os.pathsep.join((".frozen", str(job.tests.parent / "extmod"), str(job.folder / "path")))
    env = environment(MICROPY_MICROPYTHON=str(target.host), MICROPYPATH=path)
    log = job.folder / "run-tests.log"
    log.unlink(missing_ok=True)
    with target.terminal() as device:
        where = ["-t", f"port:{device}"] if device else []
        files = [str(root / name) for name in names]
        command = runner.command("--keep-path", "-j", "1", "-r", str(kept), *where, *files)
        yield from results.single_results(lines_of(command, job.tests, env, log), root, kept)


def working_copy(job: Job, names: Iterable[str]) -> Path:
    """A folder with copies of those tests and of what they are expected to print.

    The runner starts a test in the test's folder. It would also skip ssl_poll.py, which it knows by its place and runs
    only on upstream's coverage build, since no other stock build has the method that the test needs; ours does.
    """
    root = fresh_folder(job.folder / "tests")
    for name in names:
        copy = root / name
        copy.parent.mkdir(exist_ok=True)
        for ending in ("", ".exp"):
            if (source := job.tests / f"{name}{ending}").is_file():
                shutil.copyfile(source, f"{copy}{ending}")
    return root


def run_multi(job: Job, target: Target, names: Sequence[str]) -> Iterator[Result]:
    """Run tests of a server and a client: both are the unix port, or the client is the board.

    Each has a runner of its own, since the runner does not wait for the end of a server before it starts the next one.
    """
    if not names:
        return
    runner = find_runner(job.tests / "run-multitests.py")
    kept = fresh_folder(job.folder / "multi-results")
    where = ["-r", str(kept)] if runner.knows("--result-dir") else []
    env = environment(MICROPY_MICROPYTHON=str(target.host))
    log = job.folder / "run-multitests.log"
    log.unlink(missing_ok=True)
    for name in names:
        wait_for_free_port()
        with target.terminal() as device:
            who = instances(runner, server_program(target, job.folder), device)
            lines = lines_of(runner.command(*where, *who, name), job.tests, env, log)
            yield results.multi_result(name, lines)


def instances(runner: Runner, server: Path, device: str | None) -> list[str]:
    """Options that say who is server and who is client; without any, the runner takes the unix port for both."""
    if device is None:
        return []
    option, kind = ("-t", "port:") if runner.knows("--test-instance") else ("-i", "pyb:")
    return [option, f"exec:{server}", option, f"{kind}{device}"]


def fresh_folder(folder: Path) -> Path:
    """An empty folder in the place of whatever an earlier run left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def wait_for_free_port() -> None:
    """Wait until nobody uses the port that is fixed in upstream's tests; ToolError after PORT_SECONDS."""
    deadline = time.monotonic() + PORT_SECONDS
    while not port_is_free():
        if time.monotonic() > deadline:
            cure = f"stop the program that listens there (`ss -ltnp sport = :{UPSTREAM_PORT}`) and run this again"
            raise ToolError(f"upstream's tests need TCP port {UPSTREAM_PORT}, and it is in use", cure)
        time.sleep(0.05)


def port_is_free() -> bool:
    """Whether a test could listen on its port now."""
    try:
        with socket.create_server(("0.0.0.0", UPSTREAM_PORT)):
            return True
    except OSError:
        return False


Run = Callable[[Job, Target, Sequence[str]], Iterator[Result]]


def run_board(job: Job) -> list[Verdict]:
    """Run all wanted tests on the job's board, saying each verdict as it comes. Raises ToolError if nothing matches."""
    single, multi = job.matching(SINGLE_PATTERNS), job.matching(MULTI_PATTERNS)
    total = len(single) + len(multi)
    if not total:
        raise ToolError(f"no TLS test below {job.tests} matches {job.wanted!r}", "give another --filter")
    job.folder.mkdir(parents=True, exist_ok=True)
    verdicts: list[Verdict] = []
    with open_target(job.board, job.images, board_files(job), job.folder) as target:
        for run, names in ((run_single, single), (run_multi, multi)):
            for result in every_result(run(job, target, job.runnable(names)), names):
                verdict = results.judge(result, job.exemptions_of(result.test))
                verdicts.append(verdict)
                print(f"[{len(verdicts):2}/{total}] {job.board} {verdict.test}: {verdict.judgement.value}", flush=True)
                if verdict.judgement is Judgement.FAILED:
                    print(explanation(job, result, verdict), flush=True)
    return verdicts


def every_result(seen: Iterable[Result], names: Sequence[str]) -> Iterator[Result]:
    """A result for each of `names`: as they come, then those that the runner was not given or did not get to."""
    missing = dict.fromkeys(names)
    for result in seen:
        missing.pop(result.test, None)
        yield result
    for name in missing:
        yield Result(name, Outcome.NONE)


def explanation(job: Job, result: Result, verdict: Verdict) -> str:
    """Why a test failed: what was expected, what was seen, where the log is, and how to run it again."""
    log = job.folder / ("run-multitests.log" if result.test.startswith("multi_net/") else "run-tests.log")
    again = f".venv/bin/python tools/upstream_tests.py --board {job.board} --filter '{re.escape(result.test)}$'"
    return "\n".join((f"    {verdict.note}", *difference(job.tests, result), f"    log: {log}", f"    again: {again}"))


def difference(tests: Path, result: Result) -> Iterator[str]:
    """Lines that show what the board printed against what upstream expects, if both are known."""
    file = tests / f"{result.test}.exp"
    expected = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    seen = result.output.splitlines()
    if result.outcome is Outcome.FAIL:
        yield from (f"    {line}" for line in difflib.unified_diff(expected, seen, "expected", "seen", lineterm=""))


def table(board: str, verdicts: Iterable[Verdict]) -> str:
    """The final table of a board: every test, what became of it, and why."""
    rows = [(v.test, v.judgement.value, v.note) for v in verdicts]
    width = max(len(test) for test, _, _ in rows)
    return "\n".join((f"== {board} ==", *(f"{test:{width}}  {word:7}  {note}".rstrip() for test, word, note in rows)))


def named_image(text: str) -> tuple[str, Path]:
    """BOARD=FILE, as two."""
    board, equals, file = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not BOARD=FILE")
    return board, Path(file).resolve()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", action="append", help="folder of boards/ to test (repeatable; default: UNIX)")
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        type=named_image,
        metavar="BOARD=FILE",
        help="firmware in place of the built one (repeatable); other boards find their servers on UNIX",
    )
    parser.add_argument("--filter", default="", metavar="REGEX", help="only tests whose path below tests/ matches")
    parser.add_argument(
        "--micropython-dir",
        type=Path,
        default=os.environ.get("MICROPY_DIR") or ROOT / "build/src/micropython",
        help="MicroPython's sources, with tests (default: $MICROPY_DIR, or what make has fetched)",
    )
    parser.add_argument("--exceptions", type=Path, default=EXCEPTIONS, help="the file of exceptions")
    return parser.parse_args()


def main() -> None:
    """Run everything; exit status 1 when a test failed or an exception is stale."""
    args = arguments()
    tests = args.micropython_dir.resolve() / "tests"
    if not (tests / "run-tests.py").is_file():
        raise ToolError(f"{tests} has no run-tests.py", "run `make setup`, or give --micropython-dir")
    boards = args.board or ["UNIX"]
    exemptions = results.load_exemptions(args.exceptions)
    verdicts: dict[str, list[Verdict]] = {}
    for board in boards:
        folder = ROOT / "build/upstream" / board
        verdicts[board] = run_board(Job(board, dict(args.image), tests, folder, args.filter, exemptions))
    for board, ours in verdicts.items():
        print(f"\n{table(board, ours)}")
    everything = [verdict for ours in verdicts.values() for verdict in ours]
    print(f"\n{results.summary(everything)}")
    raise SystemExit(any(verdict.judgement is Judgement.FAILED for verdict in everything))


if __name__ == "__main__":
    exit_with(main)
