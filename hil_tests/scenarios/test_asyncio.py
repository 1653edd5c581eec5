# SPDX-License-Identifier: MIT
"""asyncio: two connections at once, and a ticker that shows that no wait of theirs stops the loop.

The measure is that ticks go on while a peer is silent, not how fast: the ticks are asked for over a connection of its
own, and the question is put after the peer has fallen silent.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.peers.proxy import TO_CLIENT, TO_SERVER, Gate, Proxy
from hil_tests.scenarios.dut import PATIENCE, Dut
from hil_tests.scenarios.failures import assert_ended_well, peer_sent, refused_certificate
from hil_tests.transport import RunningScript

pytestmark = pytest.mark.requires("asyncio", "network")

# So many further ticks are enough to believe that the loop runs.
TICKS = 20

LOOP = """
import asyncio

ticks = sent = 0
stop = False

async def tick():
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep_ms(2)

async def tell():
    global stop
    r, w = await asyncio.open_connection(CONTROL_HOST, CONTROL_PORT)
    while True:
        question = await r.readline()
        stop = stop or question == b"stop\\n"
        w.write(b"%d %d\\n" % (ticks, sent))
        await w.drain()

async def run(work):
    asyncio.create_task(tick())
    asyncio.create_task(tell())
    await work()
    print("done")

async def open_tls(c, port=PORT):
    return await asyncio.open_connection(HOST, port, ssl=c, server_hostname=NAME)

async def serve_tls(count, serve):
    served = 0
    async def one(r, w):
        nonlocal served
        await serve(r, w)
        served += 1
    server = await asyncio.start_server(one, "0.0.0.0", PORT, ssl=context(ssl.PROTOCOL_TLS_SERVER))
    print("listening")
    while served < count:
        await asyncio.sleep_ms(5)
    server.close()
    await server.wait_closed()

"""

CLIENT = (
    LOOP
    + """
c = context(ssl.PROTOCOL_TLS_CLIENT)

async def talk(port):
    try:
        r, w = await open_tls(c, port)
        w.write(b"ask %d\\n" % port)
        await w.drain()
        print(port, await r.readexactly(SIZE) == b"!" * SIZE, await r.read(1))
        w.close()
        await w.wait_closed()
    except OSError as error:
        report(error)

async def work():
    await asyncio.gather(talk(PORTS[0]), talk(PORTS[1]))

asyncio.run(run(work))
"""
)

SERVER = (
    LOOP
    + """
async def serve(r, w):
    try:
        line = await r.readline()
        w.write(line + b"!" * SIZE)
        await w.drain()
        print(line, await r.read(1))
        w.close()
        await w.wait_closed()
    except OSError as error:
        report(error)

asyncio.run(run(lambda: serve_tls(2, serve)))
"""
)

SIZE = 3000


class Ticker:
    """The host's end of the ticker's connection."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(patience)
        self.port = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None

    def ask(self, question: bytes = b"?\n") -> tuple[int, int]:
        """(ticks so far, bytes sent so far). Raises TimeoutError when the board's loop does not answer."""
        if self._connection is None:
            self._connection = self._listener.accept()[0]
            self._connection.settimeout(self._patience)
        self._connection.sendall(question)
        answer = b""
        while not answer.endswith(b"\n"):
            piece = self._connection.recv(100)
            assert piece, "the board closed the ticker's connection"
            answer += piece
        ticks, sent = answer.split()
        return int(ticks), int(sent)

    def goes_on(self) -> int:
        """Wait for TICKS more ticks from now. Gives the bytes that were sent meanwhile."""
        first, before = self.ask()
        while True:
            ticks, sent = self.ask()
            if ticks >= first + TICKS:
                return sent - before

    def close(self) -> None:
        """Close it."""
        self._listener.close()
        if self._connection is not None:
            self._connection.close()


@pytest.fixture
def ticker(dut: Dut) -> Iterator[Ticker]:
    """Listens for the board's ticker."""
    ticker = Ticker(dut.patience)
    yield ticker
    ticker.close()


def reply(session: peers.Session) -> None:
    """Answer one line with SIZE bytes, and close."""
    while not session.read().endswith(b"\n"):
        pass
    session.write(b"!" * SIZE)
    session.shutdown()


# Where both peers fall silent: (record, bytes of it that still come).
CLIENT_GATES = {
    "before-server-hello": (0, 0),
    "inside-certificate": (1, 100),
    "before-finished": (5, 0),
    "before-data": (6, 0),
    "inside-data": (6, 1000),
    "inside-close-notify": (7, 6),
}


