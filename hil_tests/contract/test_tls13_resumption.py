# SPDX-License-Identifier: MIT
"""Resumption in TLS 1.3 between our own client and server: tickets come after the handshake, with what is read.

What it has in common with TLS 1.2 is in test_resumption.py.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.contract.test_memory_error import sweep
from hil_tests.contract.test_resumption import WRONG_PLACE

pytestmark = pytest.mark.requires("tls-1.3")

# The common cache is off unless a test is about it.
CONTEXTS = """
client, server = client_context(ID), server_context(ID)
for context in (client, server):
    context.maximum_version = ssl.TLSVersion.TLSv1_3
client.session_cache = False
"""


def test_a_session_comes_with_the_first_read(script: Script, authority: Authority) -> None:
    code = """
    c, s = connect(client, server)
    print(c.version(), c.session)
    print(talks(c, s), type(c.session).__name__, c.session.has_ticket, c.session.timeout, s.session)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["TLSv1.3 None", "True SSLSession True 43200 None"]


def test_a_resumed_connection_has_its_session_at_once(script: Script, authority: Authority) -> None:
    code = """
    session = meet(client, server)[0].session
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test", session=session)
    s = server.wrap_socket(b, server_side=True)
    print(c.session, c.session_reused, s.session_reused)
    shake(c, s)
    print(c.session.time == session.time, reused(c, s), visit(client, server, session=c.session))
    """
    lines = script(CONTEXTS + dedent(code), ID=authority.p256)
    assert lines == ["None None None", "True [True, True] [True, True]"]


def test_the_suite_of_the_session_goes_on(script: Script, authority: Authority) -> None:
    code = """
    for name in ("TLS1-3-AES-256-GCM-SHA384", "TLS1-3-CHACHA20-POLY1305-SHA256"):
        client.set_ciphers([name])
        session = meet(client, server)[0].session
        client.set_ciphers(client.get_ciphers()[::-1])
        c, s = meet(client, server, session=session)
        print(reused(c, s), c.cipher()[0] == s.cipher()[0] == name)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["[True, True] True"] * 2


def test_a_suite_that_the_server_has_no_more_means_a_full_handshake(script: Script, authority: Authority) -> None:
    code = """
    c, s = meet(client, server)
    server.set_ciphers([name for name in server.get_ciphers() if name != c.cipher()[0]])
    pair = meet(client, server, session=c.session)
    print(reused(*pair), pair[0].version())
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["[False, False] TLSv1.3"]


@pytest.mark.parametrize("side", ["client", "server"])
def test_without_tickets_nothing_is_resumed(script: Script, authority: Authority, side: str) -> None:
    code = """
    session = meet(client, server)[0].session
    (client if SIDE == "client" else server).options |= ssl.OP_NO_TICKET
    pair = meet(client, server, session=session)
    print(reused(*pair), pair[0].session)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256, SIDE=side) == ["[False, False] None"]


def test_a_session_is_refused_by_a_client_of_1_2(script: Script, authority: Authority) -> None:
    code = """
    session = meet(client, server)[0].session
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    a, b = pipe()
    print(attempt(client.wrap_socket, a, server_hostname="server.test", session=session))
    print(a.closed, len(b.inbox))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == [f"ValueError('{WRONG_PLACE}',)", "0 0"]


# What a ClientHello holds, seen from its end: 35 bytes of binders, the age, and before it the ticket.
BINDER, TICKET = 1, 35 + 4 + 40
MANGLED = """
class Mangled(End):
    # Changes one bit of the first record.
    def write(self, data):
        changed = bytearray(data)
        if not self.writes:
            changed[-WHERE] ^= 1
        return super().write(changed)

session = meet(client, server)[0].session
a, b = Mangled(), End()
a.peer, b.peer = b, a
c = client.wrap_socket(a, server_hostname="server.test", session=session)
s = server.wrap_socket(b, server_side=True, do_handshake_on_connect=False)
"""


def test_a_hello_with_a_wrong_binder_is_refused(script: Script, authority: Authority) -> None:
    code = MANGLED + "print(attempt(s.do_handshake))\nprint(attempt(c.do_handshake))"
    lines = script(CONTEXTS + code, ID=authority.p256, WHERE=BINDER)
    assert lines[0].startswith("OSError(-28160, 'MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE"), lines
    assert lines[1] == "OSError(-30592, 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent decrypt_error')"


def test_an_altered_ticket_is_not_resumed(script: Script, authority: Authority) -> None:
    # The server goes on with a full handshake, and the client has another idea of what was said.
    code = MANGLED + "step(s)\nprint(s.session_reused, len(a.inbox) > len(ID[0]))\nprint(attempt(c.do_handshake))"
    lines = script(CONTEXTS + code, ID=authority.p256, WHERE=TICKET)
    assert lines[0] == "None True"
    assert lines[1].startswith("OSError(-29056, 'MBEDTLS_ERR_SSL_INVALID_MAC"), lines


