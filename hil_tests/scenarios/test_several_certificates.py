# SPDX-License-Identifier: MIT
"""A server with an RSA and an EC certificate: each client gets the one that it can verify."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import assert_ended_well

SERVER = """
def work():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for cert, key in IDENTITIES:
        c.load_cert_chain(cert, key)
    l = listen()
    s = l.accept()[0]
    l.close()
    print("accepted")
    s = c.wrap_socket(s, server_side=True)
    s.write(s.read(4))
    s.read(1)
    s.close()
"""


@pytest.mark.parametrize("order", [("rsa", "p256"), pytest.param(("p256", "rsa"), marks=pytest.mark.quick_boards)])
@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"])
def test_the_suite_chooses_the_certificate(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], suite: str, order: tuple[str, str]
) -> None:
    identities = [getattr(authority, kind) for kind in order]
    expected = authority.p256 if "ECDSA" in suite else authority.rsa
    pairs = [(identity.chain_der, identity.key_der()) for identity in identities]
    service = dut.serve(authority.p256, SERVER, IDENTITIES=pairs)
    with tls_client(service.address, expected, maximum="1.2", ciphers=suite) as client:
        client.handshake()
        assert client.peer_certificate == expected.certificate_der
        client.write(b"ping")
        assert client.read_exactly(4) == b"ping"
        client.shutdown()
        assert_ended_well(client)
    assert service.lines() == ["done"]


def test_a_certificate_of_the_same_kind_takes_the_place_of_the_first(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    old, other, new = authority.issue(days=(-2, 20)), authority.rsa, authority.p256
    pairs = [(identity.chain_der, identity.key_der()) for identity in (old, other, new)]
    service = dut.serve(authority.p256, SERVER, IDENTITIES=pairs)
    with tls_client(service.address, new, maximum="1.2", ciphers="ECDHE-ECDSA-AES128-GCM-SHA256") as client:
        client.handshake()
        assert client.peer_certificate == new.certificate_der
        client.write(b"ping")
        assert client.read_exactly(4) == b"ping"
        client.shutdown()
    assert service.lines() == ["done"]
