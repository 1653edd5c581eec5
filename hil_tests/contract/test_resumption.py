# SPDX-License-Identifier: MIT
"""Resumption between our own client and server: sessions, tickets, both caches, and what they are bound to.

What TLS 1.3 has of its own is in test_tls13_resumption.py.
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from textwrap import dedent

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import BOTH_VERSIONS, Script

WRONG_PLACE = "the session belongs to another server_hostname or to other settings of the context"
NOT_A_SESSION = "not a stored session, or changed, or stored with another key"
# Stored: magic, nonce, and sealed: when it was issued, its lifetime, has_ticket, binding, length of the certificate, …
MAGIC_END, NONCE_END = 4, 4 + 12
LENGTH_AT = 8 + 4 + 1 + 32
# The common cache is off unless a test is about it.
CONTEXTS = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False
"""
# The same for tests of both versions, each of which makes its own contexts with these functions.
VERSIONED = """
def speak(context):
    context.maximum_version = VERSION
    return context

client, server = speak(client_context(ID)), speak(server_context(ID))
client.session_cache = False
"""
CACHED = """
client, server = client_context(ID), server_context(ID)

def resumed(client, server, name="server.test"):
    return reused(*connect(client, server, name))
"""


@BOTH_VERSIONS
def test_a_session_is_resumed_any_number_of_times(script: Script, authority: Authority, version: int) -> None:
    code = """
    c, s = meet(client, server)
    print(reused(c, s), type(c.session).__name__)
    for _ in range(3):
        c2, s2 = meet(client, server, session=c.session)
        print(reused(c2, s2), c2.cipher() == c.cipher())
        c, s = c2, s2
    """
    lines = script(VERSIONED + dedent(code), ID=authority.p256, VERSION=version)
    assert lines == ["[False, False] SSLSession"] + ["[True, True] True"] * 3


def test_a_socket_has_it_from_the_handshake_to_the_end(script: Script, authority: Authority) -> None:
    code = """
    c, s = wrap(client, server)
    print(c.session, c.session_reused, s.session, s.session_reused)
    shake(c, s)
    session = c.session
    c.close()
    print(c.session, reused(*connect(client, server, session=session)))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["None None None None", "None [True, True]"]


def test_a_servers_socket_has_no_session_to_give(script: Script, authority: Authority) -> None:
    assert script(CONTEXTS + "print(connect(client, server)[1].session)", ID=authority.p256) == ["None"]


@BOTH_VERSIONS
def test_certificates_are_those_of_the_full_handshake(script: Script, authority: Authority, version: int) -> None:
    code = """
    authenticate(client, server, OWN)
    session = None
    for _ in range(3):
        c, s = meet(client, server, session=session and ssl.SSLSession(bytes(session)))
        print(reused(c, s), c.getpeercert(True) == ID[0], s.getpeercert(True) == OWN[0])
        session = c.session
    """
    lines = script(VERSIONED + dedent(code), ID=authority.p256, OWN=authority.client, VERSION=version)
    assert lines == ["[False, False] True True"] + ["[True, True] True True"] * 2


def test_without_tickets_sessions_have_ids(script: Script, authority: Authority) -> None:
    code = """
    for context in (client, server):
        context.options |= ssl.OP_NO_TICKET
        c, s = connect(client, server)
        print(c.session.has_ticket, reused(*connect(client, server, session=c.session)))
        context.options &= ~ssl.OP_NO_TICKET
    print(connect(client, server)[0].session.has_ticket)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["False [True, True]"] * 2 + ["True"]


