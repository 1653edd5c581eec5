# SPDX-License-Identifier: MIT
"""OpenSSL asks to renegotiate: the board says no, and lives on. OpenSSL takes a no for the end of the connection."""

from __future__ import annotations

from pathlib import Path

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import PATIENCE, Dut
from hil_tests.scenarios.failures import Failure, peer_sent

CLIENT = """
def once(line):
    s = connect()
    s.write(line)
    print("sent")
    print(s.readline())
    s.close()

def work():
    try:
        once(b"first\\n")
    except OSError as error:
        report(error)
    once(b"second\\n")
"""


def test_client_refuses_to_renegotiate(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    identity = authority.p256
    with peers.OpensslServer(identity, tmp_path / "s_server.log", "-tls1_2", "-msg") as server:
        script = dut.start(CLIENT + "\nattempt(work)\n", server.values(dut.board))
        script.expect("sent", timeout=PATIENCE)
        server.expect("first\n", dut.patience)
        server.type(b"r\n")
        script.expect("sent", timeout=PATIENCE)
        server.type(b"hello\n")
        lines = script.wait(PATIENCE).lines
        said = server.output
    assert Failure.parse(lines[:2]) == peer_sent("handshake_failure")
    assert lines[2:] == ["sent", "b'hello\\n'", "done"]
    assert "<<< TLS 1.2, Alert [length 0002], warning no_renegotiation" in said


SERVER = """
def once(c, l):
    s = c.wrap_socket(l.accept()[0], server_side=True)
    s.write(b"hello\\n")
    print(s.readline())
    s.close()

def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    print("accepted")
    try:
        once(c, l)
    except OSError as error:
        report(error)
    once(c, l)
    l.close()
"""


def test_server_refuses_to_renegotiate(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    service = dut.serve(authority.p256, SERVER)
    with peers.OpensslClient(service.address, tmp_path / "first.log", "-tls1_2", "-msg") as client:
        client.expect("hello\n", dut.patience)  # OpenSSL takes no data while it renegotiates
        client.type(b"R\n")
        said = client.wait(dut.patience)
    assert "<<< TLS 1.2, Alert [length 0002], warning no_renegotiation" in said
    with peers.OpensslClient(service.address, tmp_path / "second.log", "-tls1_2") as client:
        client.type(b"bye\n")
        client.wait(dut.patience)
    lines = service.lines()
    assert Failure.parse(lines[:1]) == peer_sent("handshake_failure")
    assert lines[1:] == ["b'bye\\n'", "done"]
