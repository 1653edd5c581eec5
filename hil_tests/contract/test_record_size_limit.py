# SPDX-License-Identifier: MIT
"""`record_size_limit` (RFC 8449): told by both ends in TLS 1.3, kept to by both, and what the buffers gain."""

from __future__ import annotations

import ast

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = [pytest.mark.requires("record-size-limit"), pytest.mark.requires("tls-1.3")]

WRONG = "ValueError('record_size_limit must be None, or 64 to 16384',)"
# What TLS 1.3 adds to the content of a record: its type and the tag.
EXPANSION = 1 + 16
# Bytes of a buffer beside the content: Mbed TLS's counter, header, and what the longest protection would need.
AROUND = 120

CONTEXTS = f"""
EXPANSION = {EXPANSION}
client, server = client_context(ID), server_context(ID)
client.session_cache = False
client.maximum_version = server.maximum_version = 0x304

def longest(end):
    "The most content in an encrypted record that an end of a pipe has sent since the last call."
    sent, end.sent[:] = b"".join(end.sent), []
    lengths = [0]
    while sent:
        n = sent[3] << 8 | sent[4]
        if sent[0] == 23:
            lengths.append(n - EXPANSION)
        sent = sent[5 + n :]
    return max(lengths)

def pair():
    ends = pipe()
    for end in ends:
        end.sent = []
    sockets = connect(client, server, ends=ends)
    return ends + sockets
"""


@pytest.mark.parametrize("limits", [(512, None), (None, 512), (64, 1000), (16384, 16384)])
def test_each_side_keeps_to_what_the_other_says(
    script: Script, authority: Authority, limits: tuple[int | None, int | None]
) -> None:
    code = (
        CONTEXTS
        + """
client.record_size_limit, server.record_size_limit = LIMITS
a, b, c, s = pair()
print(c.record_size_limit, s.record_size_limit)
data = bytes(range(251)) * 40
for sender, receiver, end in ((s, c, b), (c, s, a)):
    longest(end)
    sender.write(data)
    print(receiver.read(len(data)) == data, longest(end))
"""
    )
    # Ours never have more than 4 KB, type included.
    most = [min(limit or 16384, 4095) for limit in limits]
    expected = [f"{limits[0] or 16384} {limits[1] or 16384}", f"True {most[0]}", f"True {most[1]}"]
    assert script(code, ID=authority.p256, LIMITS=limits) == expected


def test_the_value_counts_the_type_of_the_content(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
for limit in (None, 64, 512):
    client.record_size_limit = limit
    a, b = pipe()
    a.sent = []
    c, s = wrap(client, server, ends=(a, b))
    step(c)
    hello = b"".join(a.sent)
    at = hello.find(b"\\x00\\x1c\\x00\\x02")
    print(hello[at + 4] << 8 | hello[at + 5])
"""
    )
    assert script(code, ID=authority.p256) == ["16385", "65", "513"]


def test_without_one_max_fragment_length_is_asked_for(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
client.max_fragment_length = 1024
for limit in (None, 512):
    client.record_size_limit = limit
    a, b, c, s = pair()
    s.write(bytes(8000))
    print(c.max_fragment_length, c.record_size_limit, s.record_size_limit, longest(b), len(c.read(8000)))
"""
    )
    expected = ["None 1024 16384 1024 8000", "None 512 16384 512 8000"]
    assert script(code, ID=authority.p256) == expected


def test_our_servers_of_tls_1_2_do_not_know_it(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
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
    )
    assert script(code, ID=authority.p256) == ["TLSv1.2 None None", "True 8000", "512 None"]


def test_it_is_none_at_first_before_the_handshake_and_after_close(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
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
    )
    assert script(code, ID=authority.p256) == ["None None True", "None", "None", "None"]


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
def test_messages_of_the_handshake_keep_to_it(script: Script, authority: Authority, step: int | None) -> None:
    code = (
        CONTEXTS
        + """
client.session_cache = True
client.load_cert_chain(*MY_ID[:2])
server.load_verify_locations(cadata=ID[2])
server.verify_mode = ssl.CERT_REQUIRED
client.record_size_limit, server.record_size_limit = 64, 100
for _ in range(2):
    ends = pipe()
    for end in ends:
        end.sent = []
        end.step = STEP
    c, s = connect(client, server, ends=ends)
    print([longest(end) for end in ends], c.session_reused, len(s.getpeercert(True)) > 500, talks(c, s))
    c.close()
ssl.session_cache_size(4)
"""
    )
    # The last piece of a message in even pieces is not always full. A ticket has the client's certificate in it.
    lines = script(code, ID=authority.rsa, MY_ID=authority.rsa_client, STEP=step)
    assert [line.split("] ")[1] for line in lines] == ["False True True", "True True True"]
    for line in lines:
        by_client, by_server = ast.literal_eval(line.split("] ")[0] + "]")
        assert by_client <= 100
        assert 40 < by_server <= 64


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("limit", [64, 512])
def test_a_longer_record_is_record_overflow(script: Script, authority: Authority, side: str, limit: int) -> None:
    code = (
        CONTEXTS
        + """
client.record_size_limit = server.record_size_limit = LIMIT
for extra, name in ((0, "INVALID_MAC"), (1, "INVALID_RECORD")):
    a, b, c, s = pair()
    victim, end, other = (c, a, s) if SIDE == "client" else (s, b, c)
    n = LIMIT + EXPANSION + extra
    end.inbox = bytearray(b"\\x17\\x03\\x03" + bytes((n >> 8, n & 255)) + bytes(n))
    print(name in attempt(victim.read, 1), attempt(other.read, 1).split("peer sent ")[1])
"""
    )
    lines = script(code, ID=authority.p256, SIDE=side, LIMIT=limit)
    assert lines == ["True bad_record_mac')", "True record_overflow')"]


def test_each_connection_has_its_own(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
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
    )
    assert script(code, ID=authority.p256) == [
        "False 512 600 600 512 1000 1000",
        "True 700 16384 1000 700 1000 1000",
        "True 16384 64 64 1000 1000 1000",
        "True 64 512 512 64 1000 1000",
    ]


def test_a_second_client_hello_has_the_same(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
server.set_groups("P-384")
client.set_groups("P-256:P-384")
client.record_size_limit, server.record_size_limit = 300, 400
a, b, c, s = pair()
print(c.record_size_limit, s.record_size_limit, talks(c, s))
"""
    )
    assert script(code, ID=authority.p384) == ["300 400 True"]


@pytest.mark.parametrize("limit", [64, 512, 1024, 4096])
def test_the_buffers_are_no_longer_than_the_records(script: Script, authority: Authority, limit: int) -> None:
    code = (
        CONTEXTS
        + """
client.record_size_limit = server.record_size_limit = LIMIT
a, b, c, s = pair()
s.write(bytes(8192))
c.read(1)
held = ssl.memory_info(c)["input"]
a.room = 10
c.send(bytes(8192))
waiting = ssl.memory_info(c)["output"]
print(held <= LIMIT + AROUND, waiting <= LIMIT + AROUND, held, waiting)
"""
    )
    (line,) = script(code, ID=authority.p256, LIMIT=limit, AROUND=AROUND)
    assert line.startswith("True True"), line
