# SPDX-License-Identifier: MIT
"""`max_fragment_length` (RFC 6066, 4): asked for, granted, kept to by both, and what the buffers gain."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.requires("max-fragment-length")

LENGTHS = [512, 1024, 2048, 4096]
WRONG = "ValueError('max_fragment_length must be None, 512, 1024, 2048 or 4096',)"
# What AEAD adds to a record's data: nonce and tag.
EXPANSION = 8 + 16

CONTEXTS = f"""
EXPANSION = {EXPANSION}
client, server = client_context(ID), server_context(ID)
client.session_cache = False

def longest(end):
    "The longest record that an end of a pipe has sent since the last call."
    sent, end.sent[:] = b"".join(end.sent), []
    lengths = [0]
    while sent:
        n = sent[3] << 8 | sent[4]
        lengths.append(n)
        sent = sent[5 + n :]
    return max(lengths)

def pair():
    ends = pipe()
    sockets = connect(client, server, ends=ends)
    for end in ends:
        end.sent = []
    return ends + sockets
"""


@pytest.mark.parametrize("length", LENGTHS)
def test_both_sides_keep_to_what_is_granted(script: Script, authority: Authority, length: int) -> None:
    code = (
        CONTEXTS
        + """
client.max_fragment_length = LENGTH
a, b, c, s = pair()
print(c.max_fragment_length, s.max_fragment_length)
data = bytes(range(251)) * 40
for sender, receiver, end in ((c, s, a), (s, c, b)):
    sender.write(data)
    print(receiver.read(len(data)) == data, LENGTH < longest(end) <= LENGTH + EXPANSION)
"""
    )
    expected = [f"{length} {length}", "True True", "True True"]
    assert script(code, ID=authority.p256, LENGTH=length) == expected


@pytest.mark.parametrize("step", [None, 100])
def test_messages_of_the_handshake_are_sent_in_records_of_that_length(
    script: Script, authority: Authority, step: int | None
) -> None:
    code = (
        CONTEXTS
        + """
client.max_fragment_length = 512
client.load_cert_chain(*MY_ID[:2])
server.load_verify_locations(cadata=ID[2])
server.verify_mode = ssl.CERT_REQUIRED
ends = pipe()
for end in ends:
    end.sent = []
    end.step = STEP
c, s = connect(client, server, ends=ends)
print([300 < longest(end) <= 512 for end in ends], talks(c, s))
print([len(sock.getpeercert(True)) > 512 for sock in (c, s)])
"""
    )
    lines = script(code, ID=authority.rsa, MY_ID=authority.rsa_client, STEP=step)
    assert lines == ["[True, True] True", "[True, True]"]


def test_nothing_is_asked_for_at_first(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
a, b, c, s = pair()
print(client.max_fragment_length, c.max_fragment_length, s.max_fragment_length)
s.write(bytes(10000))
print(len(c.read(10000)), longest(b) > 4096)
client.max_fragment_length = 512
client.max_fragment_length = None
print([s.max_fragment_length for s in pair()[2:]])
"""
    )
    assert script(code, ID=authority.p256) == ["None None None", "10000 True", "[None, None]"]


def test_before_the_handshake_and_after_close_it_is_none(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
client.max_fragment_length = 512
c, s = wrap(client, server)
print(c.max_fragment_length)
shake(c, s)
c.close()
print(c.max_fragment_length, ssl.HAS_MAX_FRAGMENT_LENGTH)
"""
    )
    assert script(code, ID=authority.p256) == ["None", "None True"]


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


def test_servers_do_not_ask(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
try:
    server.max_fragment_length = 512
except ValueError as error:
    print(show(error), server.max_fragment_length)
"""
    )
    assert script(code, ID=authority.p256) == ["ValueError('max_fragment_length is for clients to ask for',) None"]


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_longer_record_is_record_overflow(script: Script, authority: Authority, side: str) -> None:
    code = (
        CONTEXTS
        + """
client.max_fragment_length = 512
client.set_ciphers(["TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"])
for extra, name in ((0, "INVALID_MAC"), (1, "INVALID_RECORD")):
    a, b, c, s = pair()
    victim, end, other = (c, a, s) if SIDE == "client" else (s, b, c)
    n = 512 + 16 + extra
    end.inbox.extend(b"\\x17\\x03\\x03" + bytes((n >> 8, n & 255)) + bytes(n))
    print(name in attempt(victim.read, 1), attempt(other.read, 1).split("peer sent ")[1])
"""
    )
    lines = script(code, ID=authority.p256, SIDE=side)
    assert lines == ["True bad_record_mac')", "True record_overflow')"]


def test_a_session_keeps_its_length(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
client.session_cache = True
for length in (512, 512, 1024, None, None, 512):
    client.max_fragment_length = length
    c, s = connect(client, server)
    print(c.session_reused, c.max_fragment_length, s.max_fragment_length, talks(c, s))
ssl.session_cache_size(4)
"""
    )
    assert script(code, ID=authority.p256) == [
        "False 512 512 True",
        "True 512 512 True",
        "False 1024 1024 True",
        "False None None True",
        "True None None True",
        "True 512 512 True",
    ]


@pytest.mark.requires("tls-1.3")
def test_tls_1_3_goes_without(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
client.max_fragment_length = 512
client.maximum_version = server.maximum_version = 0x304
a, b, c, s = pair()
print(c.version(), c.max_fragment_length, s.max_fragment_length, talks(c, s))
"""
    )
    assert script(code, ID=authority.p256) == ["TLSv1.3 None None True"]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_buffers_are_no_longer_than_the_records(script: Script, authority: Authority, length: int) -> None:
    # 120: header, nonce, tag, Mbed TLS's counter, and what CBC would need.
    code = (
        CONTEXTS
        + """
client.max_fragment_length = LENGTH
a, b, c, s = pair()
s.write(bytes(8192))
c.read(1)
held = ssl.memory_info(c)["input"]
a.room = 100
c.send(bytes(8192))
waiting = ssl.memory_info(c)["output"]
print(LENGTH < held <= LENGTH + 120, LENGTH < waiting <= LENGTH + 120, held, waiting)
"""
    )
    (line,) = script(code, ID=authority.p256, LENGTH=length)
    assert line.startswith("True True"), line
