# SPDX-License-Identifier: MIT
"""Pre-shared keys (RFC 4279, RFC 5489): MicroPython's attributes and CPython's callbacks."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.requires("psk")

SETUP = """
def psk_client(identity=b"me", key=b"secret"):
    context = ssl.SSLContext(CLIENT)
    context.psk_identity, context.psk_key = identity, key
    return context

def psk_server(keys={b"me": b"secret"}):
    context = ssl.SSLContext(SERVER)
    context.server_psk_keys = keys
    return context

def called_client(callback):
    context = ssl.SSLContext(CLIENT)
    context.set_psk_client_callback(callback)
    return context

def called_server(callback, *hint):
    context = ssl.SSLContext(SERVER)
    context.set_psk_server_callback(callback, *hint)
    return context

def fail(client, server):
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test", do_handshake_on_connect=False)
    s = server.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    errors = outcome(c, s)
    for error in errors:
        print(show(error) if error else None)
    return errors
"""
TOLD_UNKNOWN = "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent unknown_psk_identity')"
TOLD_BAD_MAC = "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent bad_record_mac')"
TOLD_INTERNAL = "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent internal_error')"
TOLD_FAILURE = "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent handshake_failure')"
UNKNOWN = "OSError(-27776, 'MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY: no PSK for the peer')"
IDENTITY_RULE = "a PSK identity must be str or bytes-like, of 1 to 256 bytes"
KEY_RULE = "a PSK must be bytes-like, of 1 to 64 bytes"
WRONG_KEY = f"OSError(-28928, 'MBEDTLS_ERR_SSL_BAD_INPUT_DATA: {KEY_RULE}')"
FORWARD_SECRET = [
    "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256",
    "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256",
    "TLS-ECDHE-PSK-WITH-AES-256-CBC-SHA384",
]
PLAIN = ["TLS-PSK-WITH-CHACHA20-POLY1305-SHA256", "TLS-PSK-WITH-AES-128-GCM-SHA256"]


def test_client_and_server_talk_without_certificates(script: Script) -> None:
    code = """
    c, s = connect(psk_client(), psk_server(), name=None)
    print(talks(c, s), c.cipher()[0], c.version(), c.getpeercert(True), s.getpeercert(True), ssl.HAS_PSK)
    """
    assert script(SETUP + dedented(code)) == [f"True {FORWARD_SECRET[0]} TLSv1.2 None None True"]


def dedented(code: str) -> str:
    """Code in this file is indented; what it is appended to is not."""
    return "\n".join(line[4:] for line in code.splitlines()) + "\n"


def test_attributes_are_none_until_they_are_set(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    print(context.psk_identity, context.psk_key, context.server_psk_keys)
    context.psk_identity, context.psk_key, context.server_psk_keys = "me", bytearray(b"k"), {}
    print(context.psk_identity, context.psk_key, context.server_psk_keys)
    context.psk_identity = context.psk_key = context.server_psk_keys = None
    print(context.psk_identity, context.psk_key, context.server_psk_keys)
    """
    assert script(SETUP + dedented(code)) == ["None None None", "me bytearray(b'k') {}", "None None None"]


def test_identities_and_keys_may_be_as_long_as_documented(script: Script) -> None:
    code = """
    for identity, key in ((b"i" * 256, b"k" * 64), (b"\\xff\\0", b"\\0"), ("gr\\xfc\\xdfe", bytearray(b"k"))):
        known = identity.encode() if isinstance(identity, str) else identity
        print(works(psk_client(identity, key), psk_server({known: bytes(key)})))
    """
    assert script(SETUP + dedented(code)) == ["True"] * 3


def test_wrong_types_and_lengths_are_refused_when_they_are_set(script: Script) -> None:
    code = """
    context = psk_client()
    for name, values in (("psk_identity", (b"", b"i" * 257, 1)), ("psk_key", (b"", b"k" * 65, "text"))):
        for value in values:
            print(attempt(setattr, context, name, value))
    print(attempt(setattr, context, "server_psk_keys", 1))
    print(context.psk_identity, context.psk_key, context.server_psk_keys)
    """
    assert script(SETUP + dedented(code)) == [
        f"ValueError('{IDENTITY_RULE}',)",
        f"ValueError('{IDENTITY_RULE}',)",
        f"TypeError('{IDENTITY_RULE}',)",
        f"ValueError('{KEY_RULE}',)",
        f"ValueError('{KEY_RULE}',)",
        f"TypeError('{KEY_RULE}',)",
        "TypeError('server_psk_keys must have a method get()',)",
        "b'me' b'secret' None",
    ]


def test_an_unknown_identity_ends_with_its_alert(script: Script) -> None:
    code = """
    fail(psk_client(b"stranger"), psk_server())
    fail(psk_client(), called_server(lambda identity: b""))
    fail(psk_client(), called_server(lambda identity: None))
    """
    assert script(SETUP + dedented(code)) == [TOLD_UNKNOWN, UNKNOWN] * 3


