# SPDX-License-Identifier: MIT
"""The rig and the board find each other: REPL, files, clock, reset, TCP, and one TLS session each way."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.boards import Board
from hil_tests.boards.base import CLOCK_TOLERANCE
from hil_tests.boards.mpremote import MpremoteBoard
from hil_tests.certificates import Authority
from hil_tests.errors import BoardCrashed, BoardExecError, BoardTimeout

TLS_CLIENT = """
import socket, ssl
s = socket.socket()
s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(cadata=CA)
s = c.wrap_socket(s, server_hostname=NAME)
s.write(b"hello")
print(s.read(5))
s.close()
"""

TLS_SERVER = """
import socket, ssl
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(socket.getaddrinfo("0.0.0.0", PORT)[0][-1])
l.listen(1)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(CERT, KEY)
print("listening")
s = l.accept()[0]
t = c.wrap_socket(s, server_side=True)
t.write(t.read(4))
t.close()
l.close()
"""

TCP_SERVER = """
import socket
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(socket.getaddrinfo("0.0.0.0", PORT)[0][-1])
l.listen(1)
print("listening")
s = l.accept()[0]
s.send(s.recv(100))
s.close()
l.close()
"""


def test_exec_returns_what_was_printed(board: Board) -> None:
    assert board.exec("print(1 + 1)").lines == ["2"]


def test_exec_takes_values(board: Board) -> None:
    assert board.eval("A + B", values={"A": b"\x00\xff", "B": b"'\n"}) == b"\x00\xff'\n"


def test_exec_raises_the_traceback_of_the_board(board: Board) -> None:
    with pytest.raises(BoardExecError, match="line 3, in <module>") as caught:
        board.exec("print('before')\nprint('still')\n1 / 0")
    assert caught.value.exception == "ZeroDivisionError: divide by zero"
    assert caught.value.output == "before\nstill\n"


def test_a_script_that_hangs_is_interrupted(board: Board) -> None:
    script = board.start("print('running')\nwhile True:\n    pass")
    script.expect("running")
    with pytest.raises(BoardTimeout, match="KeyboardInterrupt"):
        script.wait(0.1)
    assert board.eval("1 + 1") == 2


def test_a_running_script_is_followed_and_interrupted(board: Board) -> None:
    script = board.start("import time\nprint('ready', N)\nwhile True:\n    time.sleep(0.01)", values={"N": 7})
    assert script.expect(r"ready (\d+)").group(1) == "7"
    assert script.running
    script.interrupt()
    assert "KeyboardInterrupt" in script.wait(5, check=False).error


def test_run_executes_a_file_of_the_host(board: Board, tmp_path: Path) -> None:
    path = tmp_path / "hello.py"
    path.write_text("print('hello')\n")
    assert board.run(path).output == "hello\n"


@pytest.mark.requires("filesystem")
def test_put_and_get_keep_every_byte(board: Board) -> None:
    data = peers.pattern(3000)
    board.put(data, "smoke/deep/file.bin")
    assert board.get("smoke/deep/file.bin") == data


def test_clock_is_utc_and_right(board: Board) -> None:
    assert abs(board.clock() - datetime.now(UTC)) <= CLOCK_TOLERANCE


@pytest.mark.requires("settable-clock")
def test_clock_can_be_set_wrong_and_right(board: Board) -> None:
    wrong = datetime(2000, 1, 1, tzinfo=UTC)
    board.set_clock(wrong)
    assert board.clock() - wrong < timedelta(seconds=10)
    board.set_clock()
    assert abs(board.clock() - datetime.now(UTC)) <= CLOCK_TOLERANCE


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_reset_forgets_variables(board: Board, hard: bool) -> None:
    board.exec("kept = 1")
    board.reset(hard)
    assert board.eval("'kept' in globals()") is False


@pytest.mark.requires("hard-reset")
def test_a_board_that_resets_itself_is_told(board: Board) -> None:
    with pytest.raises(BoardCrashed, match="reset by itself"):
        board.exec("import machine\nmachine.reset()")
    board.reset(hard=True)


@pytest.mark.requires("crash-report")
def test_a_crash_is_told_with_the_last_words_of_the_board(board: Board) -> None:
    with pytest.raises(BoardCrashed, match=r"the board reset by itself(.|\n)*(?i:store access fault)"):
        board.exec("import machine\nmachine.mem32[0] = 1")
    board.reset(hard=True)


@pytest.mark.requires("mpremote")
def test_mpremote_sets_the_clock_in_utc(board: Board) -> None:
    assert isinstance(board, MpremoteBoard)
    board.set_clock(datetime(2001, 2, 3, tzinfo=UTC))
    board.set_clock_by_mpremote()
    assert abs(board.clock() - datetime.now(UTC)) <= CLOCK_TOLERANCE


def test_tcp_from_the_board(board: Board, raw_server: Callable[..., peers.RawServer]) -> None:
    def echo(wire: peers.Wire) -> None:
        wire.send(wire.receive_exactly(4))

    server = raw_server(echo)
    code = """
    import socket
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    s.send(b"ping")
    print(s.recv(4))
    s.close()
    """
    assert board.exec(code, values={"HOST": board.host_address, "PORT": server.port}).lines == ["b'ping'"]


def test_tcp_to_the_board(board: Board) -> None:
    port = board.listen_port()
    script = board.start(TCP_SERVER, values={"PORT": port})
    script.expect("listening")
    host, forwarded = board.listen_address(port)

    with socket.create_connection((host, forwarded), timeout=board.seconds(5)) as connection:
        connection.sendall(b"ping")
        assert connection.recv(4) == b"ping"
    script.wait(5)


def test_tls_from_the_board(board: Board, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(authority.p256, peers.echo(), maximum="1.2")
    assert board.exec(TLS_CLIENT, values=server.values(board)).lines == ["b'hello'"]
    session = server.session()
    assert session.established, session.describe()
    assert session.version == "TLSv1.2"
    assert session.server_name == "server.test"
    assert (session.received, session.sent) == (5, 5)


def test_tls_to_the_board(board: Board, authority: Authority, tls_client: Callable[..., peers.TlsClient]) -> None:
    port = board.listen_port()
    identity = authority.p256
    script = board.start(TLS_SERVER, values={"PORT": port, "CERT": identity.chain_der, "KEY": identity.key_der()})
    script.expect("listening")
    with tls_client(board.listen_address(port), identity, maximum="1.2") as client:
        client.handshake()
        client.write(b"ping")
        assert client.read_exactly(4) == b"ping"
    script.wait(10)
    assert client.peer_certificate == identity.certificate_der