# --- Reading -------------------------------------------------------------------------------------------------------


def test_a_ticket_alone_is_no_data(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client, server, ends=ends)
    poller = select.poll()
    poller.register(c, select.POLLIN)
    print(bool(poller.poll(0)), c.read(4), c.session is not None, c.pending(), poller.poll(0))
    s.write(b"data")
    print(bool(poller.poll(0)), c.read(2), c.pending(), bool(poller.poll(0)), c.read(2), poller.poll(0))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == [
        "True None True 0 []",
        "True b'da' 2 True b'ta' []",
    ]


def test_a_ticket_may_come_byte_by_byte(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client, server, ends=ends)
    s.write(b"data")
    coming, ends[0].inbox = ends[0].inbox, bytearray()
    got = []
    for byte in coming:
        ends[0].inbox.append(byte)
        got.append(c.read(4))
    print(got.count(None) == len(got) - 1, got[-1], visit(client, server, session=c.session))
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["True b'data' [True, True]"]


def test_a_stream_that_is_waited_for_gives_data_and_not_a_ticket(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    s = server.wrap_socket(ends[1], server_side=True, do_handshake_on_connect=False)
    turns = []
    def peer():
        if step(s):
            turns.append(s.write(b"%d" % len(turns)))
    c = client.wrap_socket(PlainEnd(ends[0], peer), server_hostname="server.test")
    print(c.read(1), c.session is not None, turns)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["b'0' True [1]"]


# --- The common cache ----------------------------------------------------------------------------------------------


def test_a_client_resumes_by_itself(script: Script, authority: Authority) -> None:
    code = """
    client.session_cache = True
    other = client_context(ID)
    other.maximum_version = ssl.TLSVersion.TLSv1_3
    print([visit(context, server) for context in (client, client, other)])
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["[[False, False], [True, True], [True, True]]"]


def test_a_session_that_was_declined_is_forgotten(script: Script, authority: Authority) -> None:
    code = """
    client.session_cache = True
    meet(client, server)
    server.options |= ssl.OP_NO_TICKET
    print(visit(client, server))
    server.options &= ~ssl.OP_NO_TICKET
    print([visit(client, server) for _ in range(2)])
    """
    lines = script(CONTEXTS + dedent(code), ID=authority.p256)
    assert lines == ["[False, False]", "[[False, False], [True, True]]"]


# `meetings` prints what so many connections in a row are, with a server that knows no newer version.
MEETINGS = """
client.session_cache = True

def meetings(count, newest):
    server.maximum_version = newest
    print([(c.version(), c.session_reused) for c, s in [meet(client, server) for _ in range(count)]])
"""


def test_a_server_that_learns_tls_1_3_gets_it_after_one_refusal(script: Script, authority: Authority) -> None:
    # A session of TLS 1.2 decides the version that is offered, and must not keep it for ever.
    code = "meetings(2, ssl.TLSVersion.TLSv1_2); meetings(3, ssl.TLSVersion.TLSv1_3)"
    assert script(CONTEXTS + MEETINGS + code, ID=authority.p256) == [
        "[('TLSv1.2', False), ('TLSv1.2', True)]",
        "[('TLSv1.2', False), ('TLSv1.3', False), ('TLSv1.3', True)]",
    ]


def test_a_server_that_has_gone_back_to_tls_1_2_is_no_surprise(script: Script, authority: Authority) -> None:
    code = "meetings(2, ssl.TLSVersion.TLSv1_3); meetings(2, ssl.TLSVersion.TLSv1_2)"
    assert script(CONTEXTS + MEETINGS + code, ID=authority.p256) == [
        "[('TLSv1.3', False), ('TLSv1.3', True)]",
        "[('TLSv1.2', False), ('TLSv1.2', True)]",
    ]


def test_a_ticket_is_offered_to_tls_1_3_alone(script: Script, authority: Authority) -> None:
    code = r"""
    session = meet(client, server)[0].session
    a, b = pipe()
    c = client.wrap_socket(a, server_hostname="server.test", session=session, do_handshake_on_connect=False)
    step(c)
    # The extensions session_ticket, without a ticket, and pre_shared_key, with one.
    print(b"\0\x23\0\0" in b.inbox, b"\0\x29\0\0" in b.inbox, b"\0\x29" in b.inbox)
    """
    assert script(CONTEXTS + dedent(code), ID=authority.p256) == ["True False True"]


# --- Memory --------------------------------------------------------------------------------------------------------


@pytest.mark.requires("fault-injection", "leak-count")
@pytest.mark.timeout(600)
def test_every_allocation_of_a_resumed_session_may_fail(script: Script, authority: Authority) -> None:
    session = (
        CONTEXTS
        + """
authenticate(client, server, OWN)
first = meet(client, server)
kept = first[0].session
for s in first:
    s.close()
def session():
    if not all(visit(client, server, session=kept)):
        raise RuntimeError("a full handshake")
"""
    )
    assert sweep(script, session, ID=authority.p256, OWN=authority.client) > 200
