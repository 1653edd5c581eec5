# SPDX-License-Identifier: MIT
"""`SSLSocket` as a stream: reading, writing, and what it tells about itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

CONNECTED = """
c, s = connect(client_context(ID), server_context(ID))
"""


def test_read_gives_at_most_what_was_asked(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'0123456789'); print(c.read(4), c.read(1), c.read(5))"
    assert script(code, ID=authority.p256) == ["b'0123' b'4' b'56789'"]


def test_read_puts_records_together(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'01'); s.write(b'23'); s.write(b'45'); print(c.read(6))"
    assert script(code, ID=authority.p256) == ["b'012345'"]


def test_read_without_size_reads_to_the_end(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'01'); s.write(b'23'); s.close(); print(c.read(), c.read(), c.read(-1))"
    assert script(code, ID=authority.p256) == ["b'0123' b'' b''"]


def test_read_of_minus_one_reads_to_the_end(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'0123'); s.close(); print(c.read(-1), c.read(1))"
    assert script(code, ID=authority.p256) == ["b'0123' b''"]


def test_read_of_nothing_gives_nothing(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'01'); print(c.read(0), c.write(b''), c.readinto(bytearray(0)), c.read(2))"
    assert script(code, ID=authority.p256) == ["b'' 0 0 b'01'"]


def test_read_with_nothing_there_is_none(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(c.read(5), c.readinto(bytearray(5)), c.readline())"
    assert script(code, ID=authority.p256) == ["None None None"]


def test_read_gives_what_there_is(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'01'); print(c.read(5)); s.write(b'23'); print(c.read())"
    assert script(code, ID=authority.p256) == ["b'01'", "b'23'"]


def test_readinto_fills_a_buffer(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
s.write(b"0123456789")
buf = bytearray(b"......")
print(c.readinto(buf, 2), buf)
print(c.readinto(memoryview(buf)[1:3]), buf)
print(c.readinto(buf), buf)
print(attempt(c.readinto, b"read-only")[:9])
"""
    )
    assert script(code, ID=authority.p256) == [
        "2 bytearray(b'01....')",
        "2 bytearray(b'023...')",
        "6 bytearray(b'456789')",
        "TypeError",
    ]


def test_readline_ends_at_the_newline(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
s.write(b"one\\ntwo\\n\\nlong line\\nrest")
s.close()
print(c.readline(), c.readline(), c.readline(), c.readline(4), c.readline(), c.readline(), c.readline())
"""
    )
    assert script(code, ID=authority.p256) == [
        "b'one\\n' b'two\\n' b'\\n' b'long' b' line\\n' b'rest' b''",
    ]


def test_write_takes_any_bytes_like_object(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
print(c.write(b"ab"), c.write(bytearray(b"cd")), c.write(memoryview(b"xefx")[1:3]), c.write("gh"))
print(s.read(8))
"""
    )
    assert script(code, ID=authority.p256) == ["2 2 2 2", "b'abcdefgh'"]


def test_bytes_of_all_values_get_through(script: Script, authority: Authority) -> None:
    code = CONNECTED + "data = bytes(range(256)); c.write(data); print(s.read(256) == data)"
    assert script(code, ID=authority.p256) == ["True"]


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 16384, 20000])
def test_any_amount_gets_through(script: Script, authority: Authority, size: int) -> None:
    # 4096 is the most that one of our records carries.
    code = (
        CONNECTED
        + """
data = bytes((i * 7 + i // 251) & 255 for i in range(SIZE))
print(c.write(data) == SIZE, s.read(SIZE) == data, s.read(1))
"""
    )
    assert script(code, ID=authority.p256, SIZE=size) == ["True True None"]


def test_records_of_the_largest_size_are_read(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.source(40000), maximum="1.2", record_size=16384)
    code = """
    import hashlib, socket
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    s = client_context((None, None, CA)).wrap_socket(s, server_hostname=NAME)
    digest, total = hashlib.sha256(), 0
    while True:
        data = s.read(5000)
        if not data:
            break
        digest.update(data)
        total += len(data)
    print(total, digest.digest().hex())
    s.close()
    """
    (line,) = script(code, **server.values(script.board))
    assert line == f"40000 {server.session().sent_digest}"


