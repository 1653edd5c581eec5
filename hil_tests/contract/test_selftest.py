# SPDX-License-Identifier: MIT
"""examples/selftest.py: everything that TLS computes with, against published vectors, on every board."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hil_tests.boards import Board
from hil_tests.errors import BoardExecError

pytestmark = pytest.mark.every_board

SCRIPT = (Path(__file__).resolve().parents[2] / "examples" / "selftest.py").read_text(encoding="utf-8")
DEFINITIONS = SCRIPT.removesuffix("main()\n")
# Nominal. RSA-4096 with a private key takes a Cortex-M0+ some 15 seconds.
SECONDS = 60.0
WITHOUT_LONG_KEYS = DEFINITIONS + 'SIGNATURES = [s for s in SIGNATURES if s.name != "RSA-4096"]\nmain()\n'

REQUIRED = {
    *("SHA-1", "SHA-256", "SHA-384", "SHA-512"),
    *(f"AES-{name} {way}" for name in ("128-CBC", "256-CTR", "128-GCM", "256-GCM") for way in ("encrypt", "decrypt")),
    *("ChaCha20-Poly1305 encrypt", "ChaCha20-Poly1305 decrypt", "AES-128-GCM tampered"),
    *("ECDH P-256", "ECDH P-384"),
    *(f"{key} {way}" for key in ("ECDSA P-256", "ECDSA P-384", "RSA-2048", "RSA-4096") for way in ("sign", "verify")),
}

# Spoils the expected result of each test, runs the quick ones, and prints those that did not notice.
SPOILED = """
def spoil(expected):
    if isinstance(expected, bytes):
        return changed(expected)
    return b"" if expected is None else not expected
noticed = 0
for test in tests():
    if "4096" in test.name or test.result() == "not built in":
        continue
    test.expected = spoil(test.expected)
    if test.result().startswith("FAILED"):
        noticed += 1
    else:
        print("unnoticed", test.name)
print(noticed > 20)
"""


def rows(lines: list[str]) -> dict[str, str]:
    """The result of each test by its name, from the table."""
    pairs = (re.split(r"  +", line.strip()) for line in lines)
    return {words[0]: words[1] for words in pairs if len(words) > 1}


@pytest.mark.parametrize(
    ("script", "left_out"),
    [pytest.param(SCRIPT, (), marks=pytest.mark.quick_boards), (WITHOUT_LONG_KEYS, ("RSA-4096",))],
    ids=["all", "without-rsa-4096"],
)
def test_every_vector_is_computed_as_published(board: Board, script: str, left_out: tuple[str, ...]) -> None:
    lines = board.exec(script, timeout=SECONDS).lines
    seen = rows(lines)
    required = {name for name in REQUIRED if not name.startswith(left_out)}
    assert {name: seen.get(name) for name in required} == dict.fromkeys(required, "ok")
    assert {name for name, result in seen.items() if result == "not built in"} <= {"X25519"}
    assert re.fullmatch(r"\d+ tests passed", lines[-1])


@pytest.mark.quick_boards
def test_a_changed_vector_fails(board: Board) -> None:
    assert board.exec(DEFINITIONS + SPOILED, timeout=SECONDS).lines == ["True"]


def test_a_failure_is_an_exception_that_names_it(board: Board) -> None:
    code = (
        DEFINITIONS + "CIPHERS = SIGNATURES = AGREEMENTS = []\nDIGESTS = [Digest(*DIGESTS[0][:4], bytes(20))]\nmain()\n"
    )
    with pytest.raises(BoardExecError) as caught:
        board.exec(code)
    assert caught.value.exception == "RuntimeError: self-test failed: SHA-1"


@pytest.mark.parametrize(
    "call",
    [
        "digest(33, b'')",
        "crypt(p.CBC, True, bytes(15), bytes(16), bytes(16), b'')",
        "crypt(p.CBC, True, bytes(16), bytes(15), bytes(16), b'')",
        "crypt(p.CBC, True, bytes(16), bytes(16), bytes(17), b'')",
        "crypt(p.GCM, False, bytes(16), bytes(12), bytes(15), b'')",
        "crypt(p.CHACHAPOLY, True, bytes(32), bytes(11), b'', b'')",
        "crypt(-1, True, bytes(16), bytes(16), bytes(16), b'')",
        "sign(b'no key', bytes(32))",
        "sign(b'', bytes(31))",
        "agree(23, bytes(32), bytes(65))",
        "agree(23, b'\\1' * 32, b'\\4' + bytes(64))",
        "agree(23, b'\\1' * 32, b'')",
        "agree(9999, b'', b'')",
    ],
)
def test_operations_refuse_what_makes_no_sense(board: Board, call: str) -> None:
    code = (
        f"import _ssl_primitives as p\ntry:\n    print(p.{call})\nexcept (OSError, ValueError):\n    print('refused')\n"
    )
    assert board.exec(code).lines == ["refused"]
