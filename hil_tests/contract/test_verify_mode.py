# SPDX-License-Identifier: MIT
"""`verify_mode`: get, set, and what each mode lets pass on a client and on a server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

# What a client and a server say of each other: "ok", or the name of the error, without its explanation.
PEERS = """
def verdict(client, server, name="server.test"):
    words = []
    for error in outcome(*wrap(client, server, name)):
        words.append(error.args[1].split(":")[0].replace("MBEDTLS_ERR_", "") if error else "ok")
    return " ".join(words)
"""
# The server trusts ROOT's root and asks as MODE says; the client has no certificate, or one of several.
SERVER_ASKS = (
    PEERS
    + """
server = server_context(ID)
server.verify_mode = MODE
if ROOT:
    server.load_verify_locations(cadata=ROOT[2])
for own in OWN:
    client = client_context(ID)
    if own:
        client.load_cert_chain(own[0], own[1])
    print(verdict(client, server))
"""
)
REFUSED = "SSL_FATAL_ALERT_MESSAGE X509_CERT_VERIFY_FAILED"
MODES = {"none": 0, "optional": 1, "required": 2}


def test_each_mode_can_be_set_and_read(script: Script) -> None:
    code = """
    for protocol in (CLIENT, SERVER):
        context = ssl.SSLContext(protocol)
        for mode in (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED):
            context.verify_mode = mode
            print(context.verify_mode == mode)
    """
    assert script(code) == ["True"] * 6


def test_another_mode_is_a_value_error_and_changes_nothing(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for mode in (-1, 3, 256, 258):
        print(attempt(setattr, context, "verify_mode", mode))
    print(context.verify_mode == ssl.CERT_REQUIRED)
    """
    text = "ValueError('verify_mode must be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED',)"
    assert script(code) == [text] * 4 + ["True"]


def test_another_type_is_a_type_error(script: Script) -> None:
    code = """
    for mode in (None, "CERT_NONE", 1.5):
        print(attempt(setattr, ssl.SSLContext(CLIENT), "verify_mode", mode)[:10])
    """
    assert script(code) == ["TypeError("] * 3


def test_a_mode_counts_for_the_sockets_made_after_it(script: Script, authority: Authority) -> None:
    code = (
        PEERS
        + """
client, server = client_context(), server_context(ID)
strict = wrap(client, server)
client.verify_mode = ssl.CERT_NONE
print(outcome(*strict)[0] is not None, verdict(client, server))
"""
    )
    assert script(code, ID=authority.p256) == ["True ok ok"]


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_a_client_refuses_a_server_it_cannot_verify(script: Script, authority: Authority, mode: str) -> None:
    code = (
        PEERS
        + """
client = client_context(TRUSTED)
client.verify_mode = MODE
for other in OTHERS:
    print(verdict(client, server_context(other)))
print(verdict(client, server_context(TRUSTED)))
"""
    )
    others = [authority.stranger, authority.expired, authority.not_yet_valid, authority.self_signed]
    given = [(other.chain_der, other.key_der()) for other in others]
    refused = "X509_CERT_VERIFY_FAILED SSL_FATAL_ALERT_MESSAGE"
    lines = script(code, TRUSTED=authority.p256, OTHERS=given, MODE=MODES[mode])
    assert lines == [refused] * 4 + ["ok ok"]


def test_a_client_that_does_not_verify_takes_any_server(script: Script, authority: Authority) -> None:
    code = (
        PEERS
        + """
client = client_context()
client.verify_mode = ssl.CERT_NONE
for other in OTHERS:
    print(verdict(client, server_context(other)))
"""
    )
    others = [authority.stranger, authority.expired, authority.not_yet_valid]
    given = [(other.chain_der, other.key_der()) for other in others]
    assert script(code, OTHERS=given) == ["ok ok"] * 3


def test_a_client_with_nothing_to_trust_refuses(script: Script, authority: Authority) -> None:
    code = """
    for mode in (ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED):
        client = client_context()
        client.verify_mode = mode
        print(show(outcome(*wrap(client, server_context(ID)))[0]))
    """
    optional, required = script(code, ID=authority.p256)
    assert "load_verify_locations()" in required or "none of the trusted CAs" in required, required
    assert "load_verify_locations()" in optional or "none of the trusted CAs" in optional, optional


def test_a_server_that_asks_for_none_ignores_certificates(script: Script, authority: Authority) -> None:
    own = [None, *(_pair(authority, name) for name in ("client", "stranger_client"))]
    lines = script(SERVER_ASKS, ID=authority.p256, ROOT=authority.client, OWN=own, MODE=MODES["none"])
    assert lines == ["ok ok"] * 3


def test_an_optional_certificate_may_be_missing_but_not_bad(script: Script, authority: Authority) -> None:
    names = ("client", "stranger_client", "expired_client")
    own = [None, *(_pair(authority, name) for name in names)]
    lines = script(SERVER_ASKS, ID=authority.p256, ROOT=authority.client, OWN=own, MODE=MODES["optional"])
    assert lines == ["ok ok", "ok ok", REFUSED, REFUSED]


def test_an_optional_certificate_is_refused_by_a_server_that_trusts_nobody(
    script: Script, authority: Authority
) -> None:
    own = [None, _pair(authority, "client")]
    lines = script(SERVER_ASKS, ID=authority.p256, ROOT=None, OWN=own, MODE=MODES["optional"])
    assert lines == ["ok ok", REFUSED]


def test_a_required_certificate_may_be_neither_missing_nor_bad(script: Script, authority: Authority) -> None:
    names = ("client", "stranger_client", "expired_client")
    own = [None, *(_pair(authority, name) for name in names)]
    lines = script(SERVER_ASKS, ID=authority.p256, ROOT=authority.client, OWN=own, MODE=MODES["required"])
    assert lines == ["SSL_FATAL_ALERT_MESSAGE SSL_NO_CLIENT_CERTIFICATE", "ok ok", REFUSED, REFUSED]


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_a_server_certificate_is_no_client_certificate(script: Script, authority: Authority, mode: str) -> None:
    own = [_pair(authority, "p256")]
    lines = script(SERVER_ASKS, ID=authority.p256, ROOT=authority.client, OWN=own, MODE=MODES[mode])
    assert lines == [REFUSED]


def test_a_client_certificate_is_no_server_certificate(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    code = """
    import socket
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    c = ssl.SSLContext(CLIENT)
    c.load_verify_locations(cadata=CA)
    print(attempt(c.wrap_socket, s, server_hostname=NAME))
    """
    server = tls_server(authority.client, maximum="1.2")
    (line,) = script(code, **server.values(script.board))
    assert line.startswith("SSLCertVerificationError"), line
    assert "extendedKeyUsage does not allow this use" in line, line
    assert [alert.name for alert in server.session().alerts_received] == ["unsupported_certificate"]


def test_the_certificate_of_an_optional_client_can_be_read(script: Script, authority: Authority) -> None:
    code = """
    server = server_context(ID)
    server.verify_mode = ssl.CERT_OPTIONAL
    server.load_verify_locations(cadata=OWN[2])
    client = client_context(ID)
    print(connect(client, server)[1].getpeercert(True))
    client.load_cert_chain(OWN[0], OWN[1])
    print(connect(client, server)[1].getpeercert(True) == OWN[0])
    """
    assert script(code, ID=authority.p256, OWN=authority.client) == ["None", "True"]


def _pair(authority: Authority, name: str) -> tuple[bytes, bytes]:
    identity = getattr(authority, name)
    return identity.chain_der, identity.key_der()
