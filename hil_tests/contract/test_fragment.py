# SPDX-License-Identifier: MIT
"""`max_fragment_length` (RFC 6066, 4): asked for, granted, kept to by both, and what the buffers gain."""

from __future__ import annotations

import ast

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.contract.record_lengths import AROUND, PRELUDE, REFUSED

pytestmark = pytest.mark.requires("max-fragment-length")

LENGTHS = [512, 1024, 2048, 4096]
WRONG = "ValueError('max_fragment_length must be None, 512, 1024, 2048 or 4096',)"
# What AEAD adds to a record's data: nonce and tag.
TAG = 16
EXPANSION = 8 + TAG


@pytest.fixture
def run(script: Script, authority: Authority) -> Script:
    """With a function for the longest record that an end has sent since the last call."""
    longest = "def longest(end):\n    return max([n for _, n in records(end)])\n"
    return script.after(PRELUDE + longest, ID=authority.p256, EXPANSION=EXPANSION)


@pytest.mark.parametrize("length", LENGTHS)
def test_both_sides_keep_to_what_is_granted(run: Script, length: int) -> None:
    code = """
    client.max_fragment_length = LENGTH
    a, b, c, s = pair()
    print(c.max_fragment_length, s.max_fragment_length)
    data = bytes(range(251)) * 40
    for sender, receiver, end in ((c, s, a), (s, c, b)):
        sender.write(data)
        print(receiver.read(len(data)) == data, LENGTH < longest(end) <= LENGTH + EXPANSION)
    """
    expected = [f"{length} {length}", "True True", "True True"]
    assert run(code, LENGTH=length) == expected


@pytest.mark.parametrize("step", [None, 100])
def test_messages_of_the_handshake_are_sent_in_records_of_that_length(
    run: Script, authority: Authority, step: int | None
) -> None:
    code = """
    client.max_fragment_length = 512
    authenticate(client, server, OWN)
    a, b, c, s = pair(STEP)
    print([300 < longest(end) <= 512 for end in (a, b)], talks(c, s))
    print([len(sock.getpeercert(True)) > 512 for sock in (c, s)])
    """
    lines = run(code, ID=authority.rsa, OWN=authority.rsa_client, STEP=step)
    assert lines == ["[True, True] True", "[True, True]"]


def test_nothing_is_asked_for_at_first(run: Script) -> None:
    code = """
    a, b, c, s = pair()
    print(client.max_fragment_length, c.max_fragment_length, s.max_fragment_length)
    s.write(bytes(10000))
    print(len(c.read(10000)), longest(b) > 4096)
    client.max_fragment_length = 512
    client.max_fragment_length = None
    print([s.max_fragment_length for s in pair()[2:]])
    """
    assert run(code) == ["None None None", "10000 True", "[None, None]"]


def test_before_the_handshake_and_after_close_it_is_none(run: Script) -> None:
    code = """
    client.max_fragment_length = 512
    c, s = wrap(client, server)
    print(c.max_fragment_length)
    shake(c, s)
    c.close()
    print(c.max_fragment_length, ssl.HAS_MAX_FRAGMENT_LENGTH)
    """
    assert run(code) == ["None", "None True"]


@pytest.mark.parametrize("value", [0, 1, 511, 513, 256, 8192, 16384, -512])
def test_other_lengths_are_refused(script: Script, value: int) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.max_fragment_length = 1024
    try:
        client.max_fragment_length = VALUE
    except ValueError as error:
        print(show(error), client.max_fragment_length)
    """
    assert script(code, VALUE=value) == [f"{WRONG} 1024"]


def test_servers_do_not_ask(run: Script) -> None:
    code = """
    try:
        server.max_fragment_length = 512
    except ValueError as error:
        print(show(error), server.max_fragment_length)
    """
    assert run(code) == ["ValueError('max_fragment_length is for clients to ask for',) None"]


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_longer_record_is_record_overflow(run: Script, side: str) -> None:
    code = """
    client.max_fragment_length = 512
    client.set_ciphers(["TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"])
    refuse_longer(SIDE, 512 + TAG)
    """
    assert run(code, SIDE=side, TAG=TAG) == REFUSED


def test_a_session_keeps_its_length(run: Script) -> None:
    code = """
    client.session_cache = True
    for length in (512, 512, 1024, None, None, 512):
        client.max_fragment_length = length
        c, s = connect(client, server)
        print(c.session_reused, c.max_fragment_length, s.max_fragment_length, talks(c, s))
    ssl.session_cache_size(4)
    """
    assert run(code) == [
        "False 512 512 True",
        "True 512 512 True",
        "False 1024 1024 True",
        "False None None True",
        "True None None True",
        "True 512 512 True",
    ]


@pytest.mark.requires("tls-1.3")
def test_tls_1_3_goes_without(run: Script) -> None:
    code = """
    client.max_fragment_length = 512
    client.maximum_version = server.maximum_version = 0x304
    a, b, c, s = pair()
    print(c.version(), c.max_fragment_length, s.max_fragment_length, talks(c, s))
    """
    assert run(code) == ["TLSv1.3 None None True"]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_buffers_are_no_longer_than_the_records(run: Script, length: int) -> None:
    (line,) = run("client.max_fragment_length = LENGTH; print(buffers())", LENGTH=length)
    for taken in ast.literal_eval(line):
        assert length < taken <= length + AROUND
