# SPDX-License-Identifier: MIT
"""The module's names, and `SSLContext`: protocols, defaults, attributes."""

from __future__ import annotations

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script


def test_ssl_and_tls_are_one_module(script: Script) -> None:
    assert script("import tls; print(tls is ssl, tls.SSLContext is ssl.SSLContext)") == ["True True"]


def test_version_is_a_text_from_git(script: Script) -> None:
    (version,) = script("print(ssl.VERSION)")
    assert version and version != "unknown", version


def test_constants_are_all_there_and_differ(script: Script) -> None:
    code = """
    print(ssl.PROTOCOL_TLS_CLIENT != ssl.PROTOCOL_TLS_SERVER)
    print([ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
    """
    assert script(code) == ["True", "[0, 1, 2]"]


def test_both_protocols_are_accepted(script: Script) -> None:
    code = "print([ssl.SSLContext(p).protocol == p for p in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)])"
    assert script(code) == ["[True, True]"]


def test_another_protocol_is_a_value_error(script: Script) -> None:
    code = """
    for protocol in (-1, 4, 255, 256, 1 << 20):
        print(attempt(ssl.SSLContext, protocol))
    """
    assert script(code) == ["ValueError('protocol must be one of PROTOCOL_*',)"] * 5


def test_a_protocol_that_is_no_single_positional_number_is_a_type_error(script: Script) -> None:
    code = """
    for args, kwargs in (((), {}), ((0, 1), {}), (("client",), {}), ((None,), {}), ((), {"protocol": 0})):
        print(attempt(ssl.SSLContext, *args, **kwargs))
    """
    lines = script(code)
    assert [line.split("(")[0] for line in lines] == ["TypeError"] * 5, lines


def test_a_client_requires_certificates_by_default(script: Script) -> None:
    assert script("print(ssl.SSLContext(CLIENT).verify_mode == ssl.CERT_REQUIRED)") == ["True"]


def test_a_server_asks_for_no_certificates_by_default(script: Script) -> None:
    assert script("print(ssl.SSLContext(SERVER).verify_mode == ssl.CERT_NONE)") == ["True"]


def test_an_unknown_attribute_is_an_attribute_error(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for action in ("context.nonsense", "context.nonsense = 1", "context.protocol = 1", "del context.verify_mode"):
        try:
            exec(action)
            print(action, "passed")
        except AttributeError:
            print("AttributeError")
    """
    assert script(code) == ["AttributeError"] * 4


def test_a_context_makes_any_number_of_connections(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    print([works(client, server) for _ in range(3)])
    """
    assert script(code, ID=authority.p256) == ["[True, True, True]"]


def test_connections_of_one_context_are_open_at_once(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    first = connect(client, server)
    second = connect(client, server)
    print(talks(*first), talks(*second), talks(*first))
    """
    assert script(code, ID=authority.p256) == ["True True True"]
