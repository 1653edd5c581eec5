# SPDX-License-Identifier: MIT
"""Groups for the agreement on keys: `set_groups()`, `get_groups()`, `set_ecdh_curve()`, and X25519 (RFC 7748)."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.requires("groups")

# What a ServerKeyExchange begins with (RFC 8422, 5.4), as far as the length of the server's key.
ON_THE_WIRE = {
    "X25519": "03001d20",
    "prime256v1": "03001741",
    "secp384r1": "03001861",
}
NO_COMMON_GROUP = "MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE: no cipher suite or curve in common"
WITH_X25519 = pytest.mark.requires("x25519")
GROUPS = [pytest.param("X25519", marks=WITH_X25519), "prime256v1", "secp384r1"]

# CHOSEN: the group of a connection of TLS 1.2, from what the server has sent.
CONNECT = """
def chosen(client, server):
    ends = pipe()
    ends[1].sent = []
    c, s = connect(client, server, ends=ends)
    sent = b"".join(ends[1].sent)
    print([name for name in sorted(KNOWN) if bytes.fromhex(KNOWN[name]) in sent], talks(c, s))
client, server = client_context(ID), server_context(ID)
client.session_cache = False
"""


@pytest.mark.parametrize("group", GROUPS)
def test_a_client_with_one_group_gets_it(script: Script, authority: Authority, group: str) -> None:
    code = CONNECT + "client.set_ecdh_curve(GROUP)\nchosen(client, server)"
    assert script(code, ID=authority.rsa, GROUP=group, KNOWN=ON_THE_WIRE) == [f"['{group}'] True"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_server_with_one_group_gets_it(script: Script, authority: Authority, group: str) -> None:
    code = CONNECT + "server.set_ecdh_curve(GROUP)\nchosen(client, server)"
    assert script(code, ID=authority.rsa, GROUP=group, KNOWN=ON_THE_WIRE) == [f"['{group}'] True"]


@WITH_X25519
def test_x25519_is_first(script: Script, authority: Authority) -> None:
    code = CONNECT + "chosen(client, server)\nprint(client.get_groups()[:3])"
    lines = script(code, ID=authority.p256, KNOWN=ON_THE_WIRE)
    assert lines == ["['X25519'] True", "['X25519', 'prime256v1', 'secp384r1']"]


def test_the_servers_order_decides(script: Script, authority: Authority) -> None:
    code = CONNECT + "client.set_groups('P-256:P-384')\nserver.set_groups(['P-384', 'P-256'])\nchosen(client, server)"
    assert script(code, ID=authority.rsa, KNOWN=ON_THE_WIRE) == ["['secp384r1'] True"]


@pytest.mark.parametrize("value", ["prime256v1:secp384r1", ["P-256", "secp384r1"], ("SECP256R1", "p-384")])
def test_names_come_in_a_list_or_with_colons(script: Script, authority: Authority, value: object) -> None:
    code = CONNECT + "client.set_groups(VALUE)\nserver.set_ecdh_curve('secp384r1')\nchosen(client, server)"
    assert script(code, ID=authority.rsa, VALUE=value, KNOWN=ON_THE_WIRE) == ["['secp384r1'] True"]


def test_what_is_set_says_nothing_of_what_is_built(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    before = context.get_groups()
    context.set_groups("prime256v1")
    print(context.get_groups() == before, "prime256v1" in before)
    """
    assert script(code) == ["True True"]


@pytest.mark.parametrize("value", ["P-257", ["prime256v1", "x448"], "prime256v1:", "prime256v1 ", ":X"])
def test_an_unknown_group_is_refused_with_the_known_ones(script: Script, authority: Authority, value: object) -> None:
    code = CONNECT + "client.set_groups('secp384r1')\nprint(attempt(client.set_groups, VALUE))\nchosen(client, server)"
    refused, chosen = script(code, ID=authority.rsa, VALUE=value, KNOWN=ON_THE_WIRE)
    assert refused.startswith('ValueError("unknown group ') or refused.startswith("ValueError('unknown group ")
    assert "known are" in refused and "prime256v1 secp384r1" in refused
    assert chosen == "['secp384r1'] True"


