# SPDX-License-Identifier: MIT
"""Twenty connections (on slow boards fewer), one after the other, and nothing of them stays."""

from __future__ import annotations

import ast
from collections.abc import Callable

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import PATIENCE, Dut
from hil_tests.scenarios.failures import assert_ended_well

CONNECTIONS = 20
# By then modules are loaded and tables have their size.
SETTLED = 2

# The heap after each connection; where TLS takes its memory elsewhere, that too.
MEASURE = """
try:
    from _fault import live
except ImportError:
    live = tuple
heap, elsewhere = [0] * COUNT, [0] * COUNT

def measure(i):
    gc.collect()
    heap[i] = gc.mem_alloc()
    elsewhere[i] = sum(live())

"""

CLIENT = (
    MEASURE
    + """
def once(c, i):
    s = c.wrap_socket(dial(), server_hostname=NAME)
    s.write(b"%03d" % i)
    assert s.read(3) == b"%03d" % i
    s.close()

def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    for i in range(COUNT):
        once(c, i)
        measure(i)
    print(heap)
    print(elsewhere)
"""
)

SERVER = (
    MEASURE
    + """
def once(c, l):
    s = c.wrap_socket(l.accept()[0], server_side=True)
    s.write(s.read(3))
    s.read(1)
    s.close()

def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    print("accepted")
    for i in range(COUNT):
        once(c, l)
        measure(i)
    l.close()
    print(heap)
    print(elsewhere)
"""
)

REFUSED = (
    MEASURE
    + """
def once(c):
    try:
        c.wrap_socket(dial(), server_hostname="other.test")
    except OSError as error:
        assert isinstance(error, ValueError)

def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    for i in range(COUNT):
        once(c)
        measure(i)
    print(heap)
    print(elsewhere)
"""
)


def assert_level(connections: int, *lines: str) -> None:
    """Once things have settled, each connection leaves Python's heap, and TLS's where that is another, as it was."""
    for line in lines:
        used = ast.literal_eval(line)
        assert len(used) == connections > SETTLED + 1
        assert used[SETTLED:] == used[SETTLED : SETTLED + 1] * (connections - SETTLED), f"after each connection: {used}"


def test_client_connects_again_and_again(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    connections = dut.board.rounds(CONNECTIONS)
    server = tls_server(authority.p256)
    heap, elsewhere, end = dut.attempt(CLIENT, {**server.values(dut.board), "COUNT": connections}, timeout=2 * PATIENCE)
    assert end == "done"
    for index in range(connections):
        assert_ended_well(server.session(index))
    assert_level(connections, heap, elsewhere)


def test_client_is_refused_again_and_again(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    connections = dut.board.rounds(CONNECTIONS)
    server = tls_server(authority.p256)
    heap, elsewhere, end = dut.attempt(
        REFUSED, {**server.values(dut.board), "COUNT": connections}, timeout=2 * PATIENCE
    )
    assert end == "done"
    assert len(server.sessions) == connections
    assert_level(connections, heap, elsewhere)


def test_server_is_connected_to_again_and_again(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    connections = dut.board.rounds(CONNECTIONS)
    service = dut.serve(authority.p256, SERVER, COUNT=connections)
    for index in range(connections):
        with tls_client(service.address, authority.p256) as client:
            client.handshake()
            client.write(b"%03d" % index)
            assert client.read_exactly(3) == b"%03d" % index
            client.shutdown()
            assert_ended_well(client)
    heap, elsewhere, end = service.lines()
    assert end == "done"
    assert_level(connections, heap, elsewhere)
