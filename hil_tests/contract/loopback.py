# SPDX-License-Identifier: MIT
# mypy: ignore-errors
# ruff: noqa: F401
"""Runs on the board: a TLS client and a TLS server in one interpreter, over pipes in memory.

An identity is a tuple (certificate chain, key, root certificate), each DER. Nothing here waits: an end of a pipe has
setblocking(), and that makes it a socket that would rather say EAGAIN in the eyes of `ssl`.
"""

import gc
import io
import select
import ssl
import sys

EAGAIN = 11
POLL = 3
CLOSE = 4
POLL_RD = 1
POLL_WR = 4
CLIENT = ssl.PROTOCOL_TLS_CLIENT
SERVER = ssl.PROTOCOL_TLS_SERVER


class End(io.IOBase):
    """One end of a pipe. `step`: most bytes that a write takes; `room`: bytes that writes take before they block;
    `hook(operation)`: called before each operation, "read", "write" or "ioctl"; `sent`: list of all bytes written, or
    None; `reads`, `writes`: how often each was called."""

    def __init__(self):
        self.inbox = bytearray()
        self.peer = None
        self.closed = 0
        self.step = None
        self.room = None
        self.hook = None
        self.sent = None
        self.asked = None
        self.reads = 0
        self.writes = 0

    def setblocking(self, flag):
        pass

    def readinto(self, buf):
        self.reads += 1
        if self.hook:
            self.hook("read")
        if not self.inbox:
            return 0 if self.peer.closed else None
        n = min(len(buf), len(self.inbox))
        buf[:n] = self.inbox[:n]
        self.inbox = self.inbox[n:]
        return n

    def write(self, data):
        self.writes += 1
        if self.hook:
            self.hook("write")
        n = len(data)
        if self.step is not None:
            n = min(n, self.step)
        if self.room is not None:
            n = min(n, self.room)
            self.room -= n
        if n == 0:
            return None
        if self.sent is not None:
            self.sent.append(bytes(data[:n]))
        self.peer.inbox.extend(data[:n])
        return n

    def ioctl(self, request, arg):
        if self.hook:
            self.hook("ioctl")
        if request == POLL:
            self.asked = arg
            ready = POLL_RD if self.inbox or self.peer.closed else 0
            if self.room != 0:
                ready |= POLL_WR
            return ready & arg
        if request == CLOSE:
            self.closed += 1
        return 0


class Mail(io.IOBase):
    """One end of a pipe for datagrams, as `mail()` makes it. `lose(n, data)`: whether the n-th datagram is lost;
    `twice`: all come twice; `last_first`: the newest comes first."""

    def __init__(self):
        self.inbox = []
        self.peer = None
        self.closed = 0
        self.sent = []
        self.lose = None
        self.twice = False
        self.last_first = False

    def setblocking(self, flag):
        pass

    def readinto(self, buf):
        if not self.inbox:
            return None
        data = self.inbox.pop(0)[: len(buf)]
        buf[: len(data)] = data
        return len(data)

    def write(self, data):
        lost = self.lose and self.lose(len(self.sent), data)
        self.sent.append(bytes(data))
        for _ in range(0 if lost else 2 if self.twice else 1):
            inbox = self.peer.inbox
            inbox.insert(0 if self.last_first else len(inbox), bytes(data))
        return len(data)

    def ioctl(self, request, arg):
        if request == POLL:
            return arg & (POLL_WR | (POLL_RD if self.inbox else 0))
        if request == CLOSE:
            self.closed += 1
        return 0


class PlainEnd(io.IOBase):
    """A stream that is no socket, on top of an end: ssl waits for it. Whenever it is empty, `peer()` runs first."""

    def __init__(self, end, peer):
        self.end = end
        self.peer = peer

    def readinto(self, buf):
        if not self.end.inbox:
            self.peer()
        return self.end.readinto(buf)

    def write(self, data):
        return self.end.write(data)

    def ioctl(self, request, arg):
        return self.end.ioctl(request, arg)


def pipe():
    """Two connected ends."""
    a, b = End(), End()
    a.peer, b.peer = b, a
    return a, b


def mail():
    """Two connected ends for datagrams."""
    a, b = Mail(), Mail()
    a.peer, b.peer = b, a
    return a, b


