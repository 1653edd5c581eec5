# SPDX-License-Identifier: MIT
"""Application protocols with OpenSSL: negotiated, not asked for, not in common."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import Dut, client_handshake_error
from hil_tests.scenarios.failures import assert_ended_well, assert_was_refused, tls_failure

CLIENT = """
def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    c.set_alpn_protocols(ALPN)
    s = c.wrap_socket(dial(), server_hostname=NAME)
    print(s.selected_alpn_protocol())
    s.write(b"ping")
    s.read(4)
    s.close()
"""

SERVER = """
def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    c.set_alpn_protocols(ALPN)
    l = listen()
    s = l.accept()[0]
    l.close()
    print("accepted")
    s = c.wrap_socket(s, server_side=True)
    print(s.selected_alpn_protocol())
    while True:
        data = s.recv(100)
        if not data:
            break
        s.write(data)
    s.close()
"""
NO_OVERLAP = tls_failure(
    -0x7580,
    "SSL_NO_APPLICATION_PROTOCOL",
    "the client offers none of the protocols of set_alpn_protocols()",
)


@pytest.mark.parametrize(("theirs", "selected"), [(("mqtt", "h2"), "mqtt"), (("other",), None), ((), None)])
def test_client_gets_what_openssl_selects(
    dut: Dut,
    authority: Authority,
    tls_server: Callable[..., peers.TlsServer],
    theirs: tuple[str, ...],
    selected: str | None,
) -> None:
    # CPython's server goes on without a protocol when it has none in common with the client.
    server = tls_server(authority.p256, maximum="1.2", alpn=theirs)
    values = {**server.values(dut.board), "ALPN": ["h2", "mqtt"]}
    assert dut.attempt(CLIENT, values) == [str(selected), "done"]
    assert_ended_well(server.session())
    assert server.session().alpn == selected


@pytest.mark.parametrize(("theirs", "selected"), [(("h2", "mqtt"), "mqtt"), ((), None)])
def test_server_selects_by_its_own_order(
    dut: Dut,
    authority: Authority,
    tls_client: Callable[..., peers.TlsClient],
    theirs: tuple[str, ...],
    selected: str | None,
) -> None:
    service = dut.serve(authority.p256, SERVER, ALPN=["mqtt", "h2"])
    with tls_client(service.address, authority.p256, maximum="1.2", alpn=theirs) as client:
        client.handshake()
        assert client.alpn == selected
        client.shutdown()
        assert_ended_well(client)
    assert service.lines() == [str(selected), "done"]


def test_server_without_overlap_sends_no_application_protocol(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, SERVER, ALPN=["mqtt"])
    with tls_client(service.address, authority.p256, maximum="1.2", alpn=("h2",)) as client:
        client_handshake_error(client)
        assert_was_refused(client, "no_application_protocol")
    assert service.failure() == NO_OVERLAP
