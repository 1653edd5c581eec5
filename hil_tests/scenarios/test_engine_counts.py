# SPDX-License-Identifier: MIT
"""A TLS session moves the counters of the chip's engines, on boards whose firmware counts."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import assert_ended_well

AES = ["TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256"]
SUITE = "ECDHE-RSA-AES128-GCM-SHA256"
# More than one record each way.
SIZE = 5000

WORK = """
def work():
    before = ssl.engine_counts()
    s = {open}()
    {talk}
    s.close()
    after = ssl.engine_counts()
    print({{key: after[key] - before[key] for key in after}})
"""


def moved(lines: list[str]) -> dict[str, int]:
    """What the engines did during a session, as the board printed it."""
    assert lines[-1] == "done", lines
    counts = ast.literal_eval(lines[-2])
    assert isinstance(counts, dict)
    return counts


@pytest.mark.requires("engine-counts")
def test_a_client_session_starts_every_engine(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.rsa, maximum="1.2", ciphers=SUITE)
    values = {**server.values(dut.board), "SIZE": SIZE, "CIPHERS": AES}
    counts = moved(dut.attempt(WORK.format(open="connect", talk="s.write(pattern(SIZE)); s.read(SIZE)"), values))
    assert_ended_well(server.session())
    # Each record has at least one run of AES; the chain is verified by RSA.
    assert {key for key, count in counts.items() if count > 0} >= {"AES", "SHA", "MPI"}, counts
    assert counts["AES"] >= 4, counts


@pytest.mark.requires("engine-counts")
def test_a_server_session_starts_every_engine(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.rsa, WORK.format(open="accept", talk="s.write(s.read(SIZE))"), SIZE=SIZE, CIPHERS=AES)
    with tls_client(service.address, authority.rsa, maximum="1.2", ciphers=SUITE) as client:
        client.handshake()
        client.write(peers.pattern(SIZE))
        assert client.read_exactly(SIZE) == peers.pattern(SIZE)
        client.shutdown()
    counts = moved(service.lines())
    # A signature of RSA-2048 by the Chinese remainder theorem has two exponentiations.
    assert counts["MPI"] >= 2 and counts["AES"] >= 4 and counts["SHA"] > 0, counts


@pytest.mark.requires("engine-counts")
def test_a_board_at_rest_starts_no_engine_but_hashlib_does(dut: Dut) -> None:
    code = """
    import hashlib, ssl, time
    def moved(work):
        before = ssl.engine_counts()
        work()
        after = ssl.engine_counts()
        return {key: after[key] - before[key] for key in after}
    rest = moved(lambda: time.sleep_ms(50))
    print({key: count for key, count in rest.items() if count})
    print(moved(lambda: hashlib.sha256(b"abc").digest())["SHA"] > 0)
    """
    assert dut.board.exec(code).lines == ["{}", "True"]


def test_nothing_is_counted_where_there_is_no_engine(dut: Dut) -> None:
    counts, engines = ast.literal_eval(dut.run("print((ssl.engine_counts(), ssl.engines()))", {})[0])
    assert [name for name in counts if engines.get(name, "").startswith("software")] == []
    assert counts == {} or any("engine" in name for name in engines.values())
