# SPDX-License-Identifier: MIT
"""Runs on the virtual board: TLS client and server in one program, joined by a pipe, one of them measured.

Everything here exists once for both TLS modules, and calls only what both have. Between `begin()` and `end()` of
`_bench` there are calls of the measured side and nothing else; ports/qemu/bench.h says what is counted.
The host has set CA, CERT and KEY: dicts by the kind of chain, such as "p256"; those that the call names.
"""

import gc
import io

import _bench  # type: ignore[import-not-found]
import tls  # type: ignore[import-not-found]

NAME = "bench.test"
ROUNDS = 3  # turns of client and server that complete a handshake; the last one is idle, or reads a ticket of TLS 1.3
PIECES = 12  # the same where a handshake may come in pieces
REPEATS = 4  # handshakes that an average is taken of: signatures take a varying number of steps
IDLE = 50000  # fewer instructions than this: there was nothing to do
CHUNK = 16384
CHUNKS = 4

one = bytearray(1)


def client_context(chain, suite, verify=True):  # type: ignore[no-untyped-def]
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED if verify else tls.CERT_NONE
    if verify:
        try:
            context.load_verify_locations(cadata=CA[chain])  # type: ignore[name-defined] # noqa: F821
        except TypeError:  # stock takes no keyword
            context.load_verify_locations(CA[chain])  # type: ignore[name-defined] # noqa: F821
    if suite:
        context.set_ciphers([suite])
    if hasattr(context, "session_cache"):
        context.session_cache = False  # each handshake is a full one unless it is to be resumed
    limit(context, Session.offered)
    return context


def server_context(chain, suite, verify=True):  # type: ignore[no-untyped-def]
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT[chain], KEY[chain])  # type: ignore[name-defined] # noqa: F821
    if suite:
        context.set_ciphers([suite])
    limit(context, Session.version)
    return context


def limit(context, version):  # type: ignore[no-untyped-def]
    """The newest version that a context speaks; None leaves it as it was made. Stock has TLS 1.2 alone."""
    if version and hasattr(context, "maximum_version"):
        context.maximum_version = getattr(tls.TLSVersion, version)


CONTEXTS = {"client": client_context, "server": server_context}


def wrap(role, context, stream):  # type: ignore[no-untyped-def]
    if role == "server":
        return context.wrap_socket(stream, server_side=True, do_handshake_on_connect=False)
    return context.wrap_socket(stream, do_handshake_on_connect=False, server_hostname=NAME)


class Session:
    """A client and a server, of which `role` is measured. `connect()` completes their handshake.

    `version` is what their handshakes have to end with, `offered` the newest one of the client.
    """

    version = offered = "TLSv1_2"

    def __init__(self, role, chain, suite=None, verify=True):  # type: ignore[no-untyped-def]
        self.role = role
        other = "server" if role == "client" else "client"
        self.contexts = {other: CONTEXTS[other](chain, suite)}
        _bench.begin()
        self.contexts[role] = CONTEXTS[role](chain, suite, verify)
        _bench.end()

    def wrap(self):  # type: ignore[no-untyped-def]
        self.pipe = _bench.pipe()
        streams = {"client": self.pipe[0], "server": self.pipe[1]}
        self.sockets = {}
        for role in ("client", "server"):
            context, stream = self.contexts[role], streams[role]
            if role == self.role:
                _bench.begin()
                socket = wrap(role, context, stream)
                _bench.end()
            else:
                socket = wrap(role, context, stream)
            self.sockets[role] = socket

    def handshake(self):  # type: ignore[no-untyped-def]
        for _ in range(ROUNDS):
            for role in ("client", "server"):
                socket = self.sockets[role]
                if role == self.role:
                    _bench.begin()
                    socket.readinto(one)
                    _bench.end()
                else:
                    socket.readinto(one)
        self.check()

    def check(self):  # type: ignore[no-untyped-def]
        client, server = self.sockets["client"], self.sockets["server"]
        client.write(b"?")
        if server.readinto(one) != 1 or one != b"?":
            raise RuntimeError("the handshake is not complete")
        if hasattr(client, "version") and client.version() != self.version.replace("_", "."):
            raise RuntimeError(f"{client.version()} in place of {self.version}")
        self.cipher = client.cipher()

    def connect(self):  # type: ignore[no-untyped-def]
        self.wrap()
        self.handshake()

    def close(self):  # type: ignore[no-untyped-def]
        for role in ("client", "server"):
            self.sockets[role].close()
        self.sockets = self.pipe = None  # type: ignore[assignment]


def tidy():  # type: ignore[no-untyped-def]
    gc.collect()
    gc.disable()