def client_context(identity=None, protocol=CLIENT):
    """Trusts the root of an identity."""
    context = ssl.SSLContext(protocol)
    if identity:
        context.load_verify_locations(cadata=identity[2])
    return context


def server_context(identity, protocol=SERVER):
    """Shows an identity."""
    context = ssl.SSLContext(protocol)
    context.load_cert_chain(identity[0], identity[1])
    return context


def authenticate(client, server, own):
    """The client shows its identity `own`, and the server demands and verifies it."""
    client.load_cert_chain(own[0], own[1])
    server.load_verify_locations(cadata=own[2])
    server.verify_mode = ssl.CERT_REQUIRED


def wrap(client, server, name="server.test", ends=None, session=None):
    """A client and a server socket, the handshake not begun. `session`: the client would like to resume it."""
    a, b = ends or pipe()
    return client.wrap_socket(a, server_hostname=name, session=session), server.wrap_socket(b, server_side=True)


def step(sock):
    """Goes on with a handshake; whether it is complete."""
    try:
        sock.do_handshake()
        return True
    except OSError as error:
        if error.errno != EAGAIN:
            raise
        return False


def shake(*sockets):
    """Completes the handshake of all."""
    for _ in range(1000):
        if all([step(sock) for sock in sockets]):  # noqa: C419 (each of them has to go on)
            return sockets
    raise RuntimeError("handshake makes no progress")


def connect(client, server, name="server.test", ends=None, session=None):
    """A connected client and server socket."""
    return shake(*wrap(client, server, name, ends, session))


def outcome(*sockets):
    """Shakes hands until each side is through or has failed; the exception of each, or None."""
    results = [None] * len(sockets)
    open = list(range(len(sockets)))
    for _ in range(1000):
        for i in list(open):
            try:
                if not step(sockets[i]):
                    continue
            except Exception as error:
                results[i] = error
            open.remove(i)
        if not open:
            return results
    raise RuntimeError("handshake makes no progress")


def talks(client, server):
    """Whether bytes get through both ways."""
    client.write(b"ping")
    if server.read(4) != b"ping":
        return False
    server.write(b"pong")
    return client.read(4) == b"pong"


def works(client, server, name="server.test"):
    """Whether contexts can make a connection that carries data."""
    c, s = connect(client, server, name)
    ok = talks(c, s)
    c.close()
    s.close()
    return ok


def meet(client, server, name="server.test", session=None):
    """A connected client and server socket that have exchanged data, and with it a ticket of TLS 1.3."""
    c, s = connect(client, server, name, session=session)
    if not talks(c, s):
        raise RuntimeError("data lost")
    return c, s


def visit(client, server, name="server.test", session=None):
    """A whole connection with data both ways; what both sides say of its resumption."""
    pair = meet(client, server, name, session)
    resumed = reused(*pair)
    for sock in pair:
        sock.close()
    return resumed


def close_all(sockets):
    """Closes all; if the close() of one fails, that one again, and those after it."""
    try:
        for sock in sockets:
            sock.close()
    finally:
        for sock in sockets:
            sock.close()


def reused(*sockets):
    """Whether each has resumed a session."""
    return [sock.session_reused for sock in sockets]


def show(error):
    """An exception on one line: its type and its arguments."""
    return "%s%r" % (type(error).__name__, error.args)


def attempt(function, *args, **kwargs):
    """What a call returns, or its exception in text."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return show(error)


def used():
    """Bytes of the GC heap in use, without garbage."""
    for _ in range(3):
        gc.collect()
    return gc.mem_alloc()


def scrub(depth=12):
    """Overwrites the stack below, where stale pointers would keep garbage alive in a conservative collector."""
    filler = (depth, depth, depth, depth, depth, depth, depth, depth)
    return scrub(depth - 1) if depth else filler


def hang_up():
    """Ends the connection of a board whose sockets are written in Python: a failure leaves those to their caller."""
    socket = sys.modules.get("socket")
    if hasattr(socket, "hang_up"):
        socket.hang_up()


def collect():
    """Collects garbage as well as a conservative collector can."""
    scrub()
    for _ in range(3):
        gc.collect()
