# SPDX-License-Identifier: MIT
"""The instruments of the unix boards: faults on demand, counts of live memory, and sanitizers that do report."""

from __future__ import annotations

import ast
import subprocess

import pytest

from hil_tests.boards import Board
from hil_tests.certificates import Authority

SANITIZER_STATUS = 99  # set in ports/unix/sanitizer/sanitizer.c
SECONDS = 60


def run_program(board: Board, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, so that it may end with a report."""
    command = [str(board.image), *options, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)


@pytest.mark.requires("fault-injection")
def test_the_chosen_allocation_fails_and_no_other(board: Board) -> None:
    code = """
    import _fault
    def three():
        made = 0
        for _ in range(3):
            try:
                bytearray(100)
                made += 1
            except MemoryError:
                pass
        return made
    def with_fault(n):
        _fault.arm(n)
        made = three()
        return made, _fault.disarm() >= n
    three()
    print([with_fault(n) for n in range(1, 20)])
    print(three())
    """
    faulty, afterwards = board.exec(code).lines
    outcomes = set(ast.literal_eval(faulty))
    # MicroPython does without some allocations; one of three buffers is the most that may be missing.
    assert (2, True) in outcomes and outcomes <= {(2, True), (3, True), (3, False)}
    assert afterwards == "3"


@pytest.mark.requires("fault-injection")
def test_disarm_tells_whether_the_fault_came(board: Board) -> None:
    code = """
    import _fault
    _fault.arm(1000)
    bytearray(100)
    print(0 < _fault.disarm() < 1000)
    """
    assert board.exec(code).lines == ["True"]


@pytest.mark.requires("fault-injection")
def test_the_zeroth_allocation_cannot_fail(board: Board) -> None:
    code = """
    import _fault
    try:
        _fault.arm(0)
    except ValueError as error:
        print(error)
    """
    assert board.exec(code).lines == ["n must be at least 1"]


@pytest.mark.requires("leak-count")
def test_memory_of_tls_is_counted_while_it_lives(board: Board, authority: Authority) -> None:
    code = """
    import _fault, gc, ssl
    before = _fault.live()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ROOT)
    blocks, size = _fault.live()
    print(blocks > before[0], size > before[1])
    """
    assert board.exec(code, values={"ROOT": authority.p256.root_der}).lines == ["True True"]


@pytest.mark.requires("sanitizer")
def test_a_read_beyond_the_heap_is_reported(board: Board) -> None:
    code = "import uctypes\nb = uctypes.bytearray_at(uctypes.addressof(bytes(1)), 200000)\nfor i in range(200000): b[i]"
    done = run_program(board, code, "-X", "heapsize=100k")
    assert done.returncode == SANITIZER_STATUS and "heap-buffer-overflow" in done.stderr, done.stderr[-2000:]


@pytest.mark.requires("sanitizer")
def test_a_lost_block_is_reported_at_exit(board: Board) -> None:
    done = run_program(board, "import _fault\n_fault.leak(4321)")
    assert done.returncode == SANITIZER_STATUS and "4321 byte(s) leaked" in done.stderr, done.stderr[-2000:]


@pytest.mark.requires("sanitizer")
def test_what_a_script_still_holds_at_exit_is_no_leak(board: Board) -> None:
    done = run_program(board, "import ssl\nkept = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)")
    assert (done.returncode, done.stderr) == (0, "")
