# SPDX-License-Identifier: MIT
"""TLS 1.3 between two sockets of one board: what a program sees of it, and what it holds."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.contract.test_memory_error import sweep

pytestmark = pytest.mark.requires("tls-1.3")

SMALL_IN, SMALL = 48, 96  # MPY_SSL_BUFFER_SMALL_IN, MPY_SSL_BUFFER_SMALL
BOTH = """
client, server = client_context(ID), server_context(ID)
for context in (client, server):
    context.maximum_version = ssl.TLSVersion.TLSv1_3
"""


def test_it_is_there_and_spoken_when_both_ask_for_it(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    client.session_cache = False
    print(ssl.HAS_TLSv1_3, [s.version() for s in connect(client, server)])
    client.maximum_version = ssl.TLSVersion.TLSv1_3
    print([s.version() for s in connect(client, server)])
    server.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    print([s.version() for s in connect(client, server)], talks(*connect(client, server)))
    """
    assert script(code, ID=authority.p256) == [
        "True ['TLSv1.2', 'TLSv1.2']",
        "['TLSv1.2', 'TLSv1.2']",
        "['TLSv1.3', 'TLSv1.3'] True",
    ]


def test_chacha20_is_first_and_cipher_tells(script: Script, authority: Authority) -> None:
    lines = script(BOTH + "for s in connect(client, server): print(s.cipher())\n", ID=authority.p256)
    assert lines == ["('TLS1-3-CHACHA20-POLY1305-SHA256', 'TLSv1.3', 256)"] * 2


@pytest.mark.parametrize(
    "names, version",
    [
        (["TLS1-3-AES-128-GCM-SHA256"], "TLSv1.3"),
        (["TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"], "TLSv1.2"),
        (["TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS1-3-AES-256-GCM-SHA384"], "TLSv1.3"),
    ],
)
def test_the_suites_that_are_set_limit_the_version(
    script: Script, authority: Authority, names: list[str], version: str
) -> None:
    code = (
        BOTH + "client.set_ciphers(NAMES)\ns = connect(client, server)[0]\nprint(s.version(), s.cipher()[0] in NAMES)"
    )
    assert script(code, ID=authority.p256, NAMES=names) == [f"{version} True"]


def test_a_server_of_1_3_with_suites_of_1_2_only_is_a_server_of_1_2(script: Script, authority: Authority) -> None:
    code = BOTH + "server.set_ciphers(['TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256'])\nprint(works(client, server))\n"
    code += "client.minimum_version = ssl.TLSVersion.TLSv1_3\nprint(attempt(wrap, client, server))"
    works, refused = script(code, ID=authority.p256)
    assert works == "True"
    assert "MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE: no cipher suite" in refused


def test_a_refused_server_hears_the_name_of_the_alert(script: Script, authority: Authority) -> None:
    code = BOTH + "client = client_context(OTHER)\nclient.minimum_version = client.maximum_version = 0x0304\n"
    code += "mine, theirs = outcome(*wrap(client, server))\nprint(type(mine).__name__)\nprint(theirs.args[1])"
    mine, theirs = script(code, ID=authority.p256, OTHER=authority.stranger)
    assert mine == "SSLCertVerificationError"
    assert theirs.endswith("the peer sent unknown_ca"), theirs


def test_the_end_is_told_both_ways(script: Script, authority: Authority) -> None:
    code = (
        BOTH + "c, s = connect(client, server)\nc.write(b'last')\nc.close()\nprint(s.read(10), s.read(10))\ns.close()"
    )
    assert script(code, ID=authority.p256) == ["b'last' b''"]


def test_a_stream_that_ends_without_close_notify_is_an_error(script: Script, authority: Authority) -> None:
    code = (
        BOTH + "ends = pipe()\nc, s = connect(client, server, ends=ends)\nends[0].closed = 1\nprint(attempt(s.read, 1))"
    )
    (line,) = script(code, ID=authority.p256)
    assert "CONN_EOF" in line


def test_record_buffers_shrink_again(script: Script, authority: Authority) -> None:
    code = (
        BOTH
        + f"""
def sizes(sock):
    info = ssl.memory_info(sock)
    return info["input"], info["output"]
c, s = connect(client, server)
print(sizes(c), sizes(s))
total = 0
c.setblocking(False)
s.setblocking(False)
while total < 20000:
    n = c.write(bytes(4000))
    got = 0
    while got < n:
        got += len(s.read(n - got))
    total += n
print(sizes(c), sizes(s) == ({SMALL_IN}, {SMALL}))
"""
    )
    small = f"({SMALL_IN}, {SMALL})"
    assert script(code, ID=authority.p256) == [f"{small} {small}", f"{small} True"]


def test_handshakes_that_are_given_up_keep_no_key(script: Script, authority: Authority) -> None:
    # A client's private key stays in one of 16 places from its hello to the server's.
    code = (
        BOTH
        + """
client.minimum_version = ssl.TLSVersion.TLSv1_3
def abandon():
    for _ in range(40):
        c, s = wrap(client, server)
        step(c)
        c.close()
        s.close()
    for _ in range(40):
        c, s = wrap(client, server)
        step(c)
        step(s)
        c.close()
        s.close()
abandon()
print(works(client, server))
"""
    )
    assert script(code, ID=authority.p256) == ["True"]


def test_several_clients_shake_hands_at_the_same_time(script: Script, authority: Authority) -> None:
    code = (
        BOTH
        + """
client.minimum_version = ssl.TLSVersion.TLSv1_3
pairs = [wrap(client, server) for _ in range(6)]
for c, s in pairs:
    step(c)
print(all(talks(*shake(c, s)) for c, s in pairs))
"""
    )
    assert script(code, ID=authority.p256) == ["True"]


@pytest.mark.requires("fault-injection", "leak-count")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutual", [False, True])
def test_every_allocation_of_a_session_may_fail(script: Script, authority: Authority, mutual: bool) -> None:
    session = (
        BOTH
        + """
client.session_cache = False
client.minimum_version = ssl.TLSVersion.TLSv1_3
if MUTUAL:
    authenticate(client, server, OWN)
def session():
    visit(client, server)
"""
    )
    assert sweep(script, session, ID=authority.p256, OWN=authority.client, MUTUAL=mutual) > 300
