# SPDX-License-Identifier: MIT
"""How connections end: close_notify, truncation, use after close."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

CONNECTED = """
ends = pipe()
c, s = connect(client_context(ID), server_context(ID), ends=ends)
"""
DIAL = """
import socket
def dial():
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    return s
def context():
    c = ssl.SSLContext(CLIENT)
    c.load_verify_locations(cadata=CA)
    return c
"""


def test_close_sends_close_notify(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'last'); s.close(); print(c.read(10), c.read(10), c.read(10), ends[1].closed)"
    assert script(code, ID=authority.p256) == ["b'last' b'' b'' 1"]


def test_openssl_sees_a_clean_end(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2")
    code = DIAL + "s = context().wrap_socket(dial(), server_hostname=NAME); s.write(b'x'); print(s.read(1)); s.close()"
    assert script(code, **server.values(script.board)) == ["b'x'"]
    session = server.session()
    assert session.closed_cleanly
    assert session.error is None, session.describe()


def test_a_missing_close_notify_is_no_clean_end(script: Script, authority: Authority) -> None:
    code = CONNECTED + "ends[1].closed = 1; print(attempt(c.read, 10)); print(attempt(c.read, 10))"
    error = "OSError(-29312, 'MBEDTLS_ERR_SSL_CONN_EOF')"
    assert script(code, ID=authority.p256) == [error, error]


def test_data_before_a_truncation_are_still_read(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'part'); ends[1].closed = 1; print(c.read(4), attempt(c.read, 1))"
    assert script(code, ID=authority.p256) == ["b'part' OSError(-29312, 'MBEDTLS_ERR_SSL_CONN_EOF')"]


def test_a_record_that_was_cut_is_a_truncation(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
s.write(b"whole record")
ends[0].inbox = ends[0].inbox[:-3]
ends[1].closed = 1
print(attempt(c.read, 12))
"""
    )
    assert script(code, ID=authority.p256) == ["OSError(-29312, 'MBEDTLS_ERR_SSL_CONN_EOF')"]


def test_openssl_without_close_notify_is_told_apart_from_a_clean_end(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.truncate(b"part"), maximum="1.2")
    code = (
        DIAL
        + """
s = context().wrap_socket(dial(), server_hostname=NAME)
print(s.read(4), attempt(s.read, 1))
s.close()
"""
    )
    assert script(code, **server.values(script.board)) == ["b'part' OSError(-29312, 'MBEDTLS_ERR_SSL_CONN_EOF')"]


def test_after_the_peers_close_notify_writing_goes_on(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.half_close(b"bye"), maximum="1.2")
    code = (
        DIAL
        + """
s = context().wrap_socket(dial(), server_hostname=NAME)
print(s.read(3), s.read(1), s.write(b"answer"), s.read(1))
s.close()
"""
    )
    assert script(code, **server.values(script.board)) == ["b'bye' b'' 6 b''"]
    session = server.session()
    assert (session.received, session.closed_cleanly) == (6, True), session.describe()


