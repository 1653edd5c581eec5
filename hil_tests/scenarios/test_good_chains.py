# SPDX-License-Identifier: MIT
"""Sessions that must work: every kind of chain, in both directions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import assert_echoes, assert_ended_well

CHAINS: dict[str, Callable[[Authority], Identity]] = {
    "rsa": lambda authority: authority.rsa,
    "p256": lambda authority: authority.p256,
    "p384": lambda authority: authority.p384,
    "rsa-intermediate": lambda authority: authority.issue("rsa", depth=1),
    "p256-intermediate": lambda authority: authority.intermediate,
    "p384-intermediate": lambda authority: authority.issue("p384", depth=1),
}

WHO_IS_IT = """
def work():
    s = connect()
    s.write(b"ping")
    print(s.read(4), s.version())
    print(hashlib.sha256(s.getpeercert(True)).digest().hex())
    s.close()
"""


@pytest.mark.parametrize("chain", CHAINS)
def test_client_accepts(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], chain: str) -> None:
    identity = CHAINS[chain](authority)
    server = tls_server(identity, maximum="1.2")
    lines = dut.attempt(WHO_IS_IT, server.values(dut.board))
    assert lines == ["b'ping' TLSv1.2", identity.fingerprint, "done"]
    session = server.session()
    assert_ended_well(session)
    assert (session.version, session.server_name) == ("TLSv1.2", "server.test")
    assert (session.received, session.sent) == (4, 4)


@pytest.mark.parametrize("chain", CHAINS)
def test_server_shows(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], chain: str) -> None:
    identity = CHAINS[chain](authority)
    service = dut.serve(identity)
    with tls_client(service.address, identity) as client:
        assert_echoes(client)
        assert client.version == "TLSv1.2"
        assert client.peer_certificate == identity.certificate_der
    assert service.lines() == ["done"]
