# SPDX-License-Identifier: MIT
"""`get_ciphers()` and `set_ciphers()`: what a context offers and accepts."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

GCM = "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"
CHACHA = "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"


def test_the_default_has_forward_secrecy_and_aead_first(script: Script) -> None:
    (line,) = script("print(ssl.SSLContext(CLIENT).get_ciphers())")
    names = ast.literal_eval(line)
    assert GCM in names and CHACHA in names
    assert [name for name in names if not name.startswith(("TLS-ECDHE-", "TLS1-3-"))] == []
    kinds = ["CBC" in name for name in names]
    assert kinds == sorted(kinds), names


def test_both_protocols_have_the_same_default(script: Script) -> None:
    assert script("print(ssl.SSLContext(CLIENT).get_ciphers() == ssl.SSLContext(SERVER).get_ciphers())") == ["True"]


def test_what_is_set_is_what_is_got_in_its_order(script: Script) -> None:
    code = f"""
    context = ssl.SSLContext(CLIENT)
    context.set_ciphers(["{GCM}", "{CHACHA}"])
    print(context.get_ciphers())
    context.set_ciphers(("{CHACHA}",))
    print(context.get_ciphers())
    """
    assert script(code) == [repr([GCM, CHACHA]), repr([CHACHA])]


def test_iana_names_and_dashed_names_are_accepted(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for name in ssl.SSLContext(CLIENT).get_ciphers():
        context.set_ciphers([name.replace("-", "_")])
        one = context.get_ciphers()
        context.set_ciphers([name])
        print(one == context.get_ciphers() == [name])
    """
    lines = script(code)
    assert len(lines) >= 6 and set(lines) == {"True"}, lines


@pytest.mark.parametrize(
    "name", ["TLS_NONSENSE", "AES128-SHA", "", "TLS_RSA_WITH_RC4_128_SHA", "TLS_AES_128_GCM_SHA256_NOT"]
)
def test_an_unknown_name_is_named_and_changes_nothing(script: Script, name: str) -> None:
    code = f"""
    context = ssl.SSLContext(CLIENT)
    context.set_ciphers(["{GCM}"])
    print(attempt(context.set_ciphers, ["{CHACHA}", NAME]))
    print(context.get_ciphers())
    """
    assert script(code, NAME=name) == [f"ValueError(\"unknown cipher '{name}'\",)", repr([GCM])]


def test_an_empty_list_is_a_value_error(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    before = context.get_ciphers()
    print(attempt(context.set_ciphers, []))
    print(context.get_ciphers() == before)
    """
    assert script(code) == ["ValueError('no ciphers given',)", "True"]


def test_other_types_are_type_errors(script: Script) -> None:
    code = f"""
    context = ssl.SSLContext(CLIENT)
    before = context.get_ciphers()
    for names in (None, 5, "{GCM}", [5], [None]):
        print(attempt(context.set_ciphers, names))
    print(context.get_ciphers() == before)
    """
    *errors, same = script(code)
    assert [error.split("(")[0] for error in errors] == ["TypeError"] * 5, errors
    assert same == "True"


def test_a_connection_uses_what_was_set(script: Script, authority: Authority) -> None:
    code = f"""
    for name in ("{GCM}", "{CHACHA}"):
        client, server = client_context(ID), server_context(ID)
        client.set_ciphers([name])
        c, s = connect(client, server)
        print(c.cipher()[:2], s.cipher() == c.cipher(), talks(c, s))
    """
    lines = script(code, ID=authority.p256)
    assert lines == [f"{(name, 'TLSv1.2')} True True" for name in (GCM, CHACHA)]


def test_a_server_uses_what_was_set(script: Script, authority: Authority) -> None:
    code = f"""
    client, server = client_context(ID), server_context(ID)
    server.set_ciphers(["{GCM}"])
    print(connect(client, server)[0].cipher()[0])
    """
    assert script(code, ID=authority.p256) == [GCM]


def test_setting_leaves_living_connections_alone(script: Script, authority: Authority) -> None:
    code = f"""
    client, server = client_context(ID), server_context(ID)
    client.set_ciphers(["{GCM}"])
    connected = connect(client, server)
    begun = wrap(client, server)
    client.set_ciphers(["{CHACHA}"])
    collect()
    print(shake(*begun)[0].cipher()[0], talks(*connected), talks(*begun))
    print(connect(client, server)[0].cipher()[0])
    """
    assert script(code, ID=authority.p256) == [f"{GCM} True True", CHACHA]


def test_a_suite_with_cbc_works(script: Script, authority: Authority) -> None:
    code = """
    name = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
    client, server = client_context(ID), server_context(ID)
    client.set_ciphers([name])
    c, s = connect(client, server)
    print(c.cipher()[0].replace("-", "_") == name, talks(c, s))
    """
    assert script(code, ID=authority.p256) == ["True True"]


def test_openssl_agrees_on_the_suite(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    code = """
    import socket
    c = client_context()
    c.verify_mode = ssl.CERT_NONE
    c.set_ciphers(["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"])
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    s = c.wrap_socket(s)
    print(s.cipher()[0])
    s.close()
    """
    server = tls_server(authority.p256, maximum="1.2")
    assert script(code, **server.values(script.board)) == ["TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"]
    assert server.session().cipher == "ECDHE-ECDSA-AES256-GCM-SHA384"


@pytest.mark.parametrize(
    ("name", "bits"),
    [(GCM, 128), (CHACHA, 256), ("TLS-ECDHE-ECDSA-WITH-AES-256-CBC-SHA384", 256)],
)
def test_cipher_tells_the_secret_bits(script: Script, authority: Authority, name: str, bits: int) -> None:
    code = """
    client = client_context(ID)
    client.set_ciphers([NAME])
    print([s.cipher() for s in connect(client, server_context(ID))])
    """
    assert script(code, ID=authority.p256, NAME=name) == [repr([(name, "TLSv1.2", bits)] * 2)]