def test_a_wrong_key_ends_the_handshake(script: Script) -> None:
    lines = script(SETUP + 'fail(psk_client(key=b"wrong"), psk_server())\n')
    assert lines == [TOLD_BAD_MAC, "OSError(-29056, 'MBEDTLS_ERR_SSL_INVALID_MAC')"]


def test_a_server_may_know_a_single_identity(script: Script) -> None:
    code = """
    server = ssl.SSLContext(SERVER)
    server.psk_identity, server.psk_key = b"me", b"secret"
    print(works(psk_client(), server))
    fail(psk_client(b"stranger"), server)
    """
    assert script(SETUP + dedented(code)) == ["True", TOLD_UNKNOWN, UNKNOWN]


def test_keys_may_come_from_any_object_with_get(script: Script) -> None:
    code = """
    class Keys:
        def get(self, identity):
            print(identity)
            return b"secret" if identity == b"me" else None
    print(works(psk_client(), psk_server(Keys())))
    """
    assert script(SETUP + dedented(code)) == ["b'me'", "True"]


def test_what_a_callback_raises_comes_out_of_the_handshake(script: Script) -> None:
    code = """
    def give_up(name):
        raise KeyError(name)
    class Keys:
        get = staticmethod(give_up)
    fail(psk_client(), psk_server(Keys))
    fail(psk_client(), called_server(give_up))
    fail(called_client(give_up), psk_server())
    """
    assert script(SETUP + dedented(code)) == [
        TOLD_INTERNAL,
        "KeyError(b'me',)",
        TOLD_INTERNAL,
        "KeyError('me',)",
        "KeyError(None,)",
        TOLD_INTERNAL,
    ]


def test_a_key_that_is_none_ends_the_connection_and_not_the_servers_loop(script: Script) -> None:
    code = """
    fail(psk_client(), psk_server({b"me": 12345}))
    fail(psk_client(), called_server(lambda identity: "text"))
    fail(psk_client(), called_server(lambda identity: b"k" * 65))
    """
    assert script(SETUP + dedented(code)) == [TOLD_INTERNAL, WRONG_KEY] * 3


def test_a_clients_callback_gets_the_hint_and_gives_a_pair(script: Script) -> None:
    code = """
    def give(hint):
        print(hint)
        return "me", b"secret"
    print(works(called_client(give), psk_server()))
    print(works(called_client(give), called_server(lambda identity: b"secret", "h\\xe4nt")))
    """
    assert script(SETUP + dedented(code)) == ["None", "True", "h\xe4nt", "True"]


def test_a_servers_callback_gets_the_identity(script: Script) -> None:
    code = """
    def give(identity):
        print(repr(identity))
        return b"secret"
    print(works(psk_client(), called_server(give)))
    print(works(psk_client(b"\\xff"), called_server(give)))
    """
    assert script(SETUP + dedented(code)) == ["'me'", "True", "b'\\xff'", "True"]


def test_a_client_may_refuse_to_give_a_key(script: Script) -> None:
    lines = script(SETUP + 'fail(called_client(lambda hint: ("me", b"")), psk_server())\n')
    assert lines == [UNKNOWN, TOLD_FAILURE]


def test_a_wrong_pair_ends_the_connection(script: Script) -> None:
    code = """
    fail(called_client(lambda hint: (None, b"k")), psk_server())
    fail(called_client(lambda hint: ("me", b"k" * 65)), psk_server())
    """
    wrong = f"OSError(-28928, 'MBEDTLS_ERR_SSL_BAD_INPUT_DATA: {IDENTITY_RULE}, {KEY_RULE}')"
    assert script(SETUP + dedented(code)) == [wrong, TOLD_INTERNAL] * 2


def test_callbacks_are_checked_when_they_are_set(script: Script) -> None:
    code = """
    client, server = ssl.SSLContext(CLIENT), ssl.SSLContext(SERVER)
    print(attempt(client.set_psk_client_callback, 1))
    print(attempt(server.set_psk_server_callback, 1))
    print(attempt(server.set_psk_server_callback, print, "h" * 257))
    print(attempt(server.set_psk_server_callback, print, 1)[:9])
    print(attempt(server.set_psk_client_callback, print))
    print(attempt(client.set_psk_server_callback, print))
    client.set_psk_client_callback(print)
    client.set_psk_client_callback(None)
    print("PSK" in "".join(client.get_ciphers()))
    """
    other_role = "ValueError('this PSK callback is for contexts of the other role',)"
    assert script(SETUP + dedented(code)) == [
        "TypeError('callback must be callable or None',)",
        "TypeError('callback must be callable or None',)",
        "ValueError('identity_hint must have at most 256 bytes',)",
        "TypeError",
        other_role,
        other_role,
        "False",
    ]