def test_a_server_that_keeps_and_gives_nothing_leaves_nothing_to_resume(script: Script, authority: Authority) -> None:
    code = """
    server.options = ssl.OP_NO_TICKET
    server.session_cache = False
    c, s = connect(client, server)
    print(c.session is None or reused(*connect(client, server, session=c.session)))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["[False, False]"]


def test_a_server_keeps_a_few_sessions_by_id(script: Script, authority: Authority) -> None:
    code = """
    server.options = ssl.OP_NO_TICKET
    sessions = [connect(client, server)[0].session for _ in range(6)]
    print([reused(*connect(client, server, session=session))[0] for session in sessions[-4:]].count(True))
    print(reused(*connect(client, server, session=sessions[0])))
    """
    lines = script(CONTEXTS + dedent(code), 60.0, ID=authority.p256)
    assert lines == ["4", "[False, False]"]


def test_a_server_that_resumes_without_extended_master_secret_is_refused(script: Script, authority: Authority) -> None:
    code = """
    class Stripped(End):
        # Turns the extension into another empty one, encrypt-then-MAC, in what the server sends in plain.
        def write(self, data):
            return super().write(bytes(data).replace(b"\\x00\\x17\\x00\\x00", b"\\x00\\x16\\x00\\x00"))

    session = connect(client, server)[0].session
    a, b = End(), Stripped()
    a.peer, b.peer = b, a
    c = client.wrap_socket(a, server_hostname="server.test", session=session)
    s = server.wrap_socket(b, server_side=True)
    print(attempt(c.do_handshake))
    print(attempt(s.do_handshake))
    """
    alert = "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent handshake_failure')"
    lines = script(CONTEXTS + dedent(code), ID=authority.p256)
    assert lines == ["OSError(-26112, 'MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER')", alert]


@BOTH_VERSIONS
def test_a_session_shares_the_certificate_of_its_connection(script: Script, authority: Authority, version: int) -> None:
    code = """
    c, s = meet(client, server)
    session, certificate = c.session, c.getpeercert(True)
    collect()
    held, own = ssl.memory_info()["bytes"], ssl.memory_info(c)["bytes"]
    c.close()
    shared = own - (held - ssl.memory_info()["bytes"])
    print(0 <= shared - len(certificate) < 32, ssl.memory_info(c)["bytes"], shared)
    """
    (line,) = script(VERSIONED + dedent(code), ID=authority.p256, VERSION=version)
    assert line.startswith("True 0 "), line


# --- Bytes ---------------------------------------------------------------------------------------------------------


@BOTH_VERSIONS
def test_bytes_bring_a_session_back(script: Script, authority: Authority, version: int) -> None:
    code = """
    session = meet(client, server)[0].session
    stored = bytes(session)
    back = ssl.SSLSession(stored)
    print((back.time, back.timeout, back.has_ticket) == (session.time, session.timeout, session.has_ticket))
    other = speak(client_context(ID))
    other.session_cache = False
    print(visit(client, server, session=back), visit(other, server, session=ssl.SSLSession(stored)))
    """
    lines = script(VERSIONED + dedent(code), ID=authority.p256, VERSION=version)
    assert lines == ["True", "[True, True] [True, True]"]


@BOTH_VERSIONS
def test_a_key_seals_it(script: Script, authority: Authority, version: int) -> None:
    code = """
    session = meet(client, server)[0].session
    stored = session.export(b"device key")
    print(visit(client, server, session=ssl.SSLSession(stored, b"device key")))
    for key in ((), (None,), (b"",), (b"device kez",)):
        print(attempt(ssl.SSLSession, stored, *key))
    print(attempt(ssl.SSLSession, bytes(session), b"device key"))
    print(session.export(b"k") != session.export(b"k"))
    """
    lines = script(VERSIONED + dedent(code), ID=authority.p256, VERSION=version)
    assert lines == ["[True, True]"] + [f"ValueError('{NOT_A_SESSION}',)"] * 5 + ["True"]


def test_bytes_of_another_form_mean_a_full_handshake(script: Script, authority: Authority) -> None:
    # As other firmware may have stored it: where the length of the certificate stands, more than all that follows.
    (line,) = script(CONTEXTS + "print(bytes(connect(client, server)[0].session))", ID=authority.p256)
    stored = ast.literal_eval(line)
    magic, nonce, box = stored[:MAGIC_END], stored[MAGIC_END:NONCE_END], stored[NONCE_END:]
    cipher = ChaCha20Poly1305(sha256(b"mpy-ssl session\0").digest())
    text = cipher.decrypt(nonce, box, magic)
    before, length, after = text[:LENGTH_AT], text[LENGTH_AT : LENGTH_AT + 2], text[LENGTH_AT + 2 :]
    assert int.from_bytes(length, "big") == len(authority.p256.certificate_der)
    other = magic + nonce + cipher.encrypt(nonce, before + b"\xff\xff" + after, magic)
    code = "print(visit(client, server, session=ssl.SSLSession(STORED)))"
    assert script(CONTEXTS + code, ID=authority.p256, STORED=other) == ["[False, False]"]


def test_no_changed_byte_passes(script: Script, authority: Authority) -> None:
    code = """
    stored = bytes(connect(client, server)[0].session)
    passed = []
    for i in range(len(stored)):
        changed = bytearray(stored)
        changed[i] ^= 1
        try:
            ssl.SSLSession(changed)
            passed.append(i)
        except ValueError:
            pass
    print(passed, len(stored) > 200)
    for n in (0, 3, 4, 40, len(stored) - 1):
        print(attempt(ssl.SSLSession, stored[:n]).split("(")[0])
    print(attempt(ssl.SSLSession, stored + b"x").split("(")[0])
    """
    assert script(CONTEXTS + dedent(code), 60.0, ID=authority.p256) == ["[] True"] + ["ValueError"] * 6


def test_other_types_are_type_errors(script: Script, authority: Authority) -> None:
    code = """
    session = connect(client, server)[0].session
    for call in ((ssl.SSLSession,), (ssl.SSLSession, 1), (ssl.SSLSession, bytes(session), 1), (session.export, 1)):
        print(attempt(*call).split("(")[0])
    a, b = pipe()
    print(attempt(client.wrap_socket, a, server_hostname="server.test", session=bytes(session)))
    print(attempt(setattr, session, "timeout", 1).split("(")[0])
    """
    lines = script(CONTEXTS + dedent(code), ID=authority.p256)
    error = "TypeError('session must be an SSLSession or None',)"
    assert lines == ["TypeError"] * 4 + [error, "AttributeError"]


def test_the_secret_is_not_readable_in_the_bytes(script: Script, authority: Authority) -> None:
    code = """
    c, s = connect(client, server)
    stored = c.session.export(b"key")
    print(c.getpeercert(True)[:64] in stored)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["False"]


