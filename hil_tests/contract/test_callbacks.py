# SPDX-License-Identifier: MIT
"""Python code that runs inside a handshake: verify_callback, and the methods of the underlying stream."""

from __future__ import annotations

import textwrap

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

# verify_callback


def test_the_callback_sees_the_chain_from_its_root(script: Script, authority: Authority) -> None:
    code = """
    seen = []
    client = client_context(ID)
    client.verify_callback = lambda cert, depth: seen.append((type(cert), cert, depth)) or 0
    print(works(client, server_context(ID)))
    print([depth for _, _, depth in seen], {kind for kind, _, _ in seen} == {bytes})
    print([cert for _, cert, _ in seen] == CHAIN)
    """
    own = authority.intermediate
    leaf, intermediate = (own.certificate_der, own.chain_der[len(own.certificate_der) :])
    chain = [own.root_der, intermediate, leaf]
    assert script(code, ID=own, CHAIN=chain) == ["True", "[2, 1, 0] True", "True"]


def test_a_kept_certificate_stays_valid(script: Script, authority: Authority) -> None:
    code = """
    kept = []
    client = client_context(ID)
    client.verify_callback = lambda cert, depth: kept.append(cert) or 0
    c, s = connect(client, server_context(ID))
    peer = c.getpeercert(True)
    c.close()
    s.close()
    del c, s, client
    collect()
    junk = [bytearray(200) for _ in range(50)]
    print(kept[-1] == ID[0], peer == ID[0], kept[0] == ID[2])
    """
    assert script(code, ID=authority.p256) == ["True True True"]


@pytest.mark.parametrize("answer", ["1", "-1", "True"])
def test_the_callback_can_refuse(script: Script, authority: Authority, answer: str) -> None:
    code = f"""
    client, server = client_context(ID), server_context(ID)
    client.verify_callback = lambda cert, depth: {answer}
    client_error, server_error = outcome(*wrap(client, server))
    print(type(client_error).__name__, client_error.args[1])
    print(server_error.args[1])
    client.verify_callback = None
    print(works(client, server))
    """
    mine, theirs, alive = script(code, ID=authority.p256)
    assert mine.startswith("OSError MBEDTLS_ERR_X509_FATAL_ERROR: verify_callback refused"), mine
    assert theirs.endswith("the peer sent access_denied"), theirs
    assert alive == "True"


def test_the_callback_cannot_make_a_bad_certificate_good(script: Script, authority: Authority) -> None:
    code = """
    client = client_context(ID)
    client.verify_callback = lambda cert, depth: 0
    print(type(outcome(*wrap(client, server_context(OTHER)))[0]).__name__)
    print(type(outcome(*wrap(client, server_context(ID), "other.test"))[0]).__name__)
    """
    assert script(code, ID=authority.p256, OTHER=authority.stranger) == ["SSLCertVerificationError"] * 2


def test_the_callback_works_on_a_server(script: Script, authority: Authority) -> None:
    code = """
    seen = []
    server = server_context(ID)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=OWN[2])
    server.verify_callback = lambda cert, depth: seen.append(depth) or (cert == OWN[0])
    client = client_context(ID)
    client.load_cert_chain(OWN[0], OWN[1])
    print([error.args[1] for error in outcome(*wrap(client, server))], seen)
    """
    (line,) = script(code, ID=authority.p256, OWN=authority.client)
    assert "the peer sent access_denied" in line and "verify_callback refused" in line, line
    assert line.endswith("[1, 0]"), line


