# SPDX-License-Identifier: MIT
"""SSLSockets in asyncio streams: client and server, and that the loop is never blocked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.records import alert_record

pytestmark = pytest.mark.requires("asyncio")

CLIENT = """
import asyncio, time
context = client_context((0, 0, CA))
"""


# With an intermediate of P-384 the handshake comes in pieces, where the board has them.
@pytest.mark.parametrize(("kind", "depth"), [("p256", 0), ("p384", 1)])
@pytest.mark.requires("network")
def test_a_client_and_a_server_in_one_loop(script: Script, authority: Authority, kind: str, depth: int) -> None:
    code = """
    import asyncio

    async def serve(reader, writer):
        while True:
            line = await reader.readline()
            if not line:
                break
            writer.write(b"you said " + line)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def talk(name):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", PORT, ssl=client_context(ID), server_hostname="server.test"
        )
        answers = []
        for i in range(3):
            writer.write(b"%s %d\\n" % (name, i))
            await writer.drain()
            answers.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return answers == [b"you said %s %d\\n" % (name, i) for i in range(3)]

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", PORT, ssl=server_context(ID))
        print(await asyncio.gather(talk(b"one"), talk(b"two")))
        server.close()
        await server.wait_closed()

    asyncio.run(asyncio.wait_for(main(), 20))
    """
    values = {"PORT": script.board.listen_port(), "ID": authority.issue(kind, depth=depth)}
    assert script(code, **values) == ["[True, True]"]


@pytest.mark.requires("network")
def test_other_tasks_run_while_a_handshake_waits_for_its_peer(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.source(5), maximum="1.2", dribble=0.0005)
    code = CLIENT + (
        """
ticks = 0
async def ticker():
    global ticks
    while True:
        await asyncio.sleep_ms(5)
        ticks += 1

async def main():
    task = asyncio.create_task(ticker())
    reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context, server_hostname=NAME)
    data = await reader.readexactly(5)
    task.cancel()
    writer.close()
    await writer.wait_closed()
    print(len(data), ticks > 10)

asyncio.run(asyncio.wait_for(main(), 20))
"""
    )
    assert script(code, **server.values(script.board)) == ["5 True"]


def test_a_read_that_waits_leaves_the_loop_free(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    # The peer answers only to what another task sends while this one reads.
    server = tls_server(authority.p256, maximum="1.2")
    code = CLIENT + (
        """
async def main():
    reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context, server_hostname=NAME)
    reading = asyncio.create_task(reader.readexactly(6))
    for i in range(3):
        await asyncio.sleep_ms(10)
        writer.write(b"%02d" % i)
        await writer.drain()
    print(await reading)
    writer.close()
    await writer.wait_closed()

asyncio.run(asyncio.wait_for(main(), 20))
"""
    )
    assert script(code, **server.values(script.board)) == ["b'000102'"]


def test_pending_plaintext_wakes_a_reader(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    # One record holds all of it: after the first read nothing more comes on the wire.
    read = threading.Event()

    def once(session: peers.Session) -> None:
        session.write(b"0123456789")
        assert read.wait(script.board.seconds(20))
        session.shutdown()

    server = tls_server(authority.p256, once, maximum="1.2")
    code = CLIENT + (
        """
async def main():
    reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context, server_hostname=NAME)
    pieces = []
    for _ in range(5):
        pieces.append(await asyncio.wait_for(reader.readexactly(2), 5))
    print(pieces)
    writer.close()
    await writer.wait_closed()

asyncio.run(asyncio.wait_for(main(), 20))
"""
    )
    lines = script(code, **server.values(script.board))
    read.set()
    assert lines == ["[b'01', b'23', b'45', b'67', b'89']"]


def test_a_refused_server_is_an_exception_of_the_first_use(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.stranger, maximum="1.2")
    code = CLIENT + (
        """
async def main():
    try:
        reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context, server_hostname=NAME)
        writer.write(b"secret")
        await writer.drain()
        print("sent")
    except OSError as error:
        print(type(error).__name__)

asyncio.run(asyncio.wait_for(main(), 20))
"""
    )
    values = server.values(script.board) | {"CA": authority.p256.root_der}
    assert script(code, **values) == ["SSLCertVerificationError"]
    assert server.session().received == 0


@pytest.mark.requires("network")
def test_a_server_lives_on_after_a_client_that_speaks_no_tls(
    script: Script, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    code = """
    import asyncio
    async def serve(reader, writer):
        data = b""
        try:
            data = await reader.readexactly(4)
            writer.write(data)
            await writer.drain()
        except OSError as error:
            print(error.args[1].split(":")[0])
        writer.close()
        await writer.wait_closed()
        if data == b"stop":
            done.set()

    async def main():
        await asyncio.start_server(serve, "0.0.0.0", PORT, ssl=server_context(ID))
        print("listening")
        await done.wait()

    done = asyncio.Event()
    asyncio.run(asyncio.wait_for(main(), 20))
    """
    port = script.board.listen_port()
    running = script.start(code, PORT=port, ID=authority.p256)
    running.expect("listening")
    address = script.board.listen_address(port)
    plain = peers.Wire(socket.create_connection(address, script.board.seconds(10)))
    plain.send(b"GET / HTTP/1.1\r\n\r\n")
    assert plain.receive_exactly(7) == alert_record("fatal", "unexpected_message")
    plain.close()
    with tls_client(address, authority.p256, maximum="1.2") as client:
        client.handshake()
        client.write(b"stop")
        assert client.read_exactly(4) == b"stop"
    assert running.wait(10).lines[-1] == "MBEDTLS_ERR_SSL_INVALID_RECORD"
