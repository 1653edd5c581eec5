# SPDX-License-Identifier: MIT
"""`record_size_limit` (RFC 8449): told by both ends in TLS 1.3, kept to by both, and what the buffers gain."""

from __future__ import annotations

import ast

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.contract.record_lengths import AROUND, PRELUDE, REFUSED
from hil_tests.records import MAXIMUM_CONTENT

pytestmark = [pytest.mark.requires("record-size-limit"), pytest.mark.requires("tls-1.3")]

WRONG = "ValueError('record_size_limit must be None, or 64 to 16384',)"
# The most content of a record that this module sends: 4 KB with its type.
OUR_MOST = 4095
# What TLS 1.3 adds to the content of a record: its type and the tag.
EXPANSION = 1 + 16
# The most content in an encrypted record that an end has sent since the last call.
LONGEST = """
def longest(end):
    return max([0] + [n - EXPANSION for kind, n in records(end) if kind == 23])
"""


@pytest.fixture
def run(script: Script, authority: Authority) -> Script:
    """With contexts for TLS 1.3, and `longest()`."""
    versions = "client.maximum_version = server.maximum_version = ssl.TLSVersion.TLSv1_3\n"
    return script.after(PRELUDE + LONGEST + versions, ID=authority.p256, EXPANSION=EXPANSION)


@pytest.mark.parametrize("limits", [(512, None), (None, 512), (64, 1000), (16384, 16384)])
def test_each_side_keeps_to_what_the_other_says(run: Script, limits: tuple[int | None, int | None]) -> None:
    code = """
    client.record_size_limit, server.record_size_limit = LIMITS
    a, b, c, s = pair()
    print(c.record_size_limit, s.record_size_limit)
    data = bytes(range(251)) * 40
    for sender, receiver, end in ((s, c, b), (c, s, a)):
        longest(end)
        sender.write(data)
        print(receiver.read(len(data)) == data, longest(end))
    """
    seen = [limit or MAXIMUM_CONTENT for limit in limits]
    sent = [min(limit, OUR_MOST) for limit in seen]
    assert run(code, LIMITS=limits) == [f"{seen[0]} {seen[1]}", f"True {sent[0]}", f"True {sent[1]}"]


def test_the_value_counts_the_type_of_the_content(run: Script) -> None:
    code = """
    for limit in (None, 64, 512):
        client.record_size_limit = limit
        a, b = watched()
        c, s = wrap(client, server, ends=(a, b))
        step(c)
        hello = b"".join(a.sent)
        at = hello.find(b"\\x00\\x1c\\x00\\x02")
        print(hello[at + 4] << 8 | hello[at + 5])
    """
    assert run(code) == ["16385", "65", "513"]


def test_without_one_max_fragment_length_is_asked_for(run: Script) -> None:
    code = """
    client.max_fragment_length = 1024
    for limit in (None, 512):
        client.record_size_limit = limit
        a, b, c, s = pair()
        s.write(bytes(8000))
        print(c.max_fragment_length, c.record_size_limit, s.record_size_limit, longest(b), len(c.read(8000)))
    """
    expected = ["None 1024 16384 1024 8000", "None 512 16384 512 8000"]
    assert run(code) == expected


def test_our_servers_of_tls_1_2_do_not_know_it(run: Script) -> None:
    code = """
    client.record_size_limit = server.record_size_limit = 100
    server.maximum_version = 0x303
    a, b, c, s = pair()
    print(c.version(), c.record_size_limit, s.record_size_limit)
    s.write(bytes(8000))
    print(longest(b) > 2000, len(c.read(8000)))
    client.max_fragment_length = 512
    a, b, c, s = pair()
    print(c.max_fragment_length, c.record_size_limit)
    """
    assert run(code) == ["TLSv1.2 None None", "True 8000", "512 None"]


def test_it_is_none_at_first_before_the_handshake_and_after_close(run: Script) -> None:
    code = """
    print(client.record_size_limit, server.record_size_limit, ssl.HAS_RECORD_SIZE_LIMIT)
    client.record_size_limit = 100
    client.record_size_limit = None
    print(client.record_size_limit)
    c, s = wrap(client, server)
    print(c.record_size_limit)
    shake(c, s)
    c.close()
    print(c.record_size_limit)
    """
    assert run(code) == ["None None True", "None", "None", "None"]