EXCEPTIONS = """
class Own(Exception):
    pass
def callback(cert, depth):
    if depth == DEPTH:
        {raising}
    return 0
client, server = client_context(ID), server_context(ID)
client.verify_callback = callback
c, s = wrap(client, server)
ends = None
try:
    while True:
        step(c), step(s)
except BaseException as error:
    print(type(error).__name__, error.args)
try:
    while True:
        step(s)
except OSError as error:
    print(error.args[1])
client.verify_callback = None
print(works(client, server))
"""


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize(
    "raising, seen",
    [
        ("raise Own('mine', 7)", "Own ('mine', 7)"),
        ("raise MemoryError('mine')", "MemoryError ('mine',)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt ()"),
        ("raise SystemExit(3)", "SystemExit (3,)"),
    ],
)
def test_an_exception_in_the_callback_comes_out(
    script: Script, authority: Authority, raising: str, seen: str, depth: int
) -> None:
    lines = script(EXCEPTIONS.format(raising=raising), ID=authority.p256, DEPTH=depth)
    assert [lines[0], lines[2]] == [seen, "True"]
    # It is nobody's certificate that is at fault, but the peer learns that it was not accepted.
    assert "the peer sent" in lines[1], lines


@pytest.mark.parametrize("answer", ["None", "'0'", "[]"])
def test_an_answer_of_another_type_is_a_type_error(script: Script, authority: Authority, answer: str) -> None:
    lines = script(EXCEPTIONS.format(raising=f"return {answer}"), ID=authority.p256, DEPTH=0)
    assert lines[0].startswith("TypeError"), lines
    assert lines[2] == "True"


def test_a_callback_that_cannot_be_called_is_a_type_error(script: Script) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    for callback in (1, "x", []):
        print(attempt(setattr, client, "verify_callback", callback)[:10], client.verify_callback)
    """
    assert script(code) == ["TypeError( None"] * 3


def test_the_callback_can_be_read_and_taken_away(script: Script) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    callback = lambda cert, depth: 0
    client.verify_callback = callback
    print(client.verify_callback is callback)
    client.verify_callback = None
    print(client.verify_callback)
    """
    assert script(code) == ["True", "None"]