def tls13(measurement):  # type: ignore[no-untyped-def]
    """The same with TLS 1.3; None without it."""
    if not getattr(tls, "HAS_TLSv1_3", False):
        return None
    Session.version = Session.offered = "TLSv1_3"
    return measurement()


def untold(measurement):  # type: ignore[no-untyped-def]
    """The same with a client that offers all it has, to a server of TLS 1.2."""
    Session.offered = None
    return measurement()


def handshake(role, chain, suite):  # type: ignore[no-untyped-def]
    """Instructions of one handshake with its wrap_socket(), the average of REPEATS; and the suite."""
    session = Session(role, chain, suite)
    session.connect()
    session.close()
    _bench.measure(_bench.INSTRUCTIONS)
    for _ in range(REPEATS):
        tidy()
        session.connect()
        session.close()
    return {"instructions": _bench.result()[0] // REPEATS, "suite": session.cipher[0]}


def resumed(role, chain):  # type: ignore[no-untyped-def]
    """Instructions of one resumed handshake with its wrap_socket(), the average of REPEATS; None without resumption."""
    if not hasattr(tls, "SSLSession"):
        return None
    session = Session(role, chain, None)
    session.contexts["client"].session_cache = True
    session.connect()
    session.close()
    _bench.measure(_bench.INSTRUCTIONS)
    for _ in range(REPEATS):
        tidy()
        session.connect()
        for socket in session.sockets.values():
            if not socket.session_reused:
                raise RuntimeError("the session was not resumed")
        session.close()
    return {"instructions": _bench.result()[0] // REPEATS}


def stall(role, chain):  # type: ignore[no-untyped-def]
    """Instructions of the longest call in a handshake of sockets that do not block, and in how many calls it came."""
    session = Session(role, chain, None)
    session.wrap()
    for socket in session.sockets.values():
        socket.setblocking(False)
    tidy()
    longest = pieces = 0
    for _ in range(PIECES):
        for side in ("client", "server"):
            _bench.measure(_bench.INSTRUCTIONS)
            _bench.begin()
            session.sockets[side].readinto(one)
            _bench.end()
            spent = _bench.result()[0]
            if side == session.role:
                longest = max(longest, spent)
                pieces += spent > IDLE
    session.check()
    return {"longest": longest, "pieces": pieces}


def setup(role, chain, suite):  # type: ignore[no-untyped-def]
    """Instructions of making a context and loading certificates and key; stock waits for the entropy device in it."""
    Session(role, chain, suite)
    tidy()
    _bench.measure(_bench.WAITING)
    Session(role, chain, suite)
    return {"instructions": _bench.result()[0]}


def transfer(chain, suite):  # type: ignore[no-untyped-def]
    """Instructions of the client for one KB sent and one KB received; None if the suite is not built in."""
    if suite and suite not in tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).get_ciphers():
        return None
    session = Session("client", chain, suite)
    session.connect()
    client, server = session.sockets["client"], session.sockets["server"]
    data = bytes(range(256)) * (CHUNK // 256)
    buffer = bytearray(CHUNK)
    tidy()
    _bench.measure(_bench.INSTRUCTIONS)
    for _ in range(CHUNKS):
        _bench.begin()
        sent = client.write(data)
        _bench.end()
        if sent != CHUNK or server.readinto(buffer) != CHUNK or buffer != data:
            raise RuntimeError("data was lost on the way to the server")
    send = _bench.result()[0]
    _bench.measure(_bench.INSTRUCTIONS)
    for _ in range(CHUNKS):
        server.write(data)
        _bench.begin()
        received = client.readinto(buffer)
        _bench.end()
        if received != CHUNK or buffer != data:
            raise RuntimeError("data was lost on the way to the client")
    kilobytes = CHUNK * CHUNKS // 1024
    return {"send": send // kilobytes, "receive": _bench.result()[0] // kilobytes, "suite": session.cipher[0]}


def heap(role, chain, verify):  # type: ignore[no-untyped-def]
    """Bytes of the heap: of the context, of the socket in steady state and at its peak."""
    warm = Session(role, chain, None, verify)
    warm.connect()
    warm.close()
    warm = None
    tidy()
    _bench.measure(_bench.HEAP)
    session = Session(role, chain, None, verify)
    context = _bench.result()
    tidy()
    _bench.measure(_bench.HEAP)
    session.wrap()
    wrapped = _bench.result()
    session.handshake()
    connected = _bench.result()
    blocks = _bench.blocks()
    tidy()
    before = gc.mem_alloc()
    session.sockets.pop(role).close()
    gc.collect()
    without_socket = gc.mem_alloc()
    session.contexts.pop(role)
    gc.collect()
    return {
        "context": without_socket - gc.mem_alloc(),
        "context_peak": context[3],
        "socket": before - without_socket,
        "wrapped": wrapped[2],
        "peak": connected[3],
        "largest": max(context[4], connected[4]),
        "allocations": connected[5],
        "blocks": [block for block in blocks if block[1]],
    }


def stack(role, chain):  # type: ignore[no-untyped-def]
    """Bytes of stack at the deepest point: of making the context, and of wrap_socket() and handshake."""
    _bench.measure(_bench.STACK)
    session = Session(role, chain)
    load = _bench.result()[1]
    _bench.measure(_bench.STACK)
    session.connect()
    return {"load": load, "handshake": _bench.result()[1]}


def host(chain, address, times):  # type: ignore[no-untyped-def]
    """Instructions of a handshake with a server on the host, network stack included, the average; and the suite."""
    import socket

    context = client_context(chain, None)
    counts = []
    for number in range(times + 1):
        transport = socket.socket()
        transport.connect(socket.getaddrinfo(*address)[0][-1])
        tidy()
        _bench.measure(_bench.WAITING)
        _bench.begin()
        client = context.wrap_socket(transport, server_hostname=NAME)
        _bench.end()
        if number > 0:  # the first one seeds the random number generator
            counts.append(_bench.result()[0])
        suite = client.cipher()[0]
        client.close()
    return {"instructions": sum(counts) / len(counts), "suite": suite}


def bulk(chain, address, records):  # type: ignore[no-untyped-def]
    """A client that gets that many records of 16 KB from the host: heap of its socket, instructions for a KB."""
    import socket

    context = client_context(chain, None)
    buffer = bytearray(CHUNK)
    result = {}
    for kind in (None, _bench.HEAP, _bench.WAITING):  # the first one warms up
        transport = socket.socket()
        transport.connect(socket.getaddrinfo(*address)[0][-1])
        tidy()
        _bench.measure(kind or _bench.STACK)
        _bench.begin()
        client = context.wrap_socket(transport, server_hostname=NAME)
        _bench.end()
        client.write(b"?")
        if kind == _bench.WAITING:
            _bench.measure(kind)
        for _ in range(records):
            _bench.begin()
            received = client.readinto(buffer)
            _bench.end()
            if received != CHUNK:
                raise RuntimeError("data was lost on the way from the host")
        counts = _bench.result()
        client.close()
        if kind == _bench.HEAP:
            result.update({"steady": counts[2], "peak": counts[3]})
        elif kind == _bench.WAITING:
            result["receive"] = counts[0] // (CHUNK * records // 1024)
    return result


class Flight(io.IOBase):
    """A stream that never blocks, to a server on the host; what that sends is held back until fill() has it whole."""

    def __init__(self, transport):  # type: ignore[no-untyped-def]
        self.transport = transport
        self.inbox = b""

    def fill(self, end):  # type: ignore[no-untyped-def]
        while not (self.inbox and self.inbox.endswith(end)):
            self.inbox += self.transport.recv(2048)

    def setblocking(self, flag):  # type: ignore[no-untyped-def]
        pass

    def readinto(self, buf):  # type: ignore[no-untyped-def]
        n = min(len(buf), len(self.inbox))
        buf[:n] = self.inbox[:n]
        self.inbox = self.inbox[n:]
        return n or None

    def write(self, data):  # type: ignore[no-untyped-def]
        return self.transport.write(data)

    def ioctl(self, request, arg):  # type: ignore[no-untyped-def]
        return arg if request == 3 else 0  # ready for all that is polled


def stall_openssl(chain, address, calls):  # type: ignore[no-untyped-def]
    """The same for a client whose server is on the host and sends each flight as a whole."""
    import socket

    context = client_context(chain, None)
    transport = socket.socket()
    transport.connect(socket.getaddrinfo(*address)[0][-1])
    flight = Flight(transport)
    client = context.wrap_socket(flight, do_handshake_on_connect=False, server_hostname=NAME)
    client.setblocking(False)
    client.readinto(one)
    flight.fill(b"\x0e\x00\x00\x00")  # ServerHelloDone
    tidy()
    longest = pieces = 0
    for _ in range(calls):
        _bench.measure(_bench.WAITING)
        _bench.begin()
        client.readinto(one)
        _bench.end()
        spent = _bench.result()[0]
        longest = max(longest, spent)
        pieces += spent > IDLE
    flight.fill(b"")  # Finished
    client.readinto(one)
    if not client.write(b"?"):
        raise RuntimeError("the handshake is not complete")
    client.close()
    return {"longest": longest, "pieces": pieces}


def versions():  # type: ignore[no-untyped-def]
    """What runs here."""
    import sys

    module = getattr(tls, "VERSION", None)
    return {"micropython": sys.version, "mbedtls": tls.MBEDTLS_VERSION, "module": module}
