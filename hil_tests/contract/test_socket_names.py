# SPDX-License-Identifier: MIT
"""What an SSLSocket has so that programs written for sockets, and for CPython, work with it."""

from __future__ import annotations

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

CONNECTED = """
client, server = client_context(ID), server_context(ID)
ends = pipe()
c, s = connect(client, server, ends=ends)
"""


def test_a_socket_knows_its_context_and_server_name(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(c.context is client, s.context is server, c.server_hostname, s.server_hostname)"
    assert script(code, ID=authority.p256) == ["True True server.test None"]


def test_they_can_be_asked_for_after_close_and_not_be_changed(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
c.close()
print(c.context is client, c.server_hostname)
for name in ("context", "server_hostname"):
    print(attempt(setattr, c, name, None).split("(")[0])
"""
    )
    assert script(code, ID=authority.p256) == ["True server.test", "AttributeError", "AttributeError"]


def test_a_socket_keeps_its_context_alive(script: Script, authority: Authority) -> None:
    code = CONNECTED + "client = server = None; collect(); print(works(c.context, s.context))"
    assert script(code, ID=authority.p256) == ["True"]


def test_recv_and_send_are_those_of_sockets(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
print(c.send(b"four"), c.sendall(b"more"))
print(s.recv(4), s.recv(100))
buffer = bytearray(6)
c.send(b"into")
print(s.recv_into(buffer), buffer)
"""
    )
    lines = script(code, ID=authority.p256)
    assert lines == ["4 4", "b'four' b'more'", "4 bytearray(b'into\\x00\\x00')"]


def test_makefile_gives_a_stream(script: Script, authority: Authority) -> None:
    code = CONNECTED + "c.write(b'line\\nmore'); f = s.makefile('rb', 0); print(f.readline(), s.makefile().read(4))"
    assert script(code, ID=authority.p256) == ["b'line\\n' b'more'"]


def test_fileno_is_the_streams(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
print(attempt(c.fileno).split("(")[0])
End.fileno = lambda self: 77
print(c.fileno())
c.close()
print(attempt(c.fileno))
"""
    )
    assert script(code, ID=authority.p256) == ["AttributeError", "77", "OSError(9,)"]


def test_what_blocks_names_the_direction_and_is_an_os_error(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c = client_context(ID).wrap_socket(ends[0], server_hostname="server.test", do_handshake_on_connect=False)
    ends[0].room = 10
    print(attempt(c.do_handshake))
    ends[0].room = None
    print(attempt(c.do_handshake))
    try:
        c.do_handshake()
    except OSError as error:
        print(error.errno == EAGAIN, isinstance(error, ssl.SSLWantReadError), isinstance(error, ssl.SSLError))
    """
    assert script(code, ID=authority.p256) == ["SSLWantWriteError(11,)", "SSLWantReadError(11,)", "True True True"]


def test_the_names_of_errors_are_cpythons(script: Script) -> None:
    code = """
    print(ssl.SSLError is OSError, ssl.CertificateError is ssl.SSLCertVerificationError)
    print([issubclass(e, OSError) for e in (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.CertificateError)])
    """
    assert script(code) == ["True True", "[True, True, True]"]