# --- Bindings ------------------------------------------------------------------------------------------------------

CHANGES = {
    "name": "name = 'other.test'",
    "verify_mode": "client.verify_mode = ssl.CERT_NONE",
    "trust": "client.load_verify_locations(cadata=OTHER[2])",
    "certificate": "client.load_cert_chain(OTHER[0], OTHER[1])",
    "callback": "client.verify_callback = lambda cert, depth: 0",
}


@BOTH_VERSIONS
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_session_is_refused_where_it_does_not_belong(
    script: Script, authority: Authority, change: str, version: int
) -> None:
    code = f"""
    name = "server.test"
    session = meet(client, server)[0].session
    {change}
    for session in (session, ssl.SSLSession(bytes(session))):
        a, b = pipe()
        print(attempt(client.wrap_socket, a, server_hostname=name, session=session))
        print(a.closed, len(b.inbox))
    """
    lines = script(VERSIONED + dedent(code), ID=authority.p256, OTHER=authority.stranger_client, VERSION=version)
    assert lines == [f"ValueError('{WRONG_PLACE}',)", "0 0"] * 2


def test_a_session_without_verification_is_nothing_for_a_context_with_it(script: Script, authority: Authority) -> None:
    code = """
    careless = ssl.SSLContext(CLIENT)
    careless.verify_mode = ssl.CERT_NONE
    session = connect(careless, server)[0].session
    a, b = pipe()
    print(attempt(client.wrap_socket, a, server_hostname="server.test", session=session))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == [f"ValueError('{WRONG_PLACE}',)"]


def test_another_callback_means_another_session(script: Script, authority: Authority) -> None:
    code = """
    client.verify_callback = lambda cert, depth: 0
    session = connect(client, server)[0].session
    print(reused(*connect(client, server, session=session)))
    print(attempt(bytes, session))
    client.verify_callback = client.verify_callback
    a, b = pipe()
    print(attempt(client.wrap_socket, a, server_hostname="server.test", session=session))
    """
    lines = script(CONTEXTS + dedent(code), ID=authority.p256)
    stored = "ValueError('a session of a context with verify_callback cannot be stored',)"
    assert lines == ["[True, True]", stored, f"ValueError('{WRONG_PLACE}',)"]


def test_a_server_takes_no_session(script: Script, authority: Authority) -> None:
    code = """
    session = connect(client, server)[0].session
    a, b = pipe()
    print(attempt(server.wrap_socket, b, server_side=True, session=session))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == [f"ValueError('{WRONG_PLACE}',)"]


@BOTH_VERSIONS
def test_a_suite_that_was_taken_away_means_a_full_handshake(script: Script, authority: Authority, version: int) -> None:
    code = """
    c, s = meet(client, server)
    client.set_ciphers([name for name in client.get_ciphers() if name != c.cipher()[0]])
    pair = meet(client, server, session=c.session)
    print(reused(*pair), pair[0].version() == c.version())
    """
    assert script(VERSIONED + dedent(code), ID=authority.p256, VERSION=version) == ["[False, False] True"]


@BOTH_VERSIONS
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_session_keeps_its_suite_though_both_like_another_better(
    script: Script, authority: Authority, version: int, side: str
) -> None:
    code = """
    own, both = (client if SIDE == "client" else server), [n for n in client.get_ciphers() if n in server.get_ciphers()]
    best = meet(client, server)[0].cipher()[0]
    own.set_ciphers([name for name in both if name != best])
    c, s = meet(client, server)
    name = c.cipher()[0]
    own.set_ciphers(both)
    c, s = meet(client, server, session=c.session)
    print(name != best, c.cipher()[0] == s.cipher()[0] == name, reused(c, s), talks(c, s))
    """
    values = {"ID": authority.p256, "VERSION": version, "SIDE": side}
    assert script(VERSIONED + dedent(code), **values) == ["True True [True, True] True"]