def test_the_names_of_sockets_work_too(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
print(c.send(b"0123"), s.recv(2), s.recv(10))
print(c.sendall(b"4567"))
buf = bytearray(4)
print(s.recv_into(buf), buf)
"""
    )
    lines = script(code, ID=authority.p256)
    assert [lines[0], lines[2]] == ["4 b'01' b'23'", "4 bytearray(b'4567')"]


def test_cipher_and_version_tell_the_connection(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(c.cipher() == s.cipher(), c.cipher()[1], c.version(), c.cipher()[0][:4])"
    assert script(code, ID=authority.p256) == ["True TLSv1.2 TLSv1.2 TLS-"]


def test_before_the_handshake_there_is_nothing_to_tell(script: Script, authority: Authority) -> None:
    code = """
    c, s = wrap(client_context(ID), server_context(ID))
    print(c.cipher(), c.version(), c.getpeercert(True), c.pending())
    step(s)
    print(c.cipher(), c.version(), c.getpeercert(True), c.pending())
    step(c)
    print(c.cipher(), c.version(), c.getpeercert(True), c.pending())
    shake(c, s)
    print(c.cipher() is None, c.version() is None, c.getpeercert(True) is None, c.pending())
    """
    none = "None None None 0"
    assert script(code, ID=authority.p256) == [none, none, none, "False False False 0"]


def test_getpeercert_gives_der(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(type(c.getpeercert(True)), c.getpeercert(True) == CERT, s.getpeercert(True))"
    own = authority.intermediate
    assert script(code, ID=own, CERT=own.certificate_der) == ["<class 'bytes'> True None"]


def test_getpeercert_has_no_other_form(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(attempt(c.getpeercert)[:19], attempt(c.getpeercert, False)[:19])"
    assert script(code, ID=authority.p256) == ["NotImplementedError NotImplementedError"]


def test_pending_counts_what_is_decrypted(script: Script, authority: Authority) -> None:
    code = CONNECTED + "s.write(b'0123456789'); print(c.pending(), c.read(4), c.pending(), c.read(6), c.pending())"
    assert script(code, ID=authority.p256) == ["0 b'0123' 6 b'456789' 0"]


def test_setblocking_reaches_the_stream(script: Script, authority: Authority) -> None:
    code = """
    class Noting(End):
        def setblocking(self, flag):
            print("setblocking", flag)
        def settimeout(self, seconds):
            print("settimeout", seconds)
    a, b = Noting(), End()
    a.peer, b.peer = b, a
    c, s = connect(client_context(ID), server_context(ID), ends=(a, b))
    c.setblocking(True)
    c.setblocking(False)
    c.settimeout(1.5)
    """
    assert script(code, ID=authority.p256) == ["setblocking True", "setblocking False", "settimeout 1.5"]


def test_it_is_a_context_manager(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    with c as inside:
        print(inside is c, talks(c, s))
    print(ends[0].closed, s.read(1), attempt(c.read, 1))
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    try:
        with c:
            1 / 0
    except ZeroDivisionError:
        print(ends[0].closed, s.read(1))
    """
    assert script(code, ID=authority.p256) == ["True True", "1 b'' OSError(9,)", "1 b''"]


def test_it_can_be_a_dictionary_key_and_printed(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(len({c: 1, s: 2}), 'SSLSocket' in repr(c), 'SSLContext' in repr(client_context()))"
    assert script(code, ID=authority.p256) == ["2 True True"]


def test_sockets_cannot_be_made_without_a_context(script: Script) -> None:
    assert script("print(attempt(ssl.SSLSocket)[:9])") == ["TypeError"]


def test_json_and_print_write_through_it(script: Script, authority: Authority) -> None:
    code = CONNECTED + "import json; json.dump({'a': [1, 2]}, c); print('text', file=c); print(s.read(100))"
    assert script(code, ID=authority.p256) == ["b'{\"a\": [1, 2]}text\\n'"]