def test_no_groups_are_refused(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for value in ([], (), "", [""]):
        print(attempt(context.set_groups, value))
    """
    assert script(code) == ["ValueError('no groups given',)"] * 4


def test_other_types_are_type_errors(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for value in (None, 1, [1], [None], {"X25519"}):
        print(attempt(context.set_groups, value).split("(")[0], attempt(context.set_ecdh_curve, 5).split("(")[0])
    """
    assert script(code) == ["TypeError TypeError"] * 5


def test_no_group_in_common_ends_the_handshake(script: Script, authority: Authority) -> None:
    code = (
        CONNECT
        + """
client.set_groups('P-256')
server.set_groups('P-384')
a, b = pipe()
c = client.wrap_socket(a, server_hostname="server.test")
print(attempt(server.wrap_socket, b, server_side=True))
print(attempt(c.do_handshake))
"""
    )
    mine, theirs = script(code, ID=authority.rsa, KNOWN=ON_THE_WIRE)
    assert NO_COMMON_GROUP in mine
    assert theirs.endswith("the peer sent handshake_failure')"), theirs


def test_a_change_counts_for_the_sockets_after_it(script: Script, authority: Authority) -> None:
    code = CONNECT + (
        "client.set_groups('P-256')\npair = wrap(client, server)\nclient.set_groups('P-384')\nclient = None\n"
        "collect()\nprint(talks(*shake(*pair)))"
    )
    assert script(code, ID=authority.rsa, KNOWN=ON_THE_WIRE) == ["True"]


@pytest.mark.requires("tls-1.3")
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("side", ["client", "server"])
def test_tls_1_3_agrees_on(script: Script, authority: Authority, side: str, group: str) -> None:
    code = CONNECT + (
        f"{side}.set_ecdh_curve(GROUP)\nclient.minimum_version = 0x304\n"
        "client.maximum_version = server.maximum_version = 0x304\n"
        "print(works(client, server))"
    )
    assert script(code, ID=authority.p256, GROUP=group, KNOWN=ON_THE_WIRE) == ["True"]


# X25519

AGREE = "from _ssl_primitives import agree\n"


@WITH_X25519
def test_agreements_are_openssls(script: Script) -> None:
    pairs = [(os.urandom(32), os.urandom(32)) for _ in range(8)]
    keys = [(X25519PrivateKey.from_private_bytes(mine), X25519PublicKey.from_public_bytes(u)) for mine, u in pairs]
    expected = [private.exchange(public).hex() for private, public in keys]
    code = AGREE + "for private, public in PAIRS: print(agree(29, private, public)[0].hex())"
    assert script(code, PAIRS=pairs) == expected, [(mine.hex(), u.hex()) for mine, u in pairs]


@WITH_X25519
@pytest.mark.slow
def test_a_thousand_agreements_in_a_row_are_rfc_7748s(script: Script) -> None:
    code = AGREE + "k = u = b'\\x09' + bytes(31)\nfor _ in range(1000): k, u = agree(29, k, u)[0], k\nprint(k.hex())"
    assert script(code, 600.0) == ["684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"]


# RFC 7748, 6.1: points of small order, and the same with a multiple of p added or with the bit that is ignored.
P = 2**255 - 19
SMALL_ORDER = (0, 1, P - 1, P, P + 1, 2**255, 2**255 + P)


@WITH_X25519
@pytest.mark.parametrize("u", SMALL_ORDER, ids=hex)
def test_a_point_of_small_order_is_refused(script: Script, u: int) -> None:
    code = AGREE + "print(attempt(agree, 29, PRIVATE, POINT))"
    (line,) = script(code, PRIVATE=os.urandom(32), POINT=u.to_bytes(32, "little"))
    assert line.startswith("OSError(-19584, 'MBEDTLS_ERR_ECP_INVALID_KEY"), line
