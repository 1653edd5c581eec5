# SPDX-License-Identifier: MIT
"""Child processes end when the rig does, and programs that are missing or stuck are told."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from hil_tests.boards.description import ROOT
from hil_tests.errors import RigError
from hil_tests.process import child_command, describe_end, run_command

PARENT = """
import subprocess, time
from hil_tests.process import child_command
child = subprocess.Popen(child_command(["sh", "-c", "echo started; exec sleep 60"]))
time.sleep(60)
"""


def test_a_child_dies_with_its_parent() -> None:
    # Both hold the pipe's writing end: its end of file means that both are gone.
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"started\n"
    parent.kill()
    parent.wait()
    ready, _, _ = select.select([parent.stdout], [], [], 5)
    assert ready
    assert os.read(parent.stdout.fileno(), 1) == b""
    parent.stdout.close()


def test_a_child_of_a_background_job_can_be_interrupted() -> None:
    code = "import subprocess, sys; from hil_tests.process import child_command as c; sys.exit(subprocess.call(c(%r)))"
    program = ["sh", "-c", "kill -INT $$; exit 7"]
    job = ["env", "--ignore-signal=INT", sys.executable, "-c", code % program]
    assert subprocess.run(job, cwd=ROOT, check=False).returncode != 7


def test_a_command_gives_its_code_and_output() -> None:
    done = run_command(["sh", "-c", "cat; echo oops >&2; exit 3"], stdin=b"in")
    assert (done.code, done.output, done.error) == (3, b"in", "oops\n")


def test_a_missing_command_names_its_package() -> None:
    with pytest.raises(RigError, match="no-such-program is not installed; install the Debian package no-such-program"):
        run_command(["no-such-program"])


def test_a_command_that_does_not_end_shows_what_it_said() -> None:
    with pytest.raises(RigError, match=r"not over after 0\.3 s; it said:\n.*partial"):
        run_command(["sh", "-c", "echo partial; exec sleep 60"], timeout=0.3)


def test_ends_are_told_in_words() -> None:
    assert describe_end(-signal.SIGSEGV) == "was killed by SIGSEGV"
    assert describe_end(99) == "exited with code 99"


def test_the_child_command_runs_the_command() -> None:
    assert subprocess.run(child_command(["true"]), check=False).returncode == 0
