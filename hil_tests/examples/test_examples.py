# SPDX-License-Identifier: MIT
"""Each script of examples/ on each board, unchanged, against OpenSSL, curl and mosquitto."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest

from hil_tests import peers
from hil_tests.boards import Board
from hil_tests.certificates import Authority, Identity
from hil_tests.examples.mosquitto import Mosquitto

pytestmark = pytest.mark.requires("filesystem", "sockets")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TlsServers = Callable[..., peers.TlsServer]
# How long the server of the asyncio example keeps both clients waiting: some 50 ticks of 10 ms.
PAUSE_SECONDS = 0.5


@runtime_checkable
class HasMpremote(Protocol):
    """A board that mpremote, the program, can talk to."""

    def mpremote(self, *arguments: str) -> peers.CommandResult: ...


def source(name: str) -> str:
    """An example as it stands in the tree."""
    return (EXAMPLES / name).read_text(encoding="utf-8")


def settings(**values: object) -> bytes:
    """An example_config.py."""
    return "".join(f"{name} = {value!r}\n" for name, value in values.items()).encode()


def configure_client(board: Board, port: int, identity: Identity, **more: object) -> None:
    """Make the examples trust the root of `identity` and connect to `port` of the host under its name."""
    board.put(identity.root_pem, "ca.pem")
    board.put(settings(HOST=identity.name, PORT=port, ADDRESS=board.host_address, **more), "example_config.py")


def meet(pause: float = 0.0) -> peers.Behaviour:
    """HTTP for two connections, neither of which is answered before both handshakes are over."""
    both = threading.Barrier(2)

    def behave(session: peers.Session) -> None:
        both.wait(timeout=20)
        time.sleep(pause)
        peers.http(b"x" * 3000)(session)

    return behave


def test_https_get_prints_the_status_and_what_was_verified(
    board: Board, authority: Authority, tls_server: TlsServers
) -> None:
    server = tls_server(authority.p256, peers.http(b"x" * 1234))
    configure_client(board, server.port, authority.p256)
    printed = board.exec(source("https_get.py")).output
    assert f"the certificate is for {authority.p256.name}" in printed
    assert re.search(r"valid on 20\d\d-\d\d-\d\d", printed)
    assert "HTTP/1.1 200 OK: 1234 bytes" in printed
    session = server.session()
    assert session.closed_cleanly
    assert f"encrypted: {session.version}, TLS" in printed


@pytest.mark.requires("mpremote")
def test_https_get_runs_by_the_command_that_its_head_shows(
    board: Board, authority: Authority, tls_server: TlsServers, tmp_path: Path
) -> None:
    server = tls_server(authority.p256, peers.http(b"x" * 1234))
    configure_client(board, server.port, authority.p256)
    (tmp_path / "ca.pem").write_bytes(authority.p256.root_pem)
    command = re.search(r"^TZ=UTC mpremote (.*)$", source("https_get.py"), re.MULTILINE)
    assert command
    paths = {"ca.pem": str(tmp_path / "ca.pem"), "https_get.py": str(EXAMPLES / "https_get.py")}
    assert isinstance(board, HasMpremote)
    done = board.mpremote(*(paths.get(word, word) for word in command[1].split()))
    assert done.code == 0, done.error
    assert b"HTTP/1.1 200 OK: 1234 bytes" in done.output


def test_https_get_refuses_a_server_of_another_authority(
    board: Board, authority: Authority, tls_server: TlsServers
) -> None:
    server = tls_server(authority.stranger, peers.http())
    configure_client(board, server.port, authority.p256)
    result = board.exec(source("https_get.py"), check=False)
    assert "trusted CA" in result.error
    assert result.output == ""
    assert not server.session().established


@pytest.mark.requires("settable-clock")
def test_https_get_says_that_the_clock_is_not_set(board: Board, authority: Authority, tls_server: TlsServers) -> None:
    board.set_clock(datetime(2000, 1, 1, tzinfo=UTC))
    server = tls_server(authority.p256, peers.http())
    configure_client(board, server.port, authority.p256)
    result = board.exec(source("https_get.py"), check=False)
    assert "mpremote rtc --set" in result.error
    assert not server.sessions


def test_https_server_answers_curl(board: Board, authority: Authority) -> None:
    identity, port = authority.intermediate, board.listen_port()
    board.put(identity.chain_pem, "server.crt")
    board.put(identity.key_pem(), "server.key")
    board.put(settings(PORT=port), "example_config.py")
    script = board.start(source("https_server.py"))
    script.expect(f"listening on port {port}")
    answer = peers.curl(board.listen_address(port), identity)
    assert answer.code == 0, answer.error
    assert set(json.loads(answer.output)) == {"board", "uptime_ms", "heap_used"}
    script.expect("GET / HTTP/1.1: 200 OK")
    script.interrupt()
    assert "KeyboardInterrupt" in script.wait(10, check=False).error


def test_https_server_outlives_a_client_that_refuses_it(board: Board, authority: Authority) -> None:
    identity, port = authority.p256, board.listen_port()
    board.put(identity.chain_pem, "server.crt")
    board.put(identity.key_pem(), "server.key")
    board.put(settings(PORT=port), "example_config.py")
    script = board.start(source("https_server.py"))
    script.expect("listening")
    address = board.listen_address(port)
    # 60: curl does not trust the certificate.
    assert peers.curl(address, authority.stranger).code == 60
    script.expect("client refused")
    assert peers.curl(address, identity, path="/nothing").output == b'{"error": "only GET / is served here"}'
    script.stop()


def test_mqtt_example_talks_to_mosquitto(board: Board, authority: Authority, tmp_path: Path) -> None:
    with Mosquitto(authority.p256, tmp_path) as broker:
        configure_client(board, broker.port, authority.p256, CLIENT_ID="under-test", TOPIC="a/b", MESSAGE="23 °C")
        printed = board.exec(source("mqtt_tls.py")).lines
        log = broker.wait_for_log("Received DISCONNECT from under-test")
    assert printed[0].startswith(f"connected to {authority.p256.name} with TLS")
    assert printed[1] == "received a/b 23 °C"
    assert "Received SUBSCRIBE from under-test" in log
    assert "Received PUBLISH from under-test (d0, q0, r0, m0, 'a/b', ... (6 bytes))" in log
    assert "Sending PUBLISH to under-test" in log


def test_mqtt_example_carries_messages_longer_than_a_byte_can_say(
    board: Board, authority: Authority, tmp_path: Path
) -> None:
    message = "0123456789" * 50
    with Mosquitto(authority.rsa, tmp_path) as broker:
        configure_client(board, broker.port, authority.rsa, TOPIC="long", MESSAGE=message)
        assert board.exec(source("mqtt_tls.py")).lines[1] == f"received long {message}"


def test_mqtt_example_refuses_a_broker_of_another_authority(board: Board, authority: Authority, tmp_path: Path) -> None:
    with Mosquitto(authority.stranger, tmp_path) as broker:
        configure_client(board, broker.port, authority.p256, CLIENT_ID="under-test")
        result = board.exec(source("mqtt_tls.py"), check=False)
        log = broker.wait_for_log("unknown ca")
    assert "trusted CA" in result.error
    assert "under-test" not in log


@pytest.mark.requires("network")
def test_asyncio_client_keeps_two_connections_and_a_ticker_going(
    board: Board, authority: Authority, tls_server: TlsServers
) -> None:
    server = tls_server(authority.p256, meet(PAUSE_SECONDS))
    configure_client(board, server.port, authority.p256, PATHS=("/one", "/two"))
    printed = board.exec(source("asyncio_client.py")).output
    assert "/one: HTTP/1.1 200 OK, " in printed
    assert "/two: HTTP/1.1 200 OK, " in printed
    ticks = re.search(r"^(\d+) ticks meanwhile, the longest gap was \d+ ms$", printed, re.MULTILINE)
    assert ticks, printed
    # While both wait for the server nothing else takes time, so half of the possible ticks are the least.
    assert int(ticks[1]) >= PAUSE_SECONDS / 0.01 / 2
    assert [session.closed_cleanly for session in (server.session(0), server.session(1))] == [True, True]
