# SPDX-License-Identifier: MIT
"""DTLS over UDP with OpenSSL at the other end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import PATIENCE, Dut
from hil_tests.scenarios.failures import Failure, peer_sent, refused_certificate

# A queue for datagrams: those of MicroPython 1.25 on lwIP keep a single one, and OpenSSL's flights have several.
pytestmark = pytest.mark.requires("dtls", "udp-queue")

CLIENT = """
def dial_datagrams():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(address(HOST, PORT))
    return s

def work():
    c = context(ssl.PROTOCOL_DTLS_CLIENT)
    s = c.wrap_socket(dial_datagrams(), server_hostname=NAME)
    print(s.version(), s.cipher()[0])
    s.send(b"ping\\n")
    print(s.recv(100))
    s.close()
"""
DEFERRED = """
    c = context(ssl.PROTOCOL_DTLS_CLIENT)
    s = c.wrap_socket(dial_datagrams(), server_hostname=NAME, do_handshake_on_connect=False)
    s.setblocking(False)
"""
POLLED = f"""
import select
def work():
    {DEFERRED.strip()}
    poller = select.poll()
    poller.register(s, select.POLLOUT)
    while not s.write(b"ping\\n"):
        if not poller.poll(20000):
            raise OSError("no progress")
    poller.modify(s, select.POLLIN)
    if poller.poll(20000):
        print(s.recv(100))
    s.close()
"""
ASYNC = f"""
import asyncio
async def talk():
    {DEFERRED.strip()}
    stream = asyncio.StreamWriter(s)
    stream.write(b"ping\\n")
    await stream.drain()
    print(await asyncio.wait_for(stream.read(100), 20))
    s.close()

def work():
    asyncio.run(talk())
"""
SERVER = """
def serve():
    c = context(ssl.PROTOCOL_DTLS_SERVER)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(address("127.0.0.1", PORT))
    print("listening")
    client = s.recvfrom(1, 2)[1]  # MSG_PEEK
    s.connect(client)
    print("accepted")
    while True:
        try:
            return c.wrap_socket(s, server_side=True, client_id=bytes(client))
        except OSError as error:
            if error.errno != -0x6A80:
                raise
            print("cookie")

def work():
    s = serve()
    print(s.version(), s.recv(100))
    s.send(b"pong")
    s.close()
"""
SUITE = "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"


def openssl_server(identity: Identity, folder: Path, *arguments: str) -> peers.OpensslServer:
    """One over datagrams."""
    return peers.OpensslServer(identity, folder / "server.log", "-dtls1_2", *arguments)


def talk(dut: Dut, server: peers.OpensslServer, code: str = CLIENT, port: int | None = None) -> list[str]:
    """What the board says of a connection on which the server answers a line with another."""
    values = {**server.values(dut.board), "PORT": port or server.port}
    script = dut.start((code if code is CLIENT else CLIENT + code) + "\nattempt(work)\n", values)
    server.expect("ping", dut.patience)
    server.type(b"pong\n")
    return script.wait(PATIENCE).lines


@pytest.mark.parametrize("arguments", [(), ("-listen",)], ids=["plain", "with-cookies"])
def test_a_client_speaks(dut: Dut, authority: Authority, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with openssl_server(authority.p256, tmp_path, *arguments) as server:
        assert talk(dut, server) == [f"DTLSv1.2 {SUITE}", "b'pong\\n'", "done"]


def test_a_chain_longer_than_a_datagram_is_put_together(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with openssl_server(authority.issue("rsa", depth=6), tmp_path, "-mtu", "1000") as server:
        assert talk(dut, server)[1:] == ["b'pong\\n'", "done"]


def lose_the_first_hello(to_server: bool, index: int) -> bool:
    """Of the client; then the first answer is not lost."""
    return to_server and index == 0


def lose_the_first_flights(to_server: bool, index: int) -> bool:
    """One of each end."""
    return index == (1 if to_server else 0)


@pytest.mark.parametrize("lose", [lose_the_first_hello, lose_the_first_flights])
def test_a_blocking_socket_sends_lost_flights_again(
    dut: Dut, authority: Authority, tmp_path: Path, lose: Callable[[bool, int], bool]
) -> None:
    with openssl_server(authority.p256, tmp_path) as server, peers.DatagramRelay(server.address, lose) as relay:
        assert talk(dut, server, port=relay.port)[1:] == ["b'pong\\n'", "done"]
        assert relay.lost == (1 if lose is lose_the_first_hello else 2)


@pytest.mark.parametrize("code", [POLLED, ASYNC], ids=["poll", "asyncio"])
def test_a_non_blocking_socket_sends_lost_flights_again(
    dut: Dut, authority: Authority, tmp_path: Path, code: str
) -> None:
    with (
        openssl_server(authority.p256, tmp_path) as server,
        peers.DatagramRelay(server.address, lose_the_first_hello) as relay,
    ):
        assert talk(dut, server, code, relay.port) == ["b'pong\\n'", "done"]
        assert relay.lost == 1


def test_a_wrong_certificate_is_refused(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with openssl_server(authority.stranger, tmp_path) as server:
        failure = dut.failure(CLIENT, {**server.values(dut.board), "CA": authority.p256.root_der})
        assert failure == refused_certificate("issued by none of the trusted CAs")
        server.expect("alert unknown ca", dut.patience)


def test_what_the_other_end_refuses_is_told(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with openssl_server(authority.p256, tmp_path, "-cipher", "ECDHE-ECDSA-AES128-CCM") as server:
        assert dut.failure(CLIENT, server.values(dut.board)) == peer_sent("handshake_failure")


def serve(dut: Dut, identity: Identity, *arguments: str) -> tuple[str, list[str]]:
    """What OpenSSL's client and the board say of a connection."""
    service = dut.listen(SERVER + "\nattempt(work)\n", identity)
    timeout = dut.board.seconds(PATIENCE)
    result = peers.openssl_client(
        service.address, "-dtls1_2", *arguments, root=identity, stdin=b"ping", timeout=timeout
    )
    return result.output.decode(errors="replace") + result.error, service.lines()


def test_a_server_speaks(dut: Dut, authority: Authority) -> None:
    seen, lines = serve(dut, authority.p256)
    assert lines == ["cookie", "DTLSv1.2 b'ping'", "done"], seen
    assert "Verification: OK" in seen and "pong" in seen


def test_a_server_sends_a_long_chain_in_small_datagrams(dut: Dut, authority: Authority) -> None:
    seen, lines = serve(dut, authority.issue("rsa", depth=2), "-mtu", "600")
    assert lines[-2:] == ["DTLSv1.2 b'ping'", "done"], seen


def test_a_client_without_a_suite_in_common_is_refused(dut: Dut, authority: Authority) -> None:
    seen, lines = serve(dut, authority.p256, "-cipher", "ECDHE-RSA-CHACHA20-POLY1305")
    assert "alert handshake failure" in seen
    assert Failure.parse(lines).number == -0x6E00