@BOTH_VERSIONS
def test_another_context_of_a_server_does_not_know_its_tickets(
    script: Script, authority: Authority, version: int
) -> None:
    code = """
    session = meet(client, server)[0].session
    c, s = meet(client, speak(server_context(ID)), session=session)
    print(reused(c, s), c.session.time >= session.time)
    print(visit(client, server, session=c.session))
    """
    lines = script(VERSIONED + dedent(code), ID=authority.p256, VERSION=version)
    assert lines == ["[False, False] True", "[False, False]"]


SERVER_CHANGES = {
    "verify_mode": "server.verify_mode = ssl.CERT_OPTIONAL",
    "trust": "server.load_verify_locations(cadata=ID[2])",
    "certificate": "server.load_cert_chain(OTHER[0], OTHER[1])",
    "callback": "server.verify_callback = lambda cert, depth: 0",
}


@BOTH_VERSIONS
@pytest.mark.parametrize("change", SERVER_CHANGES.values(), ids=SERVER_CHANGES)
def test_a_server_whose_settings_changed_resumes_no_ticket(
    script: Script, authority: Authority, change: str, version: int
) -> None:
    assert resumed_after(script, authority, change, VERSION=version) == ["[False, False]"]


@pytest.mark.parametrize("change", SERVER_CHANGES.values(), ids=SERVER_CHANGES)
def test_a_server_whose_settings_changed_resumes_no_session_by_id(
    script: Script, authority: Authority, change: str
) -> None:
    before = "server.options = ssl.OP_NO_TICKET"
    assert resumed_after(script, authority, change, before, VERSION=0x0303) == ["[False, False]"]


def resumed_after(script: Script, authority: Authority, change: str, before: str = "", **values: object) -> list[str]:
    """Whether a session is resumed that was made after `before`, and then `change`."""
    code = f"""
    {before}
    session = meet(client, server)[0].session
    {change}
    print(visit(client, server, session=session))
    """
    other = authority.issue(days=(-2, 20))
    return script(VERSIONED + dedent(code), ID=authority.p256, OTHER=other, **values)


@pytest.mark.parametrize("tickets", [True, False])
def test_a_server_resumes_for_the_same_server_name_only(script: Script, authority: Authority, tickets: bool) -> None:
    code = """
    class Renamed(End):
        # Replaces the name in a ClientHello by one of the same length, which breaks nothing before Finished.
        def write(self, data):
            return super().write(bytes(data).replace(b"server.test", b"xerver.test"))

    if not TICKETS:
        server.options = ssl.OP_NO_TICKET
    session = connect(client, server)[0].session
    a, b = Renamed(), End()
    a.peer, b.peer = b, a
    c = client.wrap_socket(a, server_hostname="server.test", session=session)
    s = server.wrap_socket(b, server_side=True)
    print(s.session_reused, b"server.test" in bytes(a.inbox))
    """
    # A full handshake shows the certificate, with its name; an abbreviated one has nothing that could be read.
    lines = script(CONTEXTS + dedent(code), ID=authority.p256, TICKETS=tickets)
    assert lines == ["None True"]


@BOTH_VERSIONS
@pytest.mark.requires("settable-clock")
@pytest.mark.parametrize(("seconds", "expected"), [(43000, True), (43400, False), (-1000, False)])
def test_sessions_end_with_their_time(
    script: Script, authority: Authority, seconds: int, expected: bool, version: int
) -> None:
    code = "session = meet(client, server)[0].session; print(session.timeout)"
    assert script(VERSIONED + code, ID=authority.issue(days=(-2, 30)), VERSION=version) == ["43200"]
    # A clock that went back makes a session one from the future.
    script.board.set_clock(datetime.now(UTC) + timedelta(seconds=seconds))
    assert script("print(visit(client, server, session=session))") == [str([expected] * 2)]


@pytest.mark.requires("settable-clock")
def test_keys_of_tickets_change_and_old_tickets_live_on(script: Script, authority: Authority) -> None:
    code = "print(reused(*connect(client, server, session=connect(client, server)[0].session)))"
    identity = authority.issue(days=(-2, 30))
    assert script(CONTEXTS + code, ID=identity) == ["[True, True]"]
    now = datetime.now(UTC)
    script.board.set_clock(now + timedelta(seconds=40000))
    assert script("session = connect(client, server)[0].session", ID=identity) == []
    script.board.set_clock(now + timedelta(seconds=44000))
    code = "connect(client, server); print(reused(*connect(client, server, session=session)))"
    assert script(code, ID=identity) == ["[True, True]"]


