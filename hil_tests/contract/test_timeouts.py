# SPDX-License-Identifier: MIT
"""`handshake_timeout` and `settimeout()`: how long a handshake may take in all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

DIAL = """
import socket, time
def dial():
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    return s
c = ssl.SSLContext(CLIENT)
c.load_verify_locations(cadata=CA)
"""
TIMED = (
    DIAL
    + """
started = time.ticks_ms()
print(attempt(c.wrap_socket, dial(), server_hostname=NAME, handshake_timeout=0.5))
print(time.ticks_diff(time.ticks_ms(), started) >= 490)
"""
)


@pytest.mark.requires("sockets")
def test_a_silent_server_ends_in_a_timeout(
    script: Script, authority: Authority, raw_server: Callable[..., peers.RawServer]
) -> None:
    server = raw_server(peers.hang())
    assert script(TIMED, **server.values(script.board, authority.p256)) == ["OSError(110,)", "True"]


@pytest.mark.requires("sockets")
def test_bytes_that_trickle_do_not_prolong_it(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2", dribble=0.05)
    assert script(TIMED, **server.values(script.board)) == ["OSError(110,)", "True"]


@pytest.mark.requires("sockets")
def test_a_handshake_in_time_is_not_cut(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2")
    code = (
        DIAL
        + """
s = c.wrap_socket(dial(), server_hostname=NAME, handshake_timeout=25)
s.write(b"x")
print(s.read(1))
s.close()
"""
    )
    assert script(code, **server.values(script.board)) == ["b'x'"]


@pytest.mark.requires("sockets")
def test_it_makes_a_non_blocking_socket_wait_for_its_handshake_only(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.silent(0.2), maximum="1.2")
    code = (
        DIAL
        + """
t = dial()
t.setblocking(False)
s = c.wrap_socket(t, server_hostname=NAME, handshake_timeout=25)
print(s.version(), s.read(1))
"""
    )
    assert script(code, **server.values(script.board)) == ["TLSv1.2 None"]


@pytest.mark.requires("sockets")
def test_settimeout_counts_for_a_handshake_that_was_put_off(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2", dribble=0.05)
    code = (
        DIAL
        + """
s = c.wrap_socket(dial(), server_hostname=NAME, do_handshake_on_connect=False)
s.settimeout(0.5)
print(attempt(s.do_handshake))
print(attempt(s.write, b"x"))
"""
    )
    assert script(code, **server.values(script.board)) == ["OSError(110,)", "OSError(110,)"]


def test_a_stream_that_is_no_socket_is_waited_for_until_then(script: Script, authority: Authority) -> None:
    code = """
    import time
    a, b = pipe()
    started = time.ticks_ms()
    plain = PlainEnd(a, lambda: None)
    print(attempt(client_context(ID).wrap_socket, plain, server_hostname="server.test", handshake_timeout=0.1))
    print(time.ticks_diff(time.ticks_ms(), started) >= 90)
    """
    assert script(code, ID=authority.p256) == ["OSError(110,)", "True"]


def test_an_exception_of_the_stream_ends_the_wait(script: Script, authority: Authority) -> None:
    code = """
    a, b = pipe()
    def hook(operation):
        if operation == "ioctl" and b.inbox:
            raise RuntimeError("hook")
    a.hook = hook
    print(attempt(client_context(ID).wrap_socket, a, server_hostname="server.test", handshake_timeout=20))
    """
    assert script(code, ID=authority.p256) == ["RuntimeError('hook',)"]


def test_timeouts_that_are_none_are_refused(script: Script, authority: Authority) -> None:
    code = """
    a, b = pipe()
    context = client_context(ID)
    for value in (-1, -0.5, 1e9, 1 << 40, "1", []):
        print(attempt(context.wrap_socket, a, server_hostname="server.test", handshake_timeout=value).split("(")[0])
    print(len(b.inbox), a.closed)
    """
    assert script(code, ID=authority.p256) == ["ValueError"] * 4 + ["TypeError"] * 2 + ["0 0"]