def test_only_suites_with_psk_are_spoken(script: Script, authority: Authority) -> None:
    code = """
    server = psk_server()
    server.load_cert_chain(ID[0], ID[1])
    client = psk_client()
    client.load_verify_locations(cadata=ID[2])
    print(client.get_ciphers() == server.get_ciphers() == FORWARD_SECRET)
    for pair in ((client, server_context(ID)), (client_context(ID), server)):
        fail(*pair)
    """
    lines = script(SETUP + dedented(code), ID=authority.p256, FORWARD_SECRET=FORWARD_SECRET)
    assert lines[0] == "True"
    assert lines[1::2] == [TOLD_FAILURE] * 2
    assert [line.split(":")[0] for line in lines[2::2]] == ["OSError(-28160, 'MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE"] * 2


def test_suites_without_forward_secrecy_are_there_by_name(script: Script) -> None:
    code = """
    client, server = psk_client(), psk_server()
    server.set_ciphers(PLAIN)
    fail(client, server)
    for suite in PLAIN:
        client.set_ciphers([suite])
        c, s = connect(client, server)
        print(c.cipher()[0], talks(c, s))
    """
    lines = script(SETUP + dedented(code), PLAIN=PLAIN)
    assert lines[0] == TOLD_FAILURE
    assert lines[2:] == [f"{suite} True" for suite in PLAIN]


def test_suites_with_and_without_psk_do_not_mix(script: Script) -> None:
    code = """
    for context, names in ((psk_client(), MIXED), (ssl.SSLContext(CLIENT), MIXED)):
        context.set_ciphers(names)
        print(attempt(context.wrap_socket, pipe()[0], server_hostname="server.test"))
    """
    mixed = ["TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256", "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256"]
    assert script(SETUP + dedented(code), MIXED=mixed) == [
        "ValueError('a context with PSK takes suites with PSK only, see set_ciphers()',)",
        "ValueError('set_ciphers() names suites with PSK, and there is no PSK',)",
    ]


def test_half_a_setting_is_none(script: Script) -> None:
    code = """
    for name, value in (("psk_identity", b"me"), ("psk_key", b"secret"), ("server_psk_keys", {})):
        client = ssl.SSLContext(CLIENT)
        setattr(client, name, value)
        print(attempt(client.wrap_socket, pipe()[0]))
    server = ssl.SSLContext(SERVER)
    server.psk_key = b"secret"
    print(attempt(server.wrap_socket, pipe()[0], server_side=True))
    """
    client = "a client with PSK needs psk_identity and psk_key or set_psk_client_callback()"
    server = "a server with PSK needs server_psk_keys or set_psk_server_callback()"
    assert script(SETUP + dedented(code)) == [f"ValueError('{client}',)"] * 3 + [f"ValueError('{server}',)"]


def test_nothing_is_resumed(script: Script, authority: Authority) -> None:
    code = """
    client, server = psk_client(), psk_server()
    for _ in range(2):
        c, s = connect(client, server)
        print(c.session, c.session_reused, s.session_reused)
        c.close()
    session = connect(client_context(ID), server_context(ID))[0].session
    print(attempt(client.wrap_socket, pipe()[0], server_hostname="server.test", session=session))
    """
    lines = script(SETUP + dedented(code), ID=authority.p256)
    assert lines == ["None False False"] * 2 + ["ValueError('a context with PSK or DTLS resumes no sessions',)"]


@pytest.mark.requires("tls-1.3")
def test_tls_1_3_is_not_spoken(script: Script) -> None:
    code = """
    client, server = psk_client(), psk_server()
    client.maximum_version = server.maximum_version = ssl.TLSVersion.TLSv1_3
    print(connect(client, server)[0].version())
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    print(attempt(client.wrap_socket, pipe()[0]))
    """
    error = "ValueError('PSK needs TLS 1.2, and minimum_version is above it',)"
    assert script(SETUP + dedented(code)) == ["TLSv1.2", error]


def test_settings_outlive_their_context(script: Script) -> None:
    code = """
    class Keys:
        def get(self, identity):
            return bytes(b"sec") + b"ret"
    pair = wrap(called_client(lambda hint: ("m" + "e", Keys().get(0))), psk_server(Keys()))
    collect()
    print(talks(*shake(*pair)))
    """
    assert script(SETUP + dedented(code)) == ["True"]


def test_nothing_is_left_behind(script: Script) -> None:
    code = """
    def rounds():
        for keys in ({b"me": b"secret"}, {b"me": b"other"}, {}, {b"me": 1}):
            outcome(*wrap(called_client(lambda hint: ("me", b"secret")), psk_server(keys)))
            collect()
    rounds()
    before = ssl.memory_info()["bytes"]
    rounds()
    print(ssl.memory_info()["bytes"] - before)
    """
    assert script(SETUP + dedented(code)) == ["0"]