@pytest.mark.parametrize("value", ["0", "63", "16385", "-512", "True"])
def test_other_values_are_refused(script: Script, value: str) -> None:
    code = f"""
    context = ssl.SSLContext(SERVER)
    context.record_size_limit = 1024
    print(attempt(setattr, context, "record_size_limit", {value}), context.record_size_limit)
    """
    assert script(code) == [f"{WRONG} 1024"]


def test_what_is_no_number_is_refused(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    print(attempt(setattr, context, "record_size_limit", "512")[:9], context.record_size_limit)
    """
    assert script(code) == ["TypeError None"]


@pytest.mark.requires("dtls")
def test_datagrams_have_none(script: Script) -> None:
    code = """
    context = ssl.SSLContext(ssl.PROTOCOL_DTLS_CLIENT)
    print(attempt(setattr, context, "record_size_limit", 512), context.record_size_limit)
    """
    assert script(code) == ["ValueError('record_size_limit is for TLS 1.3',) None"]


@pytest.mark.parametrize("step", [None, 50])
def test_messages_of_the_handshake_keep_to_it(run: Script, authority: Authority, step: int | None) -> None:
    code = """
    client.session_cache = True
    authenticate(client, server, OWN)
    client.record_size_limit, server.record_size_limit = 64, 100
    for _ in range(2):
        a, b, c, s = pair(STEP)
        print([longest(end) for end in (a, b)], c.session_reused, len(s.getpeercert(True)) > 500, talks(c, s))
        c.close()
    ssl.session_cache_size(4)
    """
    # The last piece of a message in even pieces is not always full. A ticket has the client's certificate in it.
    lines = run(code, ID=authority.rsa, OWN=authority.rsa_client, STEP=step)
    assert [line.split("] ")[1] for line in lines] == ["False True True", "True True True"]
    for line in lines:
        by_client, by_server = ast.literal_eval(line.split("] ")[0] + "]")
        assert by_client <= 100
        assert 40 < by_server <= 64


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("limit", [64, 512])
def test_a_longer_record_is_record_overflow(run: Script, side: str, limit: int) -> None:
    code = """
    client.record_size_limit = server.record_size_limit = LIMIT
    refuse_longer(SIDE, LIMIT + EXPANSION)
    """
    assert run(code, SIDE=side, LIMIT=limit) == REFUSED


def test_each_connection_has_its_own(run: Script) -> None:
    code = """
    client.session_cache = True
    for mine, yours in ((512, 600), (700, None), (None, 64), (64, 512)):
        client.record_size_limit, server.record_size_limit = mine, yours
        a, b, c, s = pair()
        longest(a), longest(b)
        print(c.session_reused, c.record_size_limit, s.record_size_limit, end=" ")
        c.write(bytes(1000))
        s.write(bytes(1000))
        print(longest(a), longest(b), len(c.read(1000)), len(s.read(1000)))
        c.close()
    ssl.session_cache_size(4)
    """
    assert run(code) == [
        "False 512 600 600 512 1000 1000",
        "True 700 16384 1000 700 1000 1000",
        "True 16384 64 64 1000 1000 1000",
        "True 64 512 512 64 1000 1000",
    ]


def test_a_second_client_hello_has_the_same(run: Script, authority: Authority) -> None:
    code = """
    server.set_groups("P-384")
    client.set_groups("P-256:P-384")
    client.record_size_limit, server.record_size_limit = 300, 400
    a, b, c, s = pair()
    print(c.record_size_limit, s.record_size_limit, talks(c, s))
    """
    assert run(code, ID=authority.p384) == ["300 400 True"]


@pytest.mark.parametrize("limit", [64, 512, 1024, 4096])
def test_the_buffers_are_no_longer_than_the_records(run: Script, limit: int) -> None:
    (line,) = run("client.record_size_limit = server.record_size_limit = LIMIT; print(buffers())", LIMIT=limit)
    for taken in ast.literal_eval(line):
        assert taken <= limit + AROUND
