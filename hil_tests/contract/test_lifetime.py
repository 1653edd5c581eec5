# SPDX-License-Identifier: MIT
"""What lives how long: dropped contexts and sockets, and memory over many connections."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.every_board

# Memory in use: exact blocks and bytes of the C heap where they are counted, else bytes of the GC heap and what TLS
# says that it holds, which is the same memory a second time or another heap. `run` is called inside another function,
# so that nothing of it stays on the stack, and once before, so that caches are warm.
MEMORY = """
try:
    from _fault import live
except ImportError:
    live = None

def memory():
    collect()
    return live() if live else gc.mem_alloc() + ssl.memory_info()["bytes"]

def grows(run, times=3):
    def many(times):
        for _ in range(times):
            run()
    def least():
        # A block that replaces another may hold a slab of the pool that the next one leaves again.
        seen = []
        for _ in range(2):
            many(1)
            seen.append(memory())
        return min(seen)
    many(3)
    before = least()
    many(times)
    after = least()
    if after > before:
        # A stale pointer on the stack may keep one object more, for good. A leak goes on.
        before = after
        many(times)
        after = least()
    if live:
        return "grew from %s to %s" % (before, after) if before != after else "same"
    # The GC heap also holds the interpreter's own things; a session is 20 KB and more.
    return "grew by %d" % (after - before) if after > before + 512 else "same"
"""


def test_a_context_that_is_dropped_gives_its_memory_back(script: Script, authority: Authority) -> None:
    code = """
    def run():
        context = server_context(ID)
        context.load_verify_locations(cadata=ID[2])
        context.set_ciphers(context.get_ciphers())
    print(grows(run))
    """
    assert script(MEMORY + dedent(code), ID=authority.intermediate) == ["same"]


def test_a_context_may_be_dropped_before_its_sockets(script: Script, authority: Authority) -> None:
    code = """
    begun = wrap(client_context(ID), server_context(ID))
    collect()
    junk = [bytearray(100) for _ in range(100)]
    shake(*begun)
    collect()
    print(talks(*begun))
    """
    assert script(code, ID=authority.p256) == ["True"]


def test_sockets_that_are_dropped_give_their_memory_back(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    print(grows(lambda: talks(*connect(client, server)) and None))
    """
    assert script(MEMORY + dedent(code), ID=authority.p256) == ["same"]


def test_sockets_that_are_dropped_in_a_handshake_give_their_memory_back(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    def stop_after(n):
        def run():
            c, s = wrap(client, server)
            for i in range(n):
                step((s, c)[i % 2])
        return run
    print([grows(stop_after(n), 2) for n in range(4)])
    """
    assert script(MEMORY + dedent(code), ID=authority.p256) == [str(["same"] * 4)]


def test_failures_give_their_memory_back(script: Script, authority: Authority) -> None:
    code = """
    client, server, other = client_context(ID), server_context(ID), client_context(OTHER)
    def refused():
        outcome(*wrap(client, server, "other.test"))
    def untrusted():
        outcome(*wrap(other, server))
    def garbage():
        a, b = pipe()
        c = client.wrap_socket(a, server_hostname="server.test")
        b.write(b"garbage that is no TLS")
        attempt(step, c)
    def arguments():
        attempt(client.wrap_socket, pipe()[0])
        attempt(client.wrap_socket, 5, server_hostname="server.test")
    def loading():
        attempt(server.load_cert_chain, ID[0], OTHER[1])
        attempt(server.load_cert_chain, ID[0], ID[1][:-3])
        attempt(server.load_cert_chain, ID[0][:-3], ID[1])
        attempt(server.load_cert_chain, "none", ID[1])
        attempt(client.load_verify_locations, cadata=ID[2] + ID[2][:-3])
        attempt(client.load_verify_locations, cafile="none")
        attempt(client.set_ciphers, ["TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256", "none"])
    for run in (refused, untrusted, garbage, arguments, loading):
        print(run.__name__, grows(run))
    """
    lines = script(MEMORY + dedent(code), ID=authority.p256, OTHER=authority.stranger)
    assert lines == [f"{name} same" for name in ("refused", "untrusted", "garbage", "arguments", "loading")]


def test_close_gives_the_memory_of_the_connection_back_at_once(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    def session():
        return connect(client, server)
    kept = session()
    for sock in kept:
        sock.close()
    before = memory()
    kept = session()
    during = memory()
    for sock in kept:
        sock.close()
    after = memory()
    first, second = (during[1] - before[1], after[1] - before[1]) if live else (during - before, after - before)
    print(first > 3000, second < 1000, len(kept))
    """
    assert script(MEMORY + dedent(code), ID=authority.p256) == ["True True 2"]


def test_a_soft_reset_with_open_connections_does_no_harm(script: Script, authority: Authority) -> None:
    leave = """
    kept = [connect(client_context(ID), server_context(ID)) for _ in range(2)]
    print(len(kept))
    """
    stay = """
    fill = []
    while live is None and gc.mem_free() > 80000:
        fill.append(bytes([len(fill) & 255]) * 200)
    print(works(client_context(ID), server_context(ID)))
    print(all(fill[i] == bytes([i & 255]) * 200 for i in range(len(fill))))
    """
    for _ in range(max(2, script.board.rounds(3))):
        assert script(leave, ID=authority.p256) == ["2"]
        script.board.reset()
        assert script(MEMORY + dedent(stay), ID=authority.p256) == ["True", "True"]


def test_a_dropped_socket_ends_its_connection(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2", patience=10)
    code = """
    import socket, time
    def run():
        s = socket.socket()
        s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
        t = client_context((0, 0, CA)).wrap_socket(s, server_hostname=NAME)
        t.write(b"x")
        print(t.read(1))
    run()
    for _ in range(20):
        collect()
        time.sleep_ms(10)
    """
    assert script(code, **server.values(script.board)) == ["b'x'"]
    session = server.session(timeout=2)
    assert not session.closed_cleanly, "a finaliser does no output"


def test_a_socket_dropped_in_a_deferred_handshake_ends_its_connection(
    script: Script, authority: Authority, raw_server: Callable[..., peers.RawServer]
) -> None:
    server = raw_server(peers.hang(), patience=10)
    code = """
    import socket, time
    def run():
        s = socket.socket()
        s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
        s.setblocking(False)
        t = client_context().wrap_socket(s, server_hostname="server.test")
        print("sent", t.read(1))
    run()
    for _ in range(20):
        collect()
        time.sleep_ms(10)
    """
    assert script(code, HOST=script.board.host_address, PORT=server.port) == ["sent None"]
    server.finished(timeout=2)


CYCLES = """
client, server = client_context(ID), server_context(ID)
def cycle():
    visit(client, server)
"""


def test_abandoned_handshakes_do_not_grow_the_heap(script: Script, authority: Authority) -> None:
    code = """
    def begin():
        c, s = wrap(client, server)
        c.close()
        s.close()
    print(grows(begin, 30))
    """
    assert script(MEMORY + CYCLES + dedent(code), 60, ID=authority.p256) == ["same"]


def test_connections_do_not_grow_the_heap(script: Script, authority: Authority) -> None:
    # As many as a board makes in a few seconds. On an emulated one, a thousand are made by the slow test below.
    count = {"UNIX": 1000, "UNIX_SAN": 200}.get(script.board.name, 10)
    assert script(MEMORY + CYCLES + f"print(grows(cycle, {count}))", 100, ID=authority.p256) == ["same"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_connections_do_not_grow_the_heap(script: Script, authority: Authority) -> None:
    assert script(MEMORY + CYCLES + "print(grows(cycle, 1000))", 1100, ID=authority.p256) == ["same"]
