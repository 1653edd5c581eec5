# SPDX-License-Identifier: MIT
"""hashlib: what a build of Mbed TLS leaves out for flash, it does not leave out of the program's hashes."""

from __future__ import annotations

import hashlib
import random

import pytest

from hil_tests.boards import Board

pytestmark = pytest.mark.every_board

DATA = random.Random("hashlib").randbytes(1000)
# Around the ends of blocks of 64 bytes, where padding begins.
LENGTHS = [0, 1, 3, *range(54, 66), *range(118, 130), 191, 192, 1000]

DIGESTS = """
import hashlib
for n in LENGTHS:
    h = getattr(hashlib, NAME)(DATA[:n // 3])
    h.update(DATA[n // 3:n])
    print(h.digest().hex())
"""


def digests_of_host(name: str) -> list[str]:
    return [hashlib.new(name, DATA[:n]).hexdigest() for n in LENGTHS]


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_digests_are_the_hosts(board: Board, name: str) -> None:
    assert board.exec(DIGESTS, values={"NAME": name, "DATA": DATA, "LENGTHS": LENGTHS}).lines == digests_of_host(name)
