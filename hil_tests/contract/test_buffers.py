# SPDX-License-Identifier: MIT
"""Record buffers: taken when a record needs them, in its size, and given back; and what happens if there is no memory.

Records of 16 KB come from OpenSSL, because the module's own have 4 KB at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.records import encode_record

SMALL_IN, SMALL = 48, 96  # MPY_SSL_BUFFER_SMALL_IN, MPY_SSL_BUFFER_SMALL
LARGEST = 16384
# What a record's data grow by on the way: header, explicit nonce, tag or MAC and padding; and Mbed TLS's counter.
EXPANSION = 120

PRELUDE = f"""
SMALL_IN, SMALL, LARGEST, EXPANSION = {SMALL_IN}, {SMALL}, {LARGEST}, {EXPANSION}
def sizes(sock):
    info = ssl.memory_info(sock)
    return info["input"], info["output"]
def fits(size, data):
    return data < size <= data + EXPANSION
"""

CONNECTED = (
    PRELUDE
    + """
c, s = connect(client_context(ID), server_context(ID))
"""
)

# A client of a server on the host, over a stream that reads at most `step` bytes and every other time says EAGAIN.
REMOTE = (
    PRELUDE
    + """
import hashlib
import socket
class Slow(io.IOBase):
    step = 100000
    refuse = False
    def __init__(self):
        self.socket = socket.socket()
        self.socket.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    def setblocking(self, flag):
        pass
    def readinto(self, buf):
        self.refuse = not self.refuse
        if self.refuse:
            return None
        return self.socket.readinto(buf, min(len(buf), self.step))
    def write(self, data):
        return self.socket.write(data)
    def ioctl(self, request, arg):
        if request == CLOSE:
            self.socket.close()
            return 0
        return arg
def dial(slow=False):
    raw = Slow() if slow else socket.socket()
    if not slow:
        raw.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    sock = client_context((None, None, CA)).wrap_socket(raw, server_hostname=NAME)
    while slow and not step(sock):
        pass
    return raw, sock
"""
)

Server = Callable[..., peers.TlsServer]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def one_by_one(sizes: tuple[int, ...]) -> peers.Behaviour:
    """A server that sends a record of each size, each after a byte from the client, then waits for the end."""

    def behave(session: peers.Session) -> None:
        for size in sizes:
            session.read_exactly(1)
            session.write(peers.pattern(size))
        session.read_all()

    return behave


# How large, how long


def test_a_new_socket_has_small_buffers(script: Script, authority: Authority) -> None:
    code = PRELUDE + "print([sizes(x) for x in wrap(client_context(ID), server_context(ID))])"
    assert script(code, ID=authority.p256) == [f"[({SMALL_IN}, {SMALL}), ({SMALL_IN}, {SMALL})]"]


def test_a_connected_socket_has_small_buffers(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(sizes(c), sizes(s))"
    assert script(code, ID=authority.p256) == [f"({SMALL_IN}, {SMALL}) ({SMALL_IN}, {SMALL})"]


def test_no_buffer_is_large_while_a_handshake_waits(script: Script, authority: Authority) -> None:
    code = (
        PRELUDE
        + """
c, s = wrap(client_context(ID), server_context(ID))
seen = set()
for _ in range(10):
    for x in (c, s):
        step(x)
        seen.update(sizes(x))
print(sorted(seen))
"""
    )
    assert script(code, ID=authority.p256) == [f"[{SMALL_IN}, {SMALL}]"]


@pytest.mark.parametrize("size", [300, 1000, 4096])
def test_a_record_takes_a_buffer_of_its_size(script: Script, authority: Authority, size: int) -> None:
    code = (
        CONNECTED
        + """
s.write(bytes(SIZE))
c.read(1)
print(fits(sizes(c)[0], SIZE), sizes(c)[1], c.pending() == SIZE - 1)
"""
    )
    assert script(code, ID=authority.p256, SIZE=size) == [f"True {SMALL} True"]


def test_short_data_need_no_buffer(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
blocks = ssl.memory_info()["blocks"]
s.write(bytes(19))
c.read(1)
print(sizes(c), ssl.memory_info()["blocks"] - blocks)
"""
    )
    assert script(code, ID=authority.p256) == [f"({SMALL_IN}, {SMALL}) 0"]


@pytest.mark.parametrize("size", [300, 4096, 20000])
def test_reading_all_gives_the_buffer_back(script: Script, authority: Authority, size: int) -> None:
    code = (
        CONNECTED
        + """
before = ssl.memory_info(c)["bytes"]
s.write(bytes(SIZE))
print(len(c.read(SIZE)), sizes(c), ssl.memory_info(c)["bytes"] - before)
"""
    )
    assert script(code, ID=authority.p256, SIZE=size) == [f"{size} ({SMALL_IN}, {SMALL}) 0"]


