# SPDX-License-Identifier: MIT
"""`unwrap()` and `shutdown()`: TLS ends, and the stream below lives on."""

from __future__ import annotations

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

CONNECTED = """
ends = pipe()
c, s = connect(client_context(ID), server_context(ID), ends=ends)
"""


def test_both_ends_get_their_stream_back_and_go_on_in_plain(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
print(attempt(c.unwrap).split("(")[0])
plain_s, plain_c = s.unwrap(), c.unwrap()
print(plain_c is ends[0], plain_s is ends[1], [end.closed for end in ends])
plain_c.write(b"plain")
buffer = bytearray(5)
print(plain_s.readinto(buffer), buffer, not ends[0].inbox)
"""
    )
    assert script(code, ID=authority.p256) == ["SSLWantReadError", "True True [0, 0]", "5 bytearray(b'plain') True"]


def test_after_it_the_ssl_socket_is_closed(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
s.shutdown(1)
c.unwrap()
print(attempt(c.read, 1), attempt(c.write, b"x"), attempt(c.unwrap), c.cipher())
c.close()
print(ends[0].closed)
"""
    )
    assert script(code, ID=authority.p256) == ["OSError(9,) OSError(9,) OSError(9,) None", "0"]


def test_data_before_the_goodbye_are_dropped(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'late' * 1000); s.shutdown(1); print(c.unwrap() is ends[0], len(ends[0].inbox))"
    assert script(code, ID=authority.p256) == ["True 0"]


def test_data_without_end_instead_of_a_goodbye_are_an_error(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
block = bytes(4096)
for _ in range(15):
    s.write(block)
    print(end=str(attempt(c.unwrap))[:16] + "|")
    if "OSError" in str(attempt(c.unwrap)):
        break
for _ in range(2):
    s.write(block)
    error = attempt(c.unwrap)
print(error)
print(attempt(s.read, 1), attempt(s.read, 1))
"""
    )
    lines = script(code, ID=authority.p256)
    assert lines[0] == "SSLWantReadError|" * 15 + "OSError(-30464, 'MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE')", lines


def test_a_peer_that_vanishes_instead_is_a_truncation(script: Script, authority: Authority) -> None:
    code = CONNECTED + "ends[1].closed = 1; print(attempt(c.unwrap)); print(ends[0].closed)"
    assert script(code, ID=authority.p256) == ["OSError(-29312, 'MBEDTLS_ERR_SSL_CONN_EOF')", "1"]


def test_before_the_handshake_there_is_nothing_to_unwrap(script: Script, authority: Authority) -> None:
    code = """
    c, s = wrap(client_context(ID), server_context(ID))
    print(attempt(c.unwrap))
    print(talks(*shake(c, s)))
    """
    assert script(code, ID=authority.p256) == ["ValueError('the handshake is not complete',)", "True"]


def test_a_goodbye_that_does_not_fit_is_sent_later(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
ends[0].room = 10
print(attempt(c.unwrap))
ends[0].room = None
print(attempt(c.unwrap))
print(s.read(1))
s.shutdown(1)
print(c.unwrap() is ends[0])
"""
    )
    assert script(code, ID=authority.p256) == ["SSLWantWriteError(11,)", "SSLWantReadError(11,)", "b''", "True"]


def test_after_shutdown_reading_goes_on_and_writing_does_not(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
c.shutdown(1)
print(s.read(1), s.write(b"answer"), c.read(6), attempt(c.write, b"x"))
s.close()
print(c.read(1))
c.close()
"""
    )
    assert script(code, ID=authority.p256) == ["b'' 6 b'answer' OSError(32,)", "b''"]


def test_shutdown_says_goodbye_once(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
c.shutdown(2)
sent = len(ends[1].inbox)
c.shutdown(1)
c.shutdown(0)
c.close()
print(sent > 0, len(ends[1].inbox) == sent)
"""
    )
    assert script(code, ID=authority.p256) == ["True True"]


def test_shutdown_of_reading_alone_sends_nothing(script: Script, authority: Authority) -> None:
    code = CONNECTED + "c.shutdown(0); print(len(ends[1].inbox), talks(c, s), attempt(c.shutdown, 3))"
    assert script(code, ID=authority.p256) == ["0 True OSError(22,)"]
