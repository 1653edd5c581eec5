# SPDX-License-Identifier: MIT
"""TLS over a serial line: `machine.UART` itself is the stream, and the line leads straight to the other end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.boards import Board
from hil_tests.boards.rp2 import Rp2Board
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import PATIENCE, identity_values
from hil_tests.scenarios.failures import assert_echoes, assert_ended_well

pytestmark = pytest.mark.requires("serial-line")

LINE = """
import machine, ssl
uart = machine.UART(1, 921600, tx=machine.Pin(4), rx=machine.Pin(5), rxbuf=8192, timeout=30000)
"""
CLIENT = f"""{LINE}
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(cadata=CA)
s = context.wrap_socket(uart, server_hostname=NAME)
s.write(b"ping")
print(s.read(4), s.cipher()[1])
s.close()
"""
SERVER = f"""{LINE}
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
print("ready")
s = context.wrap_socket(uart, server_side=True)
s.write(s.read(4))
print(s.read(1))
s.close()
"""


@pytest.fixture
def line(board: Board) -> Rp2Board:
    """The board, whose UART1 can be wired."""
    assert isinstance(board, Rp2Board)
    return board


@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_client_on_a_uart(
    line: Rp2Board, authority: Authority, tls_server: Callable[..., peers.TlsServer], kind: str
) -> None:
    identity = {"p256": authority.p256, "rsa": authority.rsa}[kind]
    server = tls_server(identity, patience=PATIENCE)
    with line.wire(server.address):
        lines = line.exec(CLIENT, values=server.values(line), timeout=PATIENCE).lines
    assert lines == ["b'ping' TLSv1.2"]
    assert_ended_well(server.session(timeout=PATIENCE))


def test_client_on_a_uart_refuses_an_unknown_authority(
    line: Rp2Board, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.stranger, patience=PATIENCE)
    values = {**server.values(line), "CA": authority.p256.root_der}
    with line.wire(server.address):
        error = line.exec(CLIENT, values=values, timeout=PATIENCE, check=False).error
    assert "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED" in error
    assert [alert.name for alert in server.session(timeout=PATIENCE).alerts_received] == ["unknown_ca"]


def test_server_on_a_uart(line: Rp2Board, authority: Authority, tls_client: Callable[..., peers.TlsClient]) -> None:
    script = line.start(SERVER, values=identity_values(authority.p256))
    script.expect("ready", timeout=PATIENCE)
    with line.wire() as address, tls_client(address, authority.p256, patience=PATIENCE) as client:
        assert_echoes(client)
        assert script.wait(PATIENCE).lines == ["ready", "b''"]


def test_the_firmware_says_that_its_entropy_is_emulated(line: Rp2Board) -> None:
    engines = line.eval("__import__('ssl').engines()")
    assert isinstance(engines, dict)
    assert engines["entropy"] == "emulated entropy"
