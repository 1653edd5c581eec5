# SPDX-License-Identifier: MIT
"""Sockets that do not block: nothing waits, and nothing is lost or sent twice wherever the transport stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

DIAL = """
import socket, time
plain = socket.socket()
plain.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
plain.setblocking(False)
context = client_context((None, None, CA))
"""


def test_wrapping_a_socket_that_does_not_block_never_waits(
    script: Script, raw_server: Callable[..., peers.RawServer], authority: Authority
) -> None:
    server = raw_server(peers.hang())
    code = (
        DIAL
        + """
t0 = time.ticks_ms()
t = context.wrap_socket(plain, server_hostname="server.test")
print(t.read(1), t.write(b"x"), t.cipher(), attempt(t.do_handshake))
print(time.ticks_diff(time.ticks_ms(), t0) < 2000)
t.close()
"""
    )
    values = server.values(script.board, authority.p256)
    assert script(code, **values) == ["None None None SSLWantReadError(11,)", "True"]


def test_a_handshake_makes_progress_by_poll(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2", dribble=0.0002)
    code = (
        DIAL
        + """
t = context.wrap_socket(plain, server_hostname=NAME)
poller = select.poll()
poller.register(t, select.POLLOUT)
slices = 0
while not t.write(b"hello"):
    if not poller.poll(5000):
        raise OSError("no progress")
    slices += 1
print(slices > 20)
poller.modify(t, select.POLLIN)
data = b""
while len(data) < 5:
    if not poller.poll(5000):
        raise OSError("no answer")
    data += t.read(5) or b""
print(data)
t.close()
"""
    )
    assert script(code, **server.values(script.board)) == ["True", "b'hello'"]


def test_a_failure_of_a_deferred_handshake_comes_out_of_the_first_use(script: Script, authority: Authority) -> None:
    code = """
    for use in (lambda c: c.read(1), lambda c: c.write(b"x"), lambda c: step(c)):
        c, s = wrap(client_context(OTHER), server_context(ID))
        try:
            while True:
                step(s)
                use(c)
        except OSError as error:
            print(type(error).__name__)
    """
    lines = script(code, ID=authority.p256, OTHER=authority.stranger)
    assert lines == ["SSLCertVerificationError"] * 3


# The transport takes a few bytes and then blocks, at every possible place.


@pytest.mark.parametrize("step", [1, 3, 100])
def test_nothing_is_lost_when_the_transport_takes_little_at_a_time(
    script: Script, authority: Authority, step: int
) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    a = ends[0]
    a.step, a.room = STEP, 0
    data = bytes((i * 13 + i // 256) & 255 for i in range(9000))
    received, sent, blocked = bytearray(), 0, 0
    view = memoryview(data)
    while sent < len(data):
        n = c.write(view[sent:])
        if n is None:
            blocked += 1
            a.room = 700
        else:
            sent += n
        received += s.read(20000) or b""
    a.room = None
    c.close()
    received += s.read() or b""
    print(sent, received == data, blocked > 3, s.read(1))
    """
    assert script(code, ID=authority.p256, STEP=step) == ["9000 True True b''"]


def test_a_transport_may_block_at_every_byte_of_a_record(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    a = ends[0]
    good = 0
    a.room = None
    before = len(ends[1].inbox)
    c.write(b"x" * 20)
    size = len(ends[1].inbox) - before
    s.read(20)
    for room in range(size):
        a.room = room
        data = bytes([room]) * 20
        first = c.write(data)
        again = c.write(data)
        early = s.read(20)
        a.room = None
        n = c.write(data)
        if (first, again, early, n, s.read(20), s.read(1)) == (None, None, None, 20, data, None):
            good += 1
    print(good == size, size > 40)
    """
    assert script(code, ID=authority.p256) == ["True True"]


def test_a_handshake_survives_a_transport_that_blocks_at_every_byte(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    for end in ends:
        end.room = 0
    c, s = wrap(client_context(ID), server_context(ID), ends=ends)
    rounds = 0
    while not all([step(c), step(s)]):
        rounds += 1
        for end in ends:
            end.room = 1 if rounds % 64 else 20
    for end in ends:
        end.room = None
    print(rounds > 500, talks(c, s))
    """
    assert script(code, 60, ID=authority.p256) == ["True True"]


def test_other_data_after_a_write_that_would_block_are_refused(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    ends[0].room = 10
    print(c.write(b"first"))
    ends[0].room = None
    print(attempt(c.write, b"other"))
    print(attempt(c.write, b"fir"))
    print(c.write(b"first and more"), s.read(14))
    """
    error = "ValueError('a write that would block must be repeated with the same data',)"
    assert script(code, ID=authority.p256) == ["None", error, error, "14 b'first and more'"]


def test_reading_goes_on_while_writing_is_blocked(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    ends[0].room = 0
    print(c.write(b"blocked"))
    for i in range(3):
        s.write(b"%d" % i)
        print(c.read(1), c.write(b"blocked"))
    ends[0].room = None
    print(c.write(b"blocked"), s.read(100))
    """
    assert script(code, ID=authority.p256) == [
        "None",
        "b'0' None",
        "b'1' None",
        "b'2' None",
        "7 b'blocked'",
    ]


# Writes until all buffers on the way are full, says the size of it all, and goes on as there is room.
FILL = (
    DIAL
    + """
import hashlib
plain.setblocking(True)
t = context.wrap_socket(plain, server_hostname=NAME)
t.setblocking(False)
poller = select.poll()
poller.register(t, select.POLLOUT)
block = bytes((i * 7) & 255 for i in range(3000))
digest, sent, size = hashlib.sha256(), 0, None
while sent != size:
    offset = sent % len(block)
    n = t.write(memoryview(block)[offset:])
    if n:
        digest.update(block[offset : offset + n])
        sent += n
    elif size is None:
        size = (sent // len(block) + 40) * len(block)
        print("full", size)
    elif not poller.poll(10000):
        raise OSError("no progress")
poller.modify(t, select.POLLIN)
answer = b""
while len(answer) < 64:
    poller.poll(10000)
    answer += t.read(64) or b""
print(answer.decode() == digest.digest().hex())
t.close()
"""
)


def test_a_slow_reader_gets_every_byte_of_a_real_socket(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    full = threading.Event()
    sizes: list[int] = []

    def slow(session: peers.Session) -> None:
        assert full.wait(script.board.seconds(30))
        while session.received < sizes[0]:
            time.sleep(0.001)
            session.read()
        session.write(session.received_digest.encode())
        session.shutdown()

    server = tls_server(authority.p256, slow, maximum="1.2")
    running = script.start(FILL, **server.values(script.board))
    sizes.append(int(running.expect(r"full (\d+)\s", timeout=30)[1]))
    full.set()
    assert running.wait(60).lines[1:] == ["True"]
    assert server.session().received == sizes[0]


def test_a_socket_with_timeout_gives_up_and_goes_on(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.answer(2, b"hello"), maximum="1.2")
    code = """
    import socket
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    t = client_context((None, None, CA)).wrap_socket(s, server_hostname=NAME)
    t.settimeout(0.1)
    print(attempt(t.read, 5))
    t.settimeout(10)
    print(t.write(b"go"), t.read(5))
    t.close()
    """
    lines = script(code, **server.values(script.board))
    assert lines[0] in ("OSError(110,)", "OSError(116,)", "None"), lines
    assert lines[1] == "2 b'hello'"