def test_the_callback_counts_for_the_sockets_made_after_it(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    before = wrap(client, server)
    client.verify_callback = lambda cert, depth: 1
    print(outcome(*before)[0], type(outcome(*wrap(client, server))[0]).__name__)
    """
    assert script(code, ID=authority.p256) == ["None OSError"]


def test_a_callback_may_use_ssl_itself(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    def callback(cert, depth):
        client.load_verify_locations(cadata=ID[2])
        server.load_cert_chain(ID[0], ID[1])
        collect()
        return 0 if works(client_context(ID), server) else 1
    client.verify_callback = callback
    print(works(client, server))
    """
    assert script(code, ID=authority.p256) == ["True"]


USES = """
def uses(sock):
    calls = (sock.close, sock.do_handshake, lambda: sock.read(1), lambda: sock.write(b"x"), sock.unwrap)
    return [attempt(call) for call in calls]
"""
BUSY = "OSError(16,)"


def test_the_callback_cannot_use_the_socket_it_verifies_for(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    seen = []
    def callback(cert, depth):
        seen.extend(uses(c))
        return 0
    client.verify_callback = callback
    c, s = wrap(client, server)
    shake(c, s)
    print(set(seen), talks(c, s))
    """
    assert script(USES + textwrap.dedent(code), ID=authority.p256) == [f"{{{BUSY!r}}} True"]


@pytest.mark.parametrize("operation", ["read", "write"])
def test_a_stream_cannot_use_the_socket_above_it(script: Script, authority: Authority, operation: str) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    seen = []
    def hook(what):
        if what == OPERATION:
            seen.extend(uses(c))
    ends[0].hook = hook
    c.write(b"x")
    s.write(b"y")
    print(s.read(1), c.read(1))
    ends[0].hook = None
    print(set(seen), talks(c, s))
    """
    lines = script(USES + textwrap.dedent(code), ID=authority.p256, OPERATION=operation)
    assert lines[0] == "b'x' b'y'"
    assert lines[1] == f"{{{BUSY!r}}} True"


# Methods of the stream


STREAM = """
class Own(Exception):
    pass
class Trap(End):
    calls = {}
    at = None
    def _count(self, what):
        n = self.calls[what] = self.calls.get(what, 0) + 1
        if self.at == (what, n):
            raise Own(what, n)
    def readinto(self, buf):
        self._count("read")
        return super().readinto(buf)
    def write(self, data):
        self._count("write")
        return super().write(data)
    def ioctl(self, request, arg):
        self._count("ioctl")
        return super().ioctl(request, arg)
client, server = client_context(ID), server_context(ID)
client.session_cache = False

def session(at, side):
    a, b = (Trap(), End()) if side == "client" else (End(), Trap())
    a.peer, b.peer = b, a
    trap = a if side == "client" else b
    trap.at, trap.calls = at, {}
    caught = []
    c = s = None
    try:
        c, s = wrap(client, server, ends=(a, b))
        if not talks(*shake(c, s)):
            print("wrong data at", at)
    except Own as error:
        caught.append(error.args)
    for sock in (c, s):
        try:
            if sock:
                sock.close()
        except Own as error:
            caught.append(error.args)
    return trap, caught
"""


@pytest.mark.parametrize("side", ["client", "server"])
def test_an_exception_at_any_call_of_the_stream_comes_out(script: Script, authority: Authority, side: str) -> None:
    # Every read, write and ioctl of a whole session is made to fail in turn: handshake, data, close.
    code = (
        STREAM
        + """
trap, caught = session(None, SIDE)
print(caught)
missed = 0
for what, count in sorted(trap.calls.items()):
    for n in range(1, count + 1):
        if session((what, n), SIDE)[1] != [(what, n)]:
            print("lost", what, n)
            missed += 1
print(sorted(trap.calls), missed, works(client, server))
"""
    )
    lines = script(code, 90, ID=authority.p256, SIDE=side)
    assert lines == ["[]", "['ioctl', 'read', 'write'] 0 True"]


def test_a_read_or_write_that_raised_can_be_repeated(script: Script, authority: Authority) -> None:
    code = """
    class Own(Exception):
        pass
    c, s = None, None
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    armed = []
    def hook(operation):
        if armed:
            armed.pop()
            raise Own(operation)
    ends[0].hook = hook
    s.write(b"hello")
    armed.append(1)
    print(attempt(c.read, 5))
    print(c.read(5))
    armed.append(1)
    print(attempt(c.write, b"world"))
    print(c.write(b"world"), s.read(5))
    """
    assert script(code, ID=authority.p256) == ["Own('read',)", "b'hello'", "Own('write',)", "5 b'world'"]


def test_a_handshake_in_a_read_that_raised_can_be_repeated(script: Script, authority: Authority) -> None:
    code = """
    class Own(Exception):
        pass
    ends = pipe()
    c, s = wrap(client_context(ID), server_context(ID), ends=ends)
    raised = []
    def hook(operation):
        if (ends[0].reads + ends[0].writes) % 2:
            raised.append(operation)
            raise Own(operation)
    ends[0].hook = hook
    while not step(s):
        try:
            c.read(1)
        except Own:
            pass
    ends[0].hook = None
    print(len(raised) > 3, talks(c, s))
    """
    assert script(code, ID=authority.p256) == ["True True"]


def test_a_handshake_that_raised_is_over(script: Script, authority: Authority) -> None:
    code = """
    class Own(Exception):
        pass
    ends = pipe()
    c, s = wrap(client_context(ID), server_context(ID), ends=ends)
    def hook(operation):
        raise Own(operation)
    step(s)
    ends[0].hook = hook
    print(attempt(c.do_handshake))
    ends[0].hook = None
    print(attempt(c.do_handshake), attempt(c.read, 1), attempt(c.write, b"x"), c.cipher())
    print(c.close(), works(client_context(ID), server_context(ID)))
    """
    assert script(code, ID=authority.p256) == [
        "Own('read',)",
        "OSError(103,) OSError(103,) OSError(103,) None",
        "None True",
    ]


def test_a_failed_wrap_leaves_a_python_stream_open(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    stream = PlainEnd(ends[0], lambda: ends[1].write(b"HTTP/1.1 400 Bad Request"))
    print(attempt(client_context(ID).wrap_socket, stream, server_hostname="server.test")[:7], ends[0].closed)
    """
    assert script(code, ID=authority.p256) == ["OSError 0"]