@pytest.mark.parametrize("size", [300, 4096, 20000])
def test_writing_all_gives_the_buffer_back(script: Script, authority: Authority, size: int) -> None:
    code = (
        CONNECTED
        + """
before = ssl.memory_info(c)["bytes"]
print(c.write(bytes(SIZE)), sizes(c), ssl.memory_info(c)["bytes"] - before)
"""
    )
    assert script(code, ID=authority.p256, SIZE=size) == [f"{size} ({SMALL_IN}, {SMALL}) 0"]


def test_a_write_that_would_block_keeps_its_buffer_until_it_is_sent(script: Script, authority: Authority) -> None:
    code = (
        PRELUDE
        + """
a, b = pipe()
c, s = connect(client_context(ID), server_context(ID), ends=(a, b))
a.room = 100
data = bytes(range(256)) * 4
print(c.write(data), fits(sizes(c)[1], 1024))
a.room = None
print(c.write(data), sizes(c), s.read(2000) == data)
"""
    )
    assert script(code, ID=authority.p256) == ["None True", f"1024 ({SMALL_IN}, {SMALL}) True"]


@pytest.mark.requires("sockets")
@pytest.mark.parametrize(
    "ciphers",
    [
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-ECDSA-AES256-SHA384",
    ],
)
def test_a_record_of_16_kb_takes_its_size_and_gives_it_back(
    script: Script, authority: Authority, tls_server: Server, ciphers: str
) -> None:
    behaviour = one_by_one((LARGEST, 1, LARGEST))
    server = tls_server(authority.p256, behaviour, maximum="1.2", ciphers=ciphers, record_size=LARGEST)
    code = (
        REMOTE
        + """
raw, c = dial()
steady = ssl.memory_info(c)["bytes"]
for size in (LARGEST, 1, LARGEST):
    c.write(b"?")
    data = c.read(1)
    during = sizes(c)
    data += c.read(size - 1)
    print(fits(during[0], size) or during[0] == SMALL_IN, sizes(c), ssl.memory_info(c)["bytes"] - steady,
        hashlib.sha256(data).digest().hex())
c.close()
"""
    )
    lines = script(code, **server.values(script.board))
    expected = [digest(peers.pattern(size)) for size in (LARGEST, 1, LARGEST)]
    assert lines == [f"True ({SMALL_IN}, {SMALL}) 0 {digest}" for digest in expected]


@pytest.mark.requires("sockets")
def test_a_connection_never_holds_more_than_one_record(
    script: Script, authority: Authority, tls_server: Server
) -> None:
    server = tls_server(authority.p256, peers.source(5 * LARGEST), maximum="1.2", record_size=LARGEST)
    code = (
        REMOTE
        + """
raw, c = dial()
buf, total = bytearray(1000), 0
while True:
    n = c.readinto(buf)
    if not n:
        break
    total += n
info = ssl.memory_info(c)
print(total, fits(info["peak"] - info["bytes"] + SMALL, LARGEST + SMALL), info["bytes"] < 4000, sizes(c)[0])
"""
    )
    assert script(code, **server.values(script.board)) == [f"{5 * LARGEST} True True {SMALL_IN}"]


