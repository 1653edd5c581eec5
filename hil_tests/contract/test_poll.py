# SPDX-License-Identifier: MIT
"""`select.poll()` on SSLSockets: directions during a handshake, pending plaintext, pending output."""

from __future__ import annotations

from collections.abc import Callable

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

# What poll says about one socket, and what it asked of the stream below: (ready, asked).
POLL = """
IN, OUT = select.POLLIN, select.POLLOUT
def poll(sock, flags):
    poller = select.poll()
    poller.register(sock, flags)
    ready = poller.poll(0)
    return ready[0][1] if ready else 0
ends = pipe()
c, s = wrap(client_context(ID), server_context(ID), ends=ends)
"""
CONNECTED = POLL + "shake(c, s)\n"


def test_a_fresh_connection_is_writable_and_not_readable(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(poll(c, IN), poll(c, OUT) == OUT, poll(c, IN | OUT) == OUT)"
    assert script(code, ID=authority.p256) == ["0 True True"]


def test_input_on_the_wire_makes_it_readable(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'x'); print(poll(c, IN) == IN, poll(c, IN | OUT) == IN | OUT, poll(c, OUT) == OUT)"
    assert script(code, ID=authority.p256) == ["True True True"]


def test_decrypted_input_is_reported_although_the_wire_is_empty(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
s.write(b"0123456789")
c.read(4)
print(len(ends[0].inbox), poll(c, IN) == IN, poll(c, IN | OUT) == IN | OUT, poll(c, OUT) == OUT)
c.read(6)
print(poll(c, IN))
"""
    )
    assert script(code, ID=authority.p256) == ["0 True True True", "0"]


def test_the_end_is_readable(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.close(); print(poll(c, IN) == IN, c.read(1), poll(c, IN) == IN, c.read(1))"
    assert script(code, ID=authority.p256) == ["True b'' True b''"]


def test_a_truncated_end_is_readable(script: Script, authority: Authority) -> None:
    code = CONNECTED + "ends[1].closed = 1; print(poll(c, IN) == IN, attempt(c.read, 1)[:7])"
    assert script(code, ID=authority.p256) == ["True OSError"]


def test_a_full_transport_is_not_writable(script: Script, authority: Authority) -> None:
    code = CONNECTED + "ends[0].room = 0; print(poll(c, OUT), poll(c, IN | OUT)); ends[0].room = 9; print(poll(c, OUT))"
    lines = script(code, ID=authority.p256)
    assert lines[0] == "0 0" and lines[1] != "0", lines


def test_a_handshake_that_waits_for_input_is_not_writable(script: Script, authority: Authority) -> None:
    # The client has sent its hello: whoever waits to write has to wait until there is something to read.
    code = (
        POLL
        + """
step(c)
ends[0].asked = None
print(c.write(b"x"), poll(c, OUT), ends[0].asked == IN)
step(s)
print(poll(c, OUT) == OUT)
"""
    )
    assert script(code, ID=authority.p256) == ["None 0 True", "True"]


def test_a_handshake_that_waits_for_output_is_not_readable(script: Script, authority: Authority) -> None:
    code = (
        POLL
        + """
a, b = ends = pipe()
a.room = 10
c = client_context(ID).wrap_socket(a, server_hostname="server.test")
b.write(b"x")
print(c.read(1), a.asked, poll(c, IN), a.asked == OUT)
a.room = None
print(poll(c, IN) == IN)
"""
    )
    lines = script(code, ID=authority.p256)
    assert lines == ["None None 0 True", "True"]


def test_polling_pushes_output_that_was_put_off(script: Script, authority: Authority) -> None:
    # A peer that waits for the rest of a record would never answer, and a reader would wait forever.
    code = (
        CONNECTED
        + """
ends[0].room = 8
print(c.write(b"question"), s.read(8))
ends[0].room = None
print(poll(c, IN), s.read(8))
s.write(b"answer")
print(poll(c, IN) == IN, c.read(6))
"""
    )
    assert script(code, ID=authority.p256) == ["None None", "0 b'question'", "True b'answer'"]


def test_a_client_that_has_not_begun_is_ready_to(script: Script, authority: Authority) -> None:
    # It may want to read, but has to write first: nobody would answer a hello that was not sent.
    code = (
        POLL
        + """
def fresh():
    ends = pipe()
    stream = PlainEnd(ends[0], lambda: None)
    sock = client_context(ID).wrap_socket(stream, server_hostname="server.test", do_handshake_on_connect=False)
    return ends[0], sock
end, sock = fresh()
print(poll(sock, IN) == IN, poll(sock, OUT) == OUT, end.writes)
end.room = 0
print(poll(sock, IN), poll(sock, OUT))
"""
    )
    assert script(code, ID=authority.p256) == ["True True 0", "0 0"]


def test_a_server_that_has_not_begun_waits_for_a_client(script: Script, authority: Authority) -> None:
    code = (
        POLL
        + """
ends = pipe()
s = server_context(ID).wrap_socket(ends[1], server_side=True)
print(poll(s, IN))
ends[0].write(b"x")
print(poll(s, IN) == IN)
"""
    )
    assert script(code, ID=authority.p256) == ["0", "True"]


def test_a_handshake_is_driven_by_poll_alone(script: Script, authority: Authority) -> None:
    code = (
        POLL
        + """
poller = select.poll()
poller.register(c, IN)
poller.register(s, IN)
rounds = 0
while c.version() is None or s.version() is None:
    ready = poller.poll(0)
    if not ready:
        print("nobody is ready")
        break
    for sock, flags in ready:
        sock.read(1)
    rounds += 1
print(rounds < 10, talks(c, s))
"""
    )
    assert script(code, ID=authority.p256) == ["True True"]


def test_a_closed_socket_is_invalid(script: Script, authority: Authority) -> None:
    code = CONNECTED + "c.close(); print(poll(c, IN), poll(c, OUT), poll(c, 0))"
    assert script(code, ID=authority.p256) == ["32 32 32"]


def test_an_exception_of_the_streams_ioctl_comes_out_of_poll(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
class Own(Exception):
    pass
def hook(operation):
    raise Own(operation)
ends[0].hook = hook
print(attempt(poll, c, IN))
ends[0].hook = None
print(poll(c, IN), talks(c, s))
"""
    )
    assert script(code, ID=authority.p256) == ["Own('ioctl',)", "0 True"]


def test_a_real_socket_wakes_a_waiting_poll(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.answer(2, b"0123456789"), maximum="1.2")
    code = """
    import socket
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    t = client_context((None, None, CA)).wrap_socket(s, server_hostname=NAME)
    t.setblocking(False)
    poller = select.poll()
    poller.register(t, select.POLLIN)
    print(poller.poll(50), t.read(1))
    t.write(b"go")
    print([flags for _, flags in poller.poll(5000)] == [select.POLLIN], t.read(4))
    print([flags for _, flags in poller.poll(5000)] == [select.POLLIN], t.read(6))
    while poller.poll(5000):
        data = t.read(1)
        if data is not None:
            break
    print(data)
    t.close()
    """
    lines = script(code, **server.values(script.board))
    assert lines == ["[] None", "True b'0123'", "True b'456789'", "b''"]
