# SPDX-License-Identifier: MIT
"""`set_alpn_protocols()` and `selected_alpn_protocol()` (RFC 7301)."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

BAD_NAME = "ValueError('ALPN protocols must be 1 to 255 in length, without NUL',)"
NO_OVERLAP = (
    "OSError(-30080, 'MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL: "
    "the client offers none of the protocols of set_alpn_protocols()')"
)


def negotiate(script: Script, authority: Authority, client: object, server: object) -> list[str]:
    """What both sides selected, client first; None leaves set_alpn_protocols() uncalled."""
    code = """
    client, server = client_context(ID), server_context(ID)
    if OFFER is not None:
        client.set_alpn_protocols(OFFER)
    if TAKE is not None:
        server.set_alpn_protocols(TAKE)
    print([s.selected_alpn_protocol() for s in connect(client, server)])
    """
    return script(code, ID=authority.p256, OFFER=client, TAKE=server)


def test_the_servers_order_decides(script: Script, authority: Authority) -> None:
    assert negotiate(script, authority, ["h2", "http/1.1"], ["http/1.1", "h2"]) == ["['http/1.1', 'http/1.1']"]


def test_what_only_one_side_knows_is_passed_over(script: Script, authority: Authority) -> None:
    assert negotiate(script, authority, ["a", "mqtt"], ["b", "mqtt", "c"]) == ["['mqtt', 'mqtt']"]


@pytest.mark.parametrize(
    ("client", "server"), [(["h2"], None), (None, ["h2"]), (None, None), (["h2"], []), ([], ["h2"])]
)
def test_nothing_is_selected_unless_both_sides_have_protocols(
    script: Script, authority: Authority, client: object, server: object
) -> None:
    assert negotiate(script, authority, client, server) == ["[None, None]"]


def test_tuples_and_bytes_are_taken(script: Script, authority: Authority) -> None:
    assert negotiate(script, authority, (b"mqtt",), ("mqtt",)) == ["['mqtt', 'mqtt']"]


def test_a_name_may_have_255_bytes(script: Script, authority: Authority) -> None:
    assert negotiate(script, authority, ["n" * 255], ["n" * 255]) == [repr(["n" * 255] * 2)]


def test_a_server_without_overlap_refuses_with_its_alert(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    client.set_alpn_protocols(["h2"])
    server.set_alpn_protocols(["mqtt"])
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test")
    print(attempt(server.wrap_socket, b, server_side=True))
    print(attempt(c.do_handshake))
    """
    alert = "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent no_application_protocol')"
    assert script(code, ID=authority.p256) == [NO_OVERLAP, alert]


@pytest.mark.parametrize("name", ["", "n" * 256, "a\0b", b""])
def test_a_bad_name_is_refused_and_changes_nothing(script: Script, authority: Authority, name: object) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    client.set_alpn_protocols(["mqtt"])
    server.set_alpn_protocols(["mqtt"])
    print(attempt(client.set_alpn_protocols, ["h2", NAME]))
    print(connect(client, server)[0].selected_alpn_protocol())
    """
    assert script(code, ID=authority.p256, NAME=name) == [BAD_NAME, "mqtt"]


def test_a_list_too_long_for_a_client_hello_is_refused(script: Script) -> None:
    code = "print(attempt(ssl.SSLContext(CLIENT).set_alpn_protocols, ['n' * 200] * 6))"
    assert script(code) == ["ValueError('ALPN protocols take more than 1024 bytes',)"]


def test_other_types_are_type_errors(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for value in (None, "h2", 1, [1], [None], {"h2"}):
        print(attempt(context.set_alpn_protocols, value).split("(")[0])
    """
    assert script(code) == ["TypeError"] * 6


def test_a_change_counts_for_the_sockets_after_it(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    client.set_alpn_protocols(["old", "new"])
    server.set_alpn_protocols(["old"])
    pair = wrap(client, server)
    server.set_alpn_protocols(["new"])
    client = None
    collect()
    print(shake(*pair)[0].selected_alpn_protocol())
    """
    assert script(code, ID=authority.p256) == ["old"]


def test_before_the_handshake_and_after_close_there_is_none(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    client.set_alpn_protocols(["mqtt"])
    server.set_alpn_protocols(["mqtt"])
    c, s = wrap(client, server)
    print(c.selected_alpn_protocol())
    shake(c, s)
    c.close()
    print(c.selected_alpn_protocol())
    """
    assert script(code, ID=authority.p256) == ["None", "None"]
