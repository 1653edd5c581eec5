# SPDX-License-Identifier: MIT
"""`sni_callback`: a server chooses its context by the name that a client asks for, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from hil_tests.certificates import Authority, Identity
from hil_tests.contract.conftest import BOTH_VERSIONS, Script
from hil_tests.contract.test_memory_error import sweep

pytestmark = pytest.mark.requires("sni-callback")

Run = Callable[..., list[str]]

# `first` is the context that sockets are made with, `second` the one for "other.test".
CONTEXTS = """
first, second = server_context(ID), server_context(OTHER)
client = client_context(ID)
client.session_cache = False

def versions(number):
    for context in (client, first, second):
        context.minimum_version = 0x303
        context.maximum_version = number
    client.minimum_version = number

def choose(sock, name, context):
    if name == "other.test":
        sock.context = second

def result(name="server.test"):
    "How each side fares, client first."
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname=name, do_handshake_on_connect=False)
    s = first.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    return ["connected" if error is None else show(error) for error in outcome(c, s)]

first.sni_callback = choose
"""
REFUSED = "OSError(-30720, 'MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME: sni_callback refused the connection')"


def peer_sent(alert: str) -> str:
    """What a client is told."""
    return f"OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent {alert}')"


@pytest.fixture
def other(authority: Authority) -> Identity:
    return authority.issue(names=("other.test",))


@pytest.fixture
def run(script: Script, authority: Authority, other: Identity) -> Run:
    """Runs code that has the contexts; all speak `version` where it is given."""

    def run(code: str, version: int | None = None, **values: object) -> list[str]:
        versions = f"versions({version})\n" if version else ""
        return script(CONTEXTS + versions + dedent(code), ID=authority.p256, OTHER=other, **values)

    return run


@BOTH_VERSIONS
def test_the_callback_chooses_a_certificate(run: Run, version: int) -> None:
    code = """
    for name in ("server.test", "other.test"):
        c, s = connect(client, first, name)
        print(c.getpeercert(True) == (OTHER if s.context is second else ID)[0], s.context is second, talks(c, s))
    """
    lines = run(code, version)
    assert lines == ["True False True", "True True True"]


@BOTH_VERSIONS
def test_it_gets_the_socket_the_name_and_the_context(run: Run, version: int) -> None:
    code = """
    seen = []
    first.sni_callback = lambda *args: seen.append(args)
    s = connect(client, first)[1]
    print(len(seen), seen[0][0] is s, seen[0][1:] == ("server.test", first), s.context is first)
    client.verify_mode = ssl.CERT_NONE
    connect(client, first, None)
    print(seen[1][1])
    """
    lines = run(code, version)
    assert lines == ["1 True True True", "None"]


@BOTH_VERSIONS
def test_a_number_is_the_alert(run: Run, version: int) -> None:
    code = """
    for alert in (ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME, ssl.ALERT_DESCRIPTION_ACCESS_DENIED):
        first.sni_callback = lambda sock, name, context: alert
        for line in result():
            print(line)
    first.sni_callback = None
    print(result())
    """
    assert run(code, version) == [
        *(peer_sent("unrecognized_name"), REFUSED),
        *(peer_sent("access_denied"), REFUSED),
        "['connected', 'connected']",
    ]


@BOTH_VERSIONS
@pytest.mark.parametrize(
    "body, error, alert",
    [
        ("1 / 0", "ZeroDivisionError('divide by zero',)", "handshake_failure"),
        ("raise OSError(5)", "OSError(5,)", "handshake_failure"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt()", "handshake_failure"),
        ("return 'no'", 'TypeError("can\'t convert str to int",)', "internal_error"),
        (
            "return 256",
            "ValueError('sni_callback must return None or an alert from 0 to 255',)",
            "internal_error",
        ),
        ("sock.read(1)", "OSError(16,)", "handshake_failure"),
        ("sock.context = client", "ValueError('context must be a PROTOCOL_TLS_SERVER one',)", "handshake_failure"),
        pytest.param(
            "second.server_psk_keys = {b'a': b'k' * 16}; sock.context = second",
            "ValueError('in sni_callback a context with PSK can be neither left nor chosen',)",
            "handshake_failure",
            marks=pytest.mark.requires("psk"),
        ),
        ("sock.context = 5", "TypeError('context must be an SSLContext',)", "handshake_failure"),
    ],
)
def test_what_it_raises_comes_out_and_the_client_is_told(
    run: Run, version: int, body: str, error: str, alert: str
) -> None:
    code = f"""
    def callback(sock, name, context):
        {body}
    first.sni_callback = callback
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test")
    try:
        first.wrap_socket(b, server_side=True)
    except BaseException as error:
        print(show(error))
    print(attempt(c.do_handshake))
    first.sni_callback = None
    print(works(client, first))
    """
    lines = run(code, version)
    assert lines == [error, peer_sent(alert), "True"]


@BOTH_VERSIONS
def test_verification_of_clients_follows_the_context(run: Run, authority: Authority, version: int) -> None:
    code = """
    second.verify_mode = ssl.CERT_REQUIRED
    second.load_verify_locations(cadata=OWN[2])
    print(result("server.test"))
    print("MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE" in result("other.test")[1])
    client.load_cert_chain(OWN[0], OWN[1])
    print(result("other.test"))
    c, s = connect(client, first, "other.test")
    print(s.getpeercert(True) == OWN[0], connect(client, first)[1].getpeercert(True))
    """
    lines = run(code, version, OWN=authority.client)
    assert lines == ["['connected', 'connected']", "True", "['connected', 'connected']", "True None"]


@BOTH_VERSIONS
def test_application_protocols_follow_the_context(run: Run, version: int) -> None:
    code = """
    client.set_alpn_protocols(["h2", "mqtt"])
    second.set_alpn_protocols(["x", "mqtt"])
    for name in ("server.test", "other.test"):
        print([s.selected_alpn_protocol() for s in connect(client, first, name)])
    first.set_alpn_protocols(["h2"])
    print([s.selected_alpn_protocol() for s in connect(client, first)])
    second.set_alpn_protocols(["x"])
    print(result("other.test")[0])
    client.set_alpn_protocols([])
    print([s.selected_alpn_protocol() for s in connect(client, first, "other.test")])
    """
    assert run(code, version) == [
        "[None, None]",
        "['mqtt', 'mqtt']",
        "['h2', 'h2']",
        peer_sent("no_application_protocol"),
        "[None, None]",
    ]


@BOTH_VERSIONS
def test_sessions_are_bound_to_the_chosen_context_and_the_name(run: Run, version: int) -> None:
    code = """
    called = []
    def count(sock, name, context):
        called.append(name)
        choose(sock, name, context)
    first.sni_callback = count
    client.session_cache = True
    def resumed(name):
        return visit(client, first, name)
    print(resumed("other.test"), resumed("other.test"), resumed("server.test"), resumed("server.test"), len(called))
    second.verify_mode = ssl.CERT_OPTIONAL
    second.load_verify_locations(cadata=ID[2])
    print(resumed("other.test"), resumed("other.test"), resumed("server.test"))
    # Made by the second context, for itself.
    print(reused(*connect(client, second, "other.test")))
    first.sni_callback = None
    client.verify_mode = ssl.CERT_NONE
    print(resumed("other.test"))
    ssl.session_cache_size(4)
    """
    full, again = "[False, False]", "[True, True]"
    assert run(code, version) == [
        f"{full} {again} {full} {again} 4",
        f"{full} {again} {again}",
        again,
        full,
    ]


def test_a_refused_client_does_not_resume(run: Run) -> None:
    code = """
    client.session_cache = True
    print(result(), reused(*connect(client, first)))
    first.sni_callback = lambda sock, name, context: ssl.ALERT_DESCRIPTION_ACCESS_DENIED
    print(result()[0])
    ssl.session_cache_size(4)
    """
    lines = run(code)
    assert lines == ["['connected', 'connected'] [True, True]", peer_sent("access_denied")]


def test_the_first_context_needs_no_certificate_if_another_is_chosen(run: Run) -> None:
    code = """
    first = ssl.SSLContext(SERVER)
    first.sni_callback = choose
    print(result("other.test"))
    for line in result("server.test"):
        print(line)
    """
    assert run(code) == [
        "['connected', 'connected']",
        peer_sent("internal_error"),
        "OSError(-30208, 'MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED: a server needs load_cert_chain()')",
    ]


def test_contexts_live_as_long_as_their_connection(run: Run) -> None:
    code = """
    def make(sock, name, context):
        sock.context = server_context(OTHER)
        sock.context = server_context(ID)
        sock.context = server_context(OTHER)
        collect()
    first.sni_callback = make
    pair = wrap(client, first, "other.test")
    first = second = None
    collect()
    c, s = shake(*pair)
    collect()
    print(c.getpeercert(True) == OTHER[0], talks(c, s), type(s.context).__name__)
    """
    assert run(code) == ["True True SSLContext"]


def test_a_context_is_not_assigned_at_other_times(run: Run) -> None:
    code = """
    c, s = connect(client, first)
    for sock in (c, s):
        try:
            sock.context = second
        except AttributeError:
            print("refused")
    print(s.context is first, talks(c, s))
    """
    assert run(code) == ["refused", "refused", "True True"]


def test_only_servers_have_a_callback_that_can_be_called(run: Run) -> None:
    code = """
    print(client.sni_callback, first.sni_callback is choose)
    for context, value in ((client, choose), (client, None), (first, 5), (first, "x")):
        try:
            context.sni_callback = value
        except Exception as error:
            print(show(error))
    print(first.sni_callback is choose)
    """
    client = "ValueError('sni_callback needs a PROTOCOL_TLS_SERVER context',)"
    server = "TypeError('sni_callback must be callable or None',)"
    assert run(code) == ["None True", client, client, server, server, "True"]


@pytest.mark.parametrize(
    "sent, seen, alert",
    [
        (b"192.0.2.100", "None", "bad_record_mac"),  # the client did not send this
        (b"2001:db8::1", "None", "bad_record_mac"),
        (b"Server.Test", "Server.Test", "bad_record_mac"),
        (b"server\0test", "", "illegal_parameter"),
        (b"server test", "", "illegal_parameter"),
        (b"s\xc3\xa9rver.tes", "", "illegal_parameter"),
    ],
)
def test_an_address_is_no_name_and_what_is_neither_is_refused(run: Run, sent: bytes, seen: str, alert: str) -> None:
    code = """
    seen = []
    first.sni_callback = lambda sock, name, context: seen.append(name)
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test")
    b.inbox = bytearray(bytes(b.inbox).replace(b"server.test", SENT))
    s = first.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
    lines = [show(error) for error in outcome(s, c)]
    print(*seen)
    print(any("sent " + ALERT in line for line in lines) or lines)
    """
    lines = run(code, SENT=sent, ALERT=alert)
    assert lines == [seen, "True"]


@pytest.mark.requires("fault-injection", "leak-count")
@pytest.mark.timeout(600)
def test_no_allocation_that_fails_does_harm(script: Script, authority: Authority, other: Identity) -> None:
    session = """
second.set_alpn_protocols(["x"])
client.set_alpn_protocols(["x"])
def session():
    visit(client, first, "other.test")
"""
    assert sweep(script, CONTEXTS + session, ID=authority.p256, OTHER=other) > 50