@pytest.mark.parametrize("gate", CLIENT_GATES)
def test_client_loop_runs_while_servers_are_silent(
    dut: Dut,
    authority: Authority,
    tls_server: Callable[..., peers.TlsServer],
    proxy: Callable[..., Proxy],
    ticker: Ticker,
    gate: str,
) -> None:
    record, keep = CLIENT_GATES[gate]
    server = tls_server(authority.p256, reply, maximum="1.2", patience=PATIENCE)
    gates = [Gate(TO_CLIENT, record, keep) for _ in range(2)]
    links = [proxy(server.address, fault) for fault in gates]
    values = {**server.values(dut.board), "PORTS": [link.port for link in links], "SIZE": SIZE}
    script = dut.start(CLIENT, {**values, **control(dut, ticker)})

    for fault in gates:
        assert fault.reached.wait(dut.patience)
    ticker.goes_on()
    gates[0].released.set()
    script.expect(rf"{links[0].port} True b''\n", timeout=PATIENCE)
    ticker.goes_on()
    gates[1].released.set()
    assert script.wait(PATIENCE).lines == [f"{link.port} True b''" for link in links] + ["done"]
    for index in range(2):
        assert_ended_well(server.session(index))


SERVER_GATES = {
    "inside-client-hello": (0, 50),
    "before-client-key-exchange": (1, 0),
    "before-finished": (3, 0),
    "before-data": (4, 0),
    "inside-data": (4, 20),
    "inside-close-notify": (5, 6),
}


@pytest.mark.parametrize("gate", SERVER_GATES)
def test_server_loop_runs_while_clients_are_silent(
    dut: Dut,
    authority: Authority,
    tls_client: Callable[..., peers.TlsClient],
    proxy: Callable[..., Proxy],
    ticker: Ticker,
    gate: str,
) -> None:
    record, keep = SERVER_GATES[gate]
    gates = [Gate(TO_SERVER, record, keep) for _ in range(2)]
    service = dut.listen(SERVER, authority.p256, SIZE=SIZE, **control(dut, ticker))

    def talk(index: int) -> peers.TlsClient:
        link = proxy(service.address, gates[index])
        with tls_client(link.address, authority.p256, maximum="1.2", patience=2 * PATIENCE) as client:
            client.handshake()
            client.write(b"ask %d\n" % index)
            assert client.read_exactly(6 + SIZE) == b"ask %d\n" % index + b"!" * SIZE
            client.shutdown()
        return client

    with ThreadPoolExecutor(2) as pool:
        try:
            clients: list[Future[peers.TlsClient]] = [pool.submit(talk, index) for index in range(2)]
            for fault in gates:
                assert fault.reached.wait(dut.patience)
            ticker.goes_on()
            gates[0].released.set()
            service.script.expect(r"b'ask 0\\n' b''\n", timeout=PATIENCE)
            ticker.goes_on()
        finally:
            for fault in gates:
                fault.released.set()
    for client in clients:
        assert_ended_well(client.result())
    assert service.script.wait(PATIENCE).lines[1:] == ["b'ask 0\\n' b''", "b'ask 1\\n' b''", "done"]


WRITER = (
    LOOP
    + """
async def pour(w):
    global sent
    h = hashlib.sha256()
    block = bytes(range(256)) * 8
    while not stop:
        w.write(block)
        await w.drain()
        h.update(block)
        sent += len(block)
    print(sent, h.digest().hex())
    w.close()
    await w.wait_closed()

"""
)

CLIENT_POURS = (
    WRITER
    + """
async def work():
    r, w = await open_tls(context(ssl.PROTOCOL_TLS_CLIENT))
    await pour(w)

asyncio.run(run(work))
"""
)


def test_client_loop_runs_while_the_server_does_not_read(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], ticker: Ticker
) -> None:
    awake = threading.Event()

    def sleep_then_read(session: peers.Session) -> None:
        awake.wait(dut.patience)
        session.read_all()

    server = tls_server(authority.p256, sleep_then_read, patience=3 * PATIENCE)
    script = dut.start(CLIENT_POURS, {**server.values(dut.board), **control(dut, ticker)})
    wait_until_stuck(ticker)
    check_poured(ticker, awake, script, lambda: server.session(timeout=PATIENCE))


SERVER_POURS = (
    WRITER
    + """
async def serve(r, w):
    await pour(w)

asyncio.run(run(lambda: serve_tls(1, serve)))
"""
)


def test_server_loop_runs_while_the_client_does_not_read(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], ticker: Ticker
) -> None:
    service = dut.listen(SERVER_POURS, authority.p256, **control(dut, ticker))
    with tls_client(service.address, authority.p256, patience=3 * PATIENCE) as client:
        client.handshake()
        # The board's handler starts to pour when it has read nothing at all: the handshake is its first write.
        wait_until_stuck(ticker)
        awake = threading.Event()

        def read() -> peers.Session:
            awake.wait(dut.patience)
            client.read_all()
            return client

        with ThreadPoolExecutor(1) as pool:
            session = pool.submit(read)
            check_poured(ticker, awake, service.script, session.result)