@pytest.mark.requires("sockets")
def test_a_server_gives_a_record_of_16_kb_back(
    script: Script, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    port = script.board.listen_port()
    code = (
        PRELUDE
        + """
import socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(socket.getaddrinfo("0.0.0.0", PORT)[0][-1])
listener.listen(1)
print("listening")
s = server_context(ID).wrap_socket(listener.accept()[0], server_side=True)
one = s.read(1)
during = sizes(s)
rest = s.read(LARGEST - 1)
print(fits(during[0], LARGEST), len(rest), sizes(s))
s.write(rest)
s.close()
listener.close()
"""
    )
    running = script.start(code, ID=authority.p256, PORT=port)
    running.expect("listening")
    with tls_client(script.board.listen_address(port), authority.p256, maximum="1.2", record_size=LARGEST) as client:
        client.handshake()
        data = peers.pattern(LARGEST)
        client.write(data)
        assert client.read_exactly(LARGEST - 1) == data[1:]
    assert running.wait(20).lines[1:] == [f"True {LARGEST - 1} ({SMALL_IN}, {SMALL})"]


# In pieces


@pytest.mark.requires("sockets")
@pytest.mark.parametrize("pieces", [(1,) * 8 + (LARGEST,), (3, 2, 1), (4, 1), (5,), (6, 7, 8, 9, 1000)])
def test_header_and_body_may_come_in_pieces(
    script: Script, authority: Authority, tls_server: Server, pieces: tuple[int, ...]
) -> None:
    server = tls_server(authority.p256, one_by_one((LARGEST,)), maximum="1.2", record_size=LARGEST)
    code = (
        REMOTE
        + """
raw, c = dial(slow=True)
c.write(b"?")
got = bytearray()
pieces = list(PIECES)
while len(got) < LARGEST:
    raw.step = pieces.pop(0) if pieces else 100000
    data = c.read(1)
    if data:
        got += data
        got += c.read(LARGEST - 1) or b""
print(hashlib.sha256(got).digest().hex(), sizes(c))
c.close()
"""
    )
    lines = script(code, 60.0, **server.values(script.board), PIECES=pieces)
    assert lines == [f"{digest(peers.pattern(LARGEST))} ({SMALL_IN}, {SMALL})"]


@pytest.mark.requires("sockets", "asyncio")
def test_asyncio_gives_the_buffer_back(script: Script, authority: Authority, tls_server: Server) -> None:
    server = tls_server(authority.p256, one_by_one((LARGEST, LARGEST)), maximum="1.2", record_size=LARGEST)
    code = (
        REMOTE
        + """
import asyncio
async def main():
    context = client_context((None, None, CA))
    reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context, server_hostname=NAME)
    for _ in range(2):
        writer.write(b"?")
        await writer.drain()
        data = await reader.readexactly(LARGEST)
        print(hashlib.sha256(data).digest().hex(), sizes(reader.s))
    writer.close()
    await writer.wait_closed()
asyncio.run(main())
"""
    )
    lines = script(code, **server.values(script.board))
    assert lines == [f"{digest(peers.pattern(LARGEST))} ({SMALL_IN}, {SMALL})"] * 2


# Lengths that lie


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("length", [LARGEST + 1, LARGEST + 300, LARGEST + 2048, 65535])
def test_a_record_that_is_too_long_is_refused_by_its_header(
    script: Script, authority: Authority, side: str, length: int
) -> None:
    header = encode_record("handshake", b"")[:3] + length.to_bytes(2, "big")
    code = (
        PRELUDE
        + """
end, _ = pipe()
if SIDE == "client":
    x = client_context(ID).wrap_socket(end, server_hostname="server.test")
else:
    x = server_context(ID).wrap_socket(end, server_side=True)
end.inbox = bytearray(HEADER)
end.sent = []
print(attempt(x.do_handshake))
print(end.sent[-1])
print(ssl.memory_info(x)["peak"] < 12000)
"""
    )
    error, alert, peak = script(code, ID=authority.p256, SIDE=side, HEADER=header)
    assert "INVALID_RECORD" in error
    assert alert == str(encode_record("alert", bytes([2, 22])))
    assert peak == "True"


@pytest.mark.parametrize("length", [LARGEST + 400, LARGEST + 2048, 65535])
def test_an_encrypted_record_that_is_too_long_is_refused_by_its_header(
    script: Script, authority: Authority, length: int
) -> None:
    header = encode_record("application_data", b"")[:3] + length.to_bytes(2, "big")
    code = (
        PRELUDE
        + """
a, b = pipe()
c, s = connect(client_context(ID), server_context(ID), ends=(a, b))
peak = ssl.memory_info(c)["peak"]
a.inbox = bytearray(HEADER)
print(attempt(c.read, 1))
print(ssl.memory_info(c)["peak"] == peak, attempt(s.read, 1))
"""
    )
    error, other = script(code, ID=authority.p256, HEADER=header)
    assert "INVALID_RECORD" in error
    assert other.startswith("True ") and "the peer sent record_overflow" in other, other


@pytest.mark.parametrize("kind", [0, 19, 24, 255])
def test_a_record_of_no_type_takes_no_buffer(script: Script, authority: Authority, kind: int) -> None:
    code = (
        PRELUDE
        + """
a, b = pipe()
s = server_context(ID).wrap_socket(b, server_side=True)
b.inbox = bytearray([KIND, 3, 3, 0x40, 0])
print(attempt(s.do_handshake)[:8], ssl.memory_info(s)["peak"] < 12000)
"""
    )
    assert script(code, ID=authority.p256, KIND=kind) == ["OSError( True"]


# Handshake messages in pieces


@pytest.mark.parametrize("size", [5, 50, 1000])
def test_a_message_in_many_records_takes_one_buffer(script: Script, authority: Authority, size: int) -> None:
    code = (
        PRELUDE
        + """
class Cutter(End):
    def write(self, data):
        if data[0] == 22 and len(data) > 5 + SIZE and len(self.peer.inbox) == 0 and self.cut:
            body = data[5:]
            for at in range(0, len(body), SIZE):
                piece = body[at:at + SIZE]
                self.peer.inbox.extend(bytes([22, 3, 3, len(piece) >> 8, len(piece) & 255]) + piece)
            self.records += 1
            return len(data)
        return super().write(data)
    cut = True
    records = 0
a, b = End(), Cutter()
a.peer, b.peer = b, a
c, s = wrap(client_context(ID), server_context(ID), ends=(a, b))
seen = set()
for _ in range(40):
    done = [step(s), step(c)]
    seen.add(sizes(c)[0])
    if all(done):
        break
print(done, b.records > 0, sizes(c), talks(c, s))
"""
    )
    assert script(code, ID=authority.p256, SIZE=size)[-1].startswith("[True, True] ")


# No memory

# On boards whose TLS lives in Python's heap: fills it so that no block of `size` bytes is left.
FULL = """
def fill(size):
    gc.collect()
    held = []
    while True:
        try:
            held.append(bytearray(size))
        except MemoryError:
            if size <= 2000:
                return held
            size //= 2
"""


FAILING = """
import _fault
def failing(n, call):
    _fault.arm(n)
    try:
        return call()
    except OSError as error:
        return error.errno
    except MemoryError:
        return "MemoryError"
    finally:
        _fault.disarm()
"""


@pytest.mark.requires("fault-injection")
def test_no_memory_for_a_record_can_be_tried_again(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
import _fault
data = bytes(range(256)) * 8
buf = bytearray(2048)
outcomes = []
for n in range(1, 30):
    buf[:] = bytes(2048)
    s.write(data)
    got = failing(n, lambda: c.readinto(buf))
    small = got != 12 or sizes(c)[0] == SMALL_IN
    outcomes.append((got, small, got == 2048 or c.readinto(buf) == 2048, buf == data))
print((12, True, True, True) in outcomes, [o for o in outcomes if not all(o)], talks(c, s))
"""
    )
    assert script(FAILING + code, ID=authority.p256) == ["True [] True"]


@pytest.mark.requires("fault-injection")
def test_no_memory_for_writing_can_be_tried_again(script: Script, authority: Authority) -> None:
    code = (
        CONNECTED
        + """
import _fault
data = bytes(range(256)) * 8
outcomes = []
for n in range(1, 30):
    got = failing(n, lambda: c.write(data))
    outcomes.append((got, got == 2048 or c.write(data) == 2048, s.read(2048) == data))
print((12, True, True) in outcomes, [o for o in outcomes if not all(o)], talks(c, s))
"""
    )
    assert script(FAILING + code, ID=authority.p256) == ["True [] True"]


@pytest.mark.requires("fault-injection")
def test_no_memory_in_a_deferred_handshake_can_be_tried_again(script: Script, authority: Authority) -> None:
    # The server's first record with its certificate is longer than the small buffer.
    code = (
        PRELUDE
        + """
client, server = client_context(ID), server_context(ID)
tried = []
for n in range(1, 30):
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test", do_handshake_on_connect=False)
    s = server.wrap_socket(b, server_side=True)
    c.read(1)
    s.read(1)
    got = failing(n, lambda: c.read(1))
    if got == 12 and ssl.memory_info(c)["bytes"] > 0: # not ended by it
        shake(c, s)
        tried.append(talks(c, s))
print(len(tried) > 0, all(tried))
"""
    )
    assert script(FAILING + code, ID=authority.p256) == ["True True"]


@pytest.mark.requires("sockets", "tls-in-python-heap")
def test_no_heap_for_a_record_can_be_tried_again(script: Script, authority: Authority, tls_server: Server) -> None:
    server = tls_server(authority.p256, one_by_one((LARGEST,)), maximum="1.2", record_size=LARGEST)
    code = (
        FULL
        + REMOTE
        + """
raw, c = dial()
buf = bytearray(LARGEST)
c.write(b"?")
held = fill(8000)
first = attempt(c.readinto, buf)
small = sizes(c)[0]
held = None
gc.collect()
print(first, small, c.readinto(buf), hashlib.sha256(buf).digest().hex())
c.close()
"""
    )
    (line,) = script(code, **server.values(script.board))
    assert line == f"OSError(12,) {SMALL_IN} {LARGEST} {digest(peers.pattern(LARGEST))}"


# Streams that turn on us


def test_a_stream_that_reads_the_socket_gets_an_error(script: Script, authority: Authority) -> None:
    code = (
        PRELUDE
        + """
a, b = pipe()
c, s = connect(client_context(ID), server_context(ID), ends=(a, b))
seen = []
def hook(what):
    if what == "read" and not seen:
        seen.append(None)
        seen.append(attempt(c.read, 1))
a.hook = hook
s.write(bytes(3000))
print(len(c.read(3000)), seen[1], talks(c, s))
"""
    )
    assert script(code, ID=authority.p256) == ["3000 OSError(16,) True"]
