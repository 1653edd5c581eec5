# SPDX-License-Identifier: MIT
"""A board with the programs that people use: curl, Python, and OpenSSL's own client and server."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import PING_REVERSED, REVERSED, Dut
from hil_tests.scenarios.failures import told_before_reset

HTTP_SERVER = """
def work():
    s = accept()
    head = s.readline()
    print(head)
    while s.readline() not in (b"\\r\\n", b""):
        pass
    body = pattern(SIZE)
    s.write(b"HTTP/1.0 200 OK\\r\\nContent-Type: application/octet-stream\\r\\nContent-Length: %d\\r\\n\\r\\n" % SIZE)
    s.write(body)
    s.close()
"""
# More than the board's biggest record.
SIZE = 6000
BODY = bytes(i * 7 + (i >> 8) & 255 for i in range(SIZE))


@pytest.mark.parametrize("kind", [pytest.param("rsa", marks=pytest.mark.quick_boards), "p256"])
def test_curl_gets_a_page_from_the_board(dut: Dut, authority: Authority, kind: str) -> None:
    identity = authority.issue(kind)
    service = dut.serve(identity, HTTP_SERVER, SIZE=SIZE)
    result = peers.curl(service.address, identity, "--write-out", "%{stderr}%{ssl_verify_result}", path="/page")
    assert (result.code, result.error) == (0, "0")
    assert result.output == BODY
    assert service.lines() == ["b'GET /page HTTP/1.1\\r\\n'", "done"]


def test_curl_refuses_the_board_of_a_stranger(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.stranger, HTTP_SERVER, SIZE=SIZE)
    result = peers.curl(service.address, authority.p256, timeout=dut.patience)
    assert result.code == 60, result.error  # CURLE_PEER_FAILED_VERIFICATION
    # curl closes with a part of the handshake unread, which resets the connection.
    assert service.failure() in told_before_reset(dut.board, "unknown_ca")


def test_pythons_http_client_gets_a_page_from_the_board(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.address, HTTP_SERVER, SIZE=SIZE)
    context = ssl.create_default_context(cafile=str(authority.address.root_file))
    connection = http.client.HTTPSConnection(*service.address, timeout=dut.patience, context=context)
    connection.request("GET", "/python")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, BODY)
    connection.close()
    assert service.lines() == ["b'GET /python HTTP/1.1\\r\\n'", "done"]


def test_s_client_reads_from_the_board(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.p256, HTTP_SERVER, SIZE=SIZE)
    result = peers.openssl_client(
        service.address, "-quiet", root=authority.p256, stdin=b"GET /openssl HTTP/1.0\r\n\r\n", timeout=dut.patience
    )
    assert result.code == 0, result.error
    assert result.output.partition(b"\r\n\r\n")[2] == BODY
    assert service.lines() == ["b'GET /openssl HTTP/1.0\\r\\n'", "done"]


GET = """
def work():
    s = connect()
    s.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(s.readline())
    while s.readline():
        pass
    s.close()
"""


def test_client_reads_from_s_server(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with peers.OpensslServer(authority.rsa, tmp_path / "s_server.log", "-www") as server:
        assert dut.attempt(GET, server.values(dut.board)) == ["b'HTTP/1.0 200 ok\\r\\n'", "done"]


def test_client_reassembles_handshake_messages_from_small_records(
    dut: Dut, authority: Authority, tmp_path: Path
) -> None:
    arguments = ["-rev", "-max_send_frag", "512", "-tls1_2"]
    with peers.OpensslServer(authority.issue("rsa", depth=1), tmp_path / "s_server.log", *arguments) as server:
        assert dut.attempt(PING_REVERSED, server.values(dut.board)) == [REVERSED, "done"]
