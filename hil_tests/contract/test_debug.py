# SPDX-License-Identifier: MIT
"""`ssl.debug()`: what Mbed TLS tells, and that no key and no data are in it."""

from __future__ import annotations

import re

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import BOTH_VERSIONS, Script

BUILT = pytest.mark.requires("debug-output")
MARK = "KEYS FOLLOW"
TEXT = "what nobody else may read"

# A session at LEVEL, then its secrets.
SESSION = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False
client.minimum_version = client.maximum_version = server.maximum_version = VERSION
keys = []
client.keylog_callback = keys.append
ssl.debug(LEVEL)
c, s = connect(client, server)
c.write(TEXT)
s.read(len(TEXT))
c.close()
s.close()
ssl.debug(0)
works(client, server)
print(MARK)
for line in keys:
    print(line)
"""


def session(script: Script, authority: Authority, level: int, version: int) -> tuple[list[str], list[str]]:
    """What was told, and the lines of the key log."""
    lines = script(SESSION, ID=authority.p256, LEVEL=level, VERSION=version, MARK=MARK, TEXT=TEXT)
    place = lines.index(MARK)
    return lines[:place], lines[place + 1 :]


@BUILT
def test_level_0_tells_nothing(script: Script, authority: Authority) -> None:
    assert session(script, authority, 0, 0x0303)[0] == []


@BUILT
@BOTH_VERSIONS
def test_level_2_tells_how_the_handshake_goes(script: Script, authority: Authority, version: int) -> None:
    told, _ = session(script, authority, 2, version)
    assert all(re.match(r"ssl (client|server) ssl_\w+\.c:\d+: ", line) for line in told), told
    assert any(line.startswith("ssl client") and "client hello" in line for line in told), told
    assert any(line.startswith("ssl server") and "server hello" in line for line in told), told


@BUILT
@BOTH_VERSIONS
def test_no_level_tells_keys_or_data(script: Script, authority: Authority, version: int) -> None:
    told, keys = session(script, authority, 4, version)
    assert len(told) > 200 and any("not shown" in line for line in told)
    text = "\n".join(told)
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    for line in keys:
        secret = line.split()[2].lower()
        # A piece of four bytes in a row, however it is set.
        pieces = [secret[i : i + 8] for i in range(0, len(secret) - 8, 2)]
        assert not any(piece in text.lower() or " ".join(re.findall("..", piece)) in text.lower() for piece in pieces)
        assert not any(secret[i : i + 16] in digits for i in range(0, len(secret) - 16, 2)), line.split()[0]
    assert TEXT not in text and TEXT.encode().hex() not in digits
    assert not re.search(r"([0-9a-f]{2} ){8}", text), "a dump of bytes"


@BUILT
def test_numbers_of_all_sizes_come_out(script: Script, authority: Authority) -> None:
    text = "\n".join(session(script, authority, 4, 0x0303)[0])
    assert "%" not in text
    assert re.search(r"message length: \d+, out_left: \d+", text), text[:2000]


@BUILT
def test_levels_are_0_to_4(script: Script) -> None:
    code = "for level in (-1, 5, 'x'): print(attempt(ssl.debug, level))\nprint(ssl.debug(0))"
    wrong = "ValueError('level must be 0 to 4',)"
    assert script(code) == [wrong, wrong, 'TypeError("can\'t convert str to int",)', "None"]


def test_a_build_without_it_says_so(script: Script) -> None:
    if "debug-output" in script.board.capabilities:
        pytest.skip(f"{script.board.name} has debug output")
    expected = "NotImplementedError('this firmware is built without MPY_SSL_DEBUG=1',)"
    assert script("print(attempt(ssl.debug, 1))") == [expected]