# --- The common cache ----------------------------------------------------------------------------------------------


def test_a_client_resumes_by_itself(script: Script, authority: Authority) -> None:
    code = "print(resumed(client, server), resumed(client, server), resumed(client, server))"
    assert script(CACHED + code, ID=authority.p256) == ["[False, False] [True, True] [True, True]"]


def test_so_does_a_program_that_makes_a_context_for_each_connection(script: Script, authority: Authority) -> None:
    code = "print(resumed(client_context(ID), server), resumed(client_context(ID), server))"
    assert script(CACHED + code, ID=authority.p256) == ["[False, False] [True, True]"]


def test_so_does_the_old_wrap_socket(script: Script, authority: Authority) -> None:
    code = """
    for _ in range(2):
        a, b = pipe()
        c = ssl.wrap_socket(a, cert_reqs=ssl.CERT_REQUIRED, cadata=ID[2], server_hostname="server.test")
        print(reused(*shake(c, server.wrap_socket(b, server_side=True))))
    """
    assert script(CACHED + dedent(code), ID=authority.p256) == ["[False, False]", "[True, True]"]


@pytest.mark.parametrize("change", [c for n, c in CHANGES.items() if n != "name"])
def test_other_settings_find_nothing_in_it(script: Script, authority: Authority, change: str) -> None:
    code = f"""
    resumed(client, server)
    {change}
    print(resumed(client, server))
    """
    assert script(CACHED + dedent(code), ID=authority.p256, OTHER=authority.stranger_client) == ["[False, False]"]


def test_another_name_finds_nothing_in_it(script: Script, authority: Authority) -> None:
    identity = authority.issue(names=("server.test", "other.test"))
    code = "print(resumed(client, server), resumed(client, server, 'other.test'), resumed(client, server))"
    assert script(CACHED + code, ID=identity) == ["[False, False] [False, False] [True, True]"]


def test_it_is_bounded_and_forgets_the_oldest(script: Script, authority: Authority) -> None:
    names = tuple(f"s{i}.test" for i in range(3))
    code = """
    print(ssl.session_cache_size(), ssl.session_cache_size(2))
    for name in NAMES:
        resumed(client, server, name)
    print(ssl.session_cache_size())
    print([resumed(client, server, name)[0] for name in (NAMES[2],)])
    ssl.session_cache_size(0)
    print(resumed(client, server, NAMES[2]), resumed(client, server, NAMES[2]))
    """
    lines = script(CACHED + dedent(code), ID=authority.issue(names=names), NAMES=names)
    assert lines == ["4 2", "2", "[True]", "[False, False] [False, False]"]


def test_wrong_sizes_are_refused(script: Script) -> None:
    code = """
    for size in (-1, 9, 1 << 40, "1"):
        print(attempt(ssl.session_cache_size, size).split("(")[0])
    print(ssl.session_cache_size())
    """
    lines = script(code)
    assert lines[:2] + lines[3:] == ["ValueError", "ValueError", "TypeError", "4"]
    assert lines[2] in ("ValueError", "OverflowError")


def test_a_context_may_stay_out_of_it(script: Script, authority: Authority) -> None:
    code = """
    client.session_cache = False
    print(client.session_cache, resumed(client, server), resumed(client, server))
    """
    assert script(CACHED + dedent(code), ID=authority.p256) == ["False [False, False] [False, False]"]


def test_a_session_that_failed_is_not_resumed_again(script: Script, authority: Authority) -> None:
    code = """
    c, s = connect(client, server)
    client_end, server_end = pipe()
    c = client.wrap_socket(client_end, server_hostname="server.test")
    s = server.wrap_socket(server_end, server_side=True)
    client_end.inbox[-1] ^= 1
    print("SSL_INVALID_MAC" in attempt(c.do_handshake))
    print(resumed(client, server))
    """
    assert script(CACHED + dedent(code), ID=authority.p256) == ["True", "[False, False]"]


def test_options_hold_what_is_known(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    print(context.options, ssl.OP_NO_TICKET == 0x4000)
    for value in (1, -1, 0x8000, None):
        print(attempt(setattr, context, "options", value).split("(")[0])
    context.options = ssl.OP_NO_TICKET
    print(context.options == ssl.OP_NO_TICKET)
    """
    assert script(code) == ["0 True", "ValueError", "ValueError", "ValueError", "TypeError", "True"]
