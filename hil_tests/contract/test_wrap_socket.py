# SPDX-License-Identifier: MIT
"""`SSLContext.wrap_socket()`: which arguments go together, and over which streams."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script


def test_a_client_context_is_refused_as_server(script: Script) -> None:
    code = "print(attempt(ssl.SSLContext(CLIENT).wrap_socket, pipe()[0], server_side=True))"
    assert script(code) == ["ValueError('server_side=True needs a PROTOCOL_TLS_SERVER context',)"]


def test_a_server_context_is_refused_as_client(script: Script) -> None:
    code = "print(attempt(ssl.SSLContext(SERVER).wrap_socket, pipe()[0]))"
    assert script(code) == ["ValueError('a PROTOCOL_TLS_SERVER context needs server_side=True',)"]


def test_a_verifying_client_needs_a_server_hostname(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    a, b = pipe()
    print(attempt(context.wrap_socket, a))
    print(attempt(context.wrap_socket, a, server_hostname=None))
    print(a.reads, a.writes, a.closed)
    """
    error = "ValueError('CERT_REQUIRED requires server_hostname',)"
    assert script(code) == [error, error, "0 0 0"]


@pytest.mark.parametrize("mode", ["CERT_NONE", "CERT_OPTIONAL"])
def test_another_client_needs_no_server_hostname(script: Script, authority: Authority, mode: str) -> None:
    code = f"""
    client = client_context(ID)
    client.verify_mode = ssl.{mode}
    print(works(client, server_context(ID), None))
    """
    assert script(code, ID=authority.p256) == ["True"]


def test_the_stream_stays_usable_after_refused_arguments(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    ends = pipe()
    attempt(client.wrap_socket, ends[0], server_side=True)
    attempt(client.wrap_socket, ends[0])
    attempt(client.wrap_socket, ends[0], server_hostname="")
    print(ends[0].closed, talks(*connect(client, server, ends=ends)))
    """
    assert script(code, ID=authority.p256) == ["0 True"]


def test_options_are_keyword_only(script: Script) -> None:
    (line,) = script("print(attempt(ssl.SSLContext(SERVER).wrap_socket, pipe()[0], True))")
    assert line.startswith("TypeError("), line


def test_an_unknown_option_is_a_type_error(script: Script) -> None:
    (line,) = script("print(attempt(ssl.SSLContext(SERVER).wrap_socket, pipe()[0], server_sid=True))")
    assert line.startswith("TypeError("), line


def test_what_is_no_stream_is_refused(script: Script) -> None:
    code = """
    for stream in (None, 1, b"bytes", object()):
        print(attempt(ssl.SSLContext(CLIENT).wrap_socket, stream, server_hostname="server.test"))
    """
    assert script(code) == ["OSError('stream operation not supported',)"] * 4


def test_the_handshake_is_made_on_connect_by_default(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    server = server_context(ID).wrap_socket(ends[1], server_side=True)
    stream = PlainEnd(ends[0], lambda: step(server))
    client = client_context(ID).wrap_socket(stream, server_hostname="server.test")
    print(client.version(), talks(client, server))
    """
    assert script(code, ID=authority.p256) == ["TLSv1.2 True"]


def test_the_handshake_is_put_off_on_request(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    server = server_context(ID).wrap_socket(ends[1], server_side=True)
    stream = PlainEnd(ends[0], lambda: step(server))
    client = client_context(ID).wrap_socket(stream, server_hostname="server.test", do_handshake_on_connect=False)
    print(client.version(), ends[0].reads, ends[0].writes)
    client.do_handshake()
    print(client.version())
    """
    assert script(code, ID=authority.p256) == ["None 0 0", "TLSv1.2"]


@pytest.mark.parametrize("first", ["client.write(b'hello')", "client.read(0); client.write(b'hello')"])
def test_a_handshake_that_was_put_off_is_made_by_the_first_use(
    script: Script, authority: Authority, first: str
) -> None:
    code = f"""
    ends = pipe()
    server = server_context(ID).wrap_socket(ends[1], server_side=True)
    stream = PlainEnd(ends[0], lambda: step(server))
    client = client_context(ID).wrap_socket(stream, server_hostname="server.test", do_handshake_on_connect=False)
    {first}
    print(server.read(5))
    """
    assert script(code, ID=authority.p256) == ["b'hello'"]


def test_a_read_makes_a_handshake_that_was_put_off(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    server = server_context(ID).wrap_socket(ends[1], server_side=True)
    greeted = []
    def peer():
        if step(server) and not greeted:
            greeted.append(server.write(b"hello"))
    stream = PlainEnd(ends[0], peer)
    client = client_context(ID).wrap_socket(stream, server_hostname="server.test", do_handshake_on_connect=False)
    print(client.read(5))
    """
    assert script(code, ID=authority.p256) == ["b'hello'"]


def test_tls_runs_over_a_stream_class_that_moves_one_byte_at_a_time(script: Script, authority: Authority) -> None:
    code = """
    class Thin(End):
        def readinto(self, buf):
            return super().readinto(memoryview(buf)[:1])
    a, b = Thin(), Thin()
    a.peer, b.peer = b, a
    a.step = b.step = 1
    print(talks(*connect(client_context(ID), server_context(ID), ends=(a, b))))
    """
    assert script(code, ID=authority.p256) == ["True"]


def test_tls_runs_over_tls(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    outer = connect(client, server)
    inner = connect(client, server, ends=outer)
    print(talks(*inner))
    inner[0].close()
    print(inner[1].read(1), outer[1].read(1))
    """
    assert script(code, ID=authority.p256) == ["True", "b'' b''"]


def test_a_stream_class_that_returns_nonsense_ends_in_eio(script: Script, authority: Authority) -> None:
    code = """
    class Liar(End):
        def write(self, data):
            return len(data) + 1
    a, b = Liar(), End()
    a.peer, b.peer = b, a
    print(attempt(ssl.SSLContext(CLIENT).wrap_socket, a, server_hostname="server.test"))
    """
    assert script(code, ID=authority.p256) == ["OSError(5,)"]


def test_a_native_stream_that_is_no_socket_is_waited_for_and_closed_on_failure(script: Script) -> None:
    # The hello is written to its beginning; what follows in it is taken for the answer.
    code = """
    stream = io.BytesIO(bytes(2000))
    print(attempt(ssl.SSLContext(CLIENT).wrap_socket, stream, server_hostname="server.test"))
    print(attempt(stream.read, 1)[:10])
    """
    error, closed = script(code)
    assert error.startswith("OSError(-29184, 'MBEDTLS_ERR_SSL_INVALID_RECORD"), error
    assert closed == "ValueError"
