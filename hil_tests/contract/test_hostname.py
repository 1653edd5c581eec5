# SPDX-License-Identifier: MIT
"""`server_hostname`: what is sent as SNI, and what a certificate has to name."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

VERDICTS = """
server = server_context(ID)
client = client_context(ID)
for name in NAMES:
    error = outcome(*wrap(client, server, name))[0]
    print(name, "refused" if error else "accepted")
"""
# The extension's type, its length, the list's length, name_type host_name, the name's length: RFC 6066, 3.
SNI = """
def server_name(hello):
    for i in range(len(hello) - 9):
        if hello[i] == 0 and hello[i + 1] == 0:
            size, listed, kind, length = (hello[i + k] << 8 | hello[i + k + 1] for k in (2, 4, 5, 7))
            if size == listed + 2 and hello[i + 6] == 0 and length + 3 == listed:
                return bytes(hello[i + 9 : i + 9 + length])
context = ssl.SSLContext(CLIENT)
for name in NAMES:
    a, b = pipe()
    context.wrap_socket(a, server_hostname=name)
    print(server_name(b.inbox), name and name.encode() in b.inbox)
"""


def verdicts(script: Script, identity: object, *names: str) -> dict[str, str]:
    lines = script(VERDICTS, ID=identity, NAMES=names)
    return dict(line.rsplit(" ", 1) for line in lines)


def test_a_name_has_to_match(script: Script, authority: Authority) -> None:
    assert verdicts(script, authority.p256, "server.test", "SERVER.Test", "other.test", "a.server.test", "test") == {
        "server.test": "accepted",
        "SERVER.Test": "accepted",
        "other.test": "refused",
        "a.server.test": "refused",
        "test": "refused",
    }


def test_a_wildcard_stands_for_one_label(script: Script, authority: Authority) -> None:
    assert verdicts(script, authority.wildcard, "a.wild.test", "b.wild.test", "a.b.wild.test", "wild.test") == {
        "a.wild.test": "accepted",
        "b.wild.test": "accepted",
        "a.b.wild.test": "refused",
        "wild.test": "refused",
    }


def test_any_of_several_names_matches(script: Script, authority: Authority) -> None:
    identity = authority.issue("p256", names=("one.test", "two.test"))
    assert verdicts(script, identity, "one.test", "two.test", "three.test") == {
        "one.test": "accepted",
        "two.test": "accepted",
        "three.test": "refused",
    }


def test_an_ip_address_has_to_match(script: Script, authority: Authority) -> None:
    identity = authority.issue("p256", names=(), addresses=("127.0.0.1", "::1", "2001:db8::17"))
    names = ("127.0.0.1", "127.0.0.2", "::1", "2001:db8::17", "2001:db8::18", "127.0.0.1.test")
    assert verdicts(script, identity, *names) == {
        "127.0.0.1": "accepted",
        "127.0.0.2": "refused",
        "::1": "accepted",
        "2001:db8::17": "accepted",
        "2001:db8::18": "refused",
        "127.0.0.1.test": "refused",
    }


def test_a_name_is_sent_as_sni(script: Script) -> None:
    assert script(SNI, NAMES=["server.test", "x", "a.b.c.example"]) == [
        "b'server.test' True",
        "b'x' True",
        "b'a.b.c.example' True",
    ]


def test_an_ip_address_is_not_sent_as_sni(script: Script) -> None:
    assert script(SNI, NAMES=["127.0.0.1", "::1", "2001:db8::17"]) == ["None False"] * 3


def test_without_server_hostname_there_is_no_sni(script: Script) -> None:
    code = SNI.replace("for name", "context.verify_mode = ssl.CERT_NONE\nfor name")
    assert script(code, NAMES=[None]) == ["None None"]


def test_an_ip_address_is_verified_over_slow_transport(script: Script, authority: Authority) -> None:
    # The address is given to the verifier after the ClientHello, which may take many calls to leave.
    code = """
    for name in ("127.0.0.1", "127.0.0.2"):
        a, b = pipe()
        a.step, a.room = 7, 0
        c = client_context(ID).wrap_socket(a, server_hostname=name)
        s = server_context(ID).wrap_socket(b, server_side=True)
        error = True
        while error is True:
            a.room += 5
            try:
                error = None if step(c) else True
            except OSError as e:
                error = e
            attempt(step, s)
        print(type(error).__name__)
    """
    assert script(code, ID=authority.address) == ["NoneType", "SSLCertVerificationError"]


@pytest.mark.parametrize("mode", ["CERT_OPTIONAL", "CERT_REQUIRED"])
def test_a_wrong_name_is_refused_in_both_verifying_modes(script: Script, authority: Authority, mode: str) -> None:
    code = f"""
    client = client_context(ID)
    client.verify_mode = ssl.{mode}
    print(outcome(*wrap(client, server_context(ID), "other.test"))[0].args[1])
    """
    text = "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: certificate is not issued for server_hostname"
    assert script(code, ID=authority.p256) == [text]


def test_without_verification_any_name_will_do(script: Script, authority: Authority) -> None:
    code = """
    client = client_context()
    client.verify_mode = ssl.CERT_NONE
    print(works(client, server_context(ID), "other.test"))
    """
    assert script(code, ID=authority.p256) == ["True"]


def test_impossible_names_are_value_errors(script: Script) -> None:
    code = r"""
    context = ssl.SSLContext(CLIENT)
    for name in ("", "a\0b", "server.test\0.evil.test", "\0", ".test", "x" * 256, "x" * 5000):
        a, b = pipe()
        print(attempt(context.wrap_socket, a, server_hostname=name)[:10], a.writes, a.closed)
    """
    assert script(code) == ["ValueError 0 0"] * 7


def test_the_longest_name_is_accepted(script: Script) -> None:
    assert script(SNI, NAMES=["x" * 255]) == [f"b'{'x' * 255}' True"]


def test_other_types_are_type_errors(script: Script) -> None:
    code = """
    for name in (5, ["server.test"], True):
        print(attempt(ssl.SSLContext(CLIENT).wrap_socket, pipe()[0], server_hostname=name)[:10])
    """
    assert script(code) == ["TypeError("] * 3