def wait_until_stuck(ticker: Ticker) -> None:
    """Until the loop ticks on while nothing more is sent, because all buffers are full."""
    while ticker.ask()[1] == 0 or ticker.goes_on() > 0:
        pass


def check_poured(
    ticker: Ticker, awake: threading.Event, script: RunningScript, session: Callable[[], peers.Session]
) -> None:
    """Let the peer read and the board end; everything must have come through."""
    ticker.ask(b"stop\n")
    awake.set()
    lines = script.wait(PATIENCE).lines
    seen = session()
    assert lines[-2:] == [f"{seen.received} {seen.received_digest}", "done"]
    assert seen.closed_cleanly, seen.describe()


DUPLEX = (
    LOOP
    + """
async def send(w):
    h = hashlib.sha256()
    for i in range(SIZE // 1000):
        block = b"%08d" % i * 125
        h.update(block)
        w.write(block)
        await w.drain()
    return h.digest()

async def receive(r):
    h = hashlib.sha256()
    size = 0
    while size < SIZE:
        data = await r.read(1500)
        h.update(data)
        size += len(data)
    return h.digest()

async def both(r, w):
    there, back = await asyncio.gather(send(w), receive(r))
    print(there == back)
    w.close()
    await w.wait_closed()

"""
)

CLIENT_DUPLEX = (
    DUPLEX
    + """
async def work():
    await both(*await open_tls(context(ssl.PROTOCOL_TLS_CLIENT)))

asyncio.run(run(work))
"""
)
DUPLEX_SIZE = 200_000


def test_client_reads_and_writes_at_once(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], ticker: Ticker
) -> None:
    server = tls_server(authority.p256, patience=PATIENCE)
    values = {**server.values(dut.board), "SIZE": DUPLEX_SIZE, **control(dut, ticker)}
    assert dut.run(CLIENT_DUPLEX, values) == ["True", "done"]
    session = server.session()
    assert_ended_well(session)
    assert (session.received, session.sent) == (DUPLEX_SIZE, DUPLEX_SIZE)


SERVER_DUPLEX = DUPLEX + "asyncio.run(run(lambda: serve_tls(1, both)))\n"


def test_server_reads_and_writes_at_once(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], ticker: Ticker
) -> None:
    service = dut.listen(SERVER_DUPLEX, authority.p256, SIZE=DUPLEX_SIZE, **control(dut, ticker))
    with tls_client(service.address, authority.p256, patience=PATIENCE) as client:
        client.handshake()
        while data := client.read():
            client.write(data)
        client.shutdown()
        assert client.closed_cleanly, client.describe()
        assert (client.received, client.sent) == (DUPLEX_SIZE, DUPLEX_SIZE)
    assert service.script.wait(PATIENCE).lines == ["listening", "True", "done"]


def test_a_refused_server_leaves_the_other_connection_alone(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], ticker: Ticker
) -> None:
    good = tls_server(authority.p256, reply)
    bad = tls_server(authority.stranger, reply)
    values = {**good.values(dut.board), "PORTS": [bad.port, good.port], "SIZE": SIZE, **control(dut, ticker)}
    lines = dut.run(CLIENT, values)
    failure = refused_certificate("issued by none of the trusted CAs")
    assert sorted(lines) == sorted(
        [f"refused {(failure.kind, (failure.number, failure.text))}", f"{good.port} True b''", "done"]
    )
    assert_ended_well(good.session())


def test_a_client_that_refuses_leaves_the_other_connection_alone(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], ticker: Ticker
) -> None:
    service = dut.listen(SERVER, authority.p256, SIZE=SIZE, **control(dut, ticker))
    with (
        tls_client(service.address, authority.p256) as good,
        tls_client(service.address, authority.stranger, name="server.test") as bad,
    ):
        good.handshake()
        with pytest.raises(OSError):
            bad.handshake()
        assert bad.await_end() == "fin"
        good.write(b"ask 0\n")
        assert good.read_exactly(6 + SIZE).startswith(b"ask 0\n")
        good.shutdown()
        assert_ended_well(good)
    failure = peer_sent("unknown_ca")
    assert sorted(service.script.wait(PATIENCE).lines) == sorted(
        ["listening", f"refused {(failure.kind, (failure.number, failure.text))}", "b'ask 0\\n' b''", "done"]
    )


def control(dut: Dut, ticker: Ticker) -> dict[str, object]:
    """Where the board's ticker tells."""
    return {"CONTROL_HOST": dut.board.host_address, "CONTROL_PORT": ticker.port}