def test_close_twice_does_nothing_more(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(c.close(), c.close(), ends[0].closed, ends[0].writes == (c.close(), ends[0].writes)[1])"
    assert script(code, ID=authority.p256) == ["None None 1 True"]


USE_AFTER = """
def use_all(c):
    for use in (
        lambda: c.read(1), lambda: c.read(), lambda: c.readinto(bytearray(1)), lambda: c.readline(),
        lambda: c.write(b"x"), lambda: c.setblocking(True), lambda: c.settimeout(1), lambda: c.do_handshake(),
    ):
        print(attempt(use))
    print(c.cipher(), c.version(), c.getpeercert(True), c.pending())
    poller = select.poll()
    poller.register(c, select.POLLIN | select.POLLOUT)
    print([(s is c, flags) for s, flags in poller.poll(0)])
    c.close()
"""
CLOSED = ["OSError(9,)"] * 8 + ["None None None 0", "[(True, 32)]"]


def test_use_after_close_is_ebadf(script: Script, authority: Authority) -> None:
    assert script(USE_AFTER + CONNECTED + "c.close(); use_all(c)", ID=authority.p256) == CLOSED


def test_use_after_close_before_the_handshake_is_ebadf(script: Script, authority: Authority) -> None:
    code = USE_AFTER + "ends = pipe(); c, s = wrap(client_context(ID), server_context(ID)); c.close(); use_all(c)"
    assert script(code, ID=authority.p256) == CLOSED


def test_use_after_a_failure_repeats_the_failure(script: Script, authority: Authority) -> None:
    code = (
        USE_AFTER
        + """
c, s = wrap(client_context(ID), server_context(ID), "other.test")
outcome(c, s)
use_all(c)
"""
    )
    lines = script(code, ID=authority.p256)
    refused = [line.startswith("SSLCertVerificationError(-9984, ") for line in lines[:8]]
    assert refused == [True] * 5 + [False, False] + [True], lines
    assert lines[5:7] == ["OSError(9,)"] * 2
    assert lines[8:] == ["None None None 0", "[(True, 32)]"]


def test_close_before_the_handshake_sends_nothing(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    s = server_context(ID).wrap_socket(ends[1], server_side=True)
    s.close()
    print(ends[1].writes, ends[1].closed)
    """
    assert script(code, ID=authority.p256) == ["0 1"]


def test_close_does_not_wait_for_a_transport_that_takes_nothing(script: Script, authority: Authority) -> None:
    code = CONNECTED + "ends[0].room = 0; print(c.close(), ends[0].closed)"
    assert script(code, ID=authority.p256) == ["None 1"]


@pytest.mark.requires("network")
def test_close_of_a_peer_that_is_gone_is_no_error(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.reset(b"x"), maximum="1.2")
    code = (
        DIAL
        + """
s = context().wrap_socket(dial(), server_hostname=NAME)
print(s.read(1), s.write(b"y"))
error = attempt(s.read, 1)
print(error in ("OSError(104,)", "OSError(32,)"), error)
print(s.close())
"""
    )
    lines = script(code, **server.values(script.board))
    assert [lines[0], lines[1].split()[0], lines[2]] == ["b'x' 1", "True", "None"], lines


@pytest.mark.requires("network")
@pytest.mark.parametrize("deferred", [False, True], ids=["wrap_socket", "first read"])
@pytest.mark.parametrize("cause", ["name", "authority"])
def test_a_failed_handshake_closes_the_connection(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer], cause: str, deferred: bool
) -> None:
    server = tls_server(authority.p256 if cause == "name" else authority.stranger, maximum="1.2", patience=10)
    values = server.values(script.board)
    values["CA"] = authority.p256.root_der
    values["NAME"] = "other.test" if cause == "name" else "server.test"
    code = DIAL + (
        f"""
plain = dial()
kept = []
def run():
    t = context().wrap_socket(plain, server_hostname=NAME, do_handshake_on_connect={not deferred})
    kept.append(t)
    return t.read(1)
print(attempt(run)[:24])
input_ended = attempt(plain.read, 1)
print(input_ended)
import time
print("waiting")
while True:
    time.sleep_ms(10)
"""
    )
    running = script.start(code, **values)
    running.expect("waiting")
    session = server.session(timeout=3)  # although the script is still running
    running.stop()
    name = "bad_certificate" if cause == "name" else "unknown_ca"
    assert [(alert.level, alert.name) for alert in session.alerts_received] == [("fatal", name)]
    lines = running.output.splitlines()
    assert lines[0] == "SSLCertVerificationError"
    assert lines[1].startswith("OSError("), lines


def test_a_failed_read_closes_the_connection(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'x' * 50); ends[0].inbox[-1] ^= 1; print(attempt(c.read, 1)[:14], ends[0].closed)"
    assert script(code, ID=authority.p256) == ["OSError(-29056 1"]
