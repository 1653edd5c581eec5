# SPDX-License-Identifier: MIT
"""Handshakes in pieces, on sockets that do not block: where they stop, how they go on, and that they judge alike."""

from __future__ import annotations

import textwrap

import pytest

from hil_tests.certificates import Authority, Identity
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.requires("slices")

# Goes on with both handshakes and counts, for each socket, the calls that ended with nothing to wait for: poll() says
# that the socket can go on, and has not asked its end of the pipe.
PIECES = """
def pieces(*sockets):
    counts = [0] * len(sockets)
    for sock in sockets:
        sock.setblocking(False)
    poller = select.poll()
    for _ in range(1000):
        done = 0
        for i, sock in enumerate(sockets):
            if step(sock):
                done += 1
                continue
            ends[i].asked = None
            poller.register(sock, select.POLLIN)
            counts[i] += bool(poller.poll(0)) and ends[i].asked is None
            poller.unregister(sock)
        if done == len(sockets):
            return counts
    raise RuntimeError("handshake makes no progress")

any_client_context = client_context

def client_context(identity):
    context = any_client_context(identity)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context

ends = pipe()
"""


def prepared(code: str) -> str:
    """Code after the counting above."""
    return PIECES + textwrap.dedent(code)


@pytest.mark.parametrize(
    ("kind", "depth", "pauses"),
    [
        pytest.param("p256", 0, 0, marks=pytest.mark.every_board),
        ("rsa", 0, 0),
        ("p384", 0, 1),
        ("p384", 1, 2),
        ("p384", 2, 3),
    ],
)
def test_a_handshake_pauses_where_its_budget_is_used_up(
    script: Script, authority: Authority, kind: str, depth: int, pauses: int
) -> None:
    code = """
    c, s = wrap(client_context(ID), server_context(ID), ends=ends)
    print(pieces(c, s)[0], talks(c, s))
    """
    if "small-slices" in script.board.capabilities:
        pauses = depth + 2  # after each signature of the chain and that of the key exchange, before the agreement
    assert script(prepared(code), ID=authority.issue(kind, depth=depth)) == [f"{pauses} True"]


def test_a_socket_that_blocks_takes_no_pieces(script: Script, authority: Authority) -> None:
    code = """
    c, s = wrap(client_context(ID), server_context(ID), ends=ends)
    c.read(1), s.read(1), c.read(1)
    print(c.version(), s.version(), talks(c, s))
    """
    assert script(prepared(code), ID=authority.issue("p384", depth=1)) == ["TLSv1.2 TLSv1.2 True"]


def test_a_timeout_of_zero_asks_for_pieces_and_none_ends_them(script: Script, authority: Authority) -> None:
    code = """
    End.settimeout = lambda self, seconds: None
    for timeout in (0, None):
        ends = pipe()
        c, s = wrap(client_context(ID), server_context(ID), ends=ends)
        c.settimeout(0)
        c.settimeout(timeout)
        c.read(1)
        print(timeout, s.read(1), s.version())
    """
    expected = ["0 None None", "None None TLSv1.2"]
    assert script(prepared(code), ID=authority.p384) == expected


def test_do_handshake_says_want_read_and_poll_that_both_directions_are_ready(
    script: Script, authority: Authority
) -> None:
    code = """
    c, s = wrap(client_context(ID), server_context(ID), ends=ends)
    c.setblocking(False)
    print(attempt(c.do_handshake))
    poller = select.poll()
    for wanted in (select.POLLIN, select.POLLOUT, select.POLLIN | select.POLLOUT):
        poller.register(c, wanted)
        print([events == wanted for _, events in poller.poll(0)])
    """
    expected = ["SSLWantReadError(11,)", "[True]", "[True]", "[True]"]
    assert script(prepared(code), ID=authority.p384) == expected


@pytest.mark.parametrize("mode", ["CERT_REQUIRED", "CERT_OPTIONAL"])
@pytest.mark.parametrize("flaw", ["stranger", "expired", "name"])
def test_a_bad_chain_is_refused_like_in_one_piece(script: Script, authority: Authority, flaw: str, mode: str) -> None:
    code = """
    def refusals(non_blocking):
        context = client_context(ROOT)
        context.verify_mode = MODE
        c, s = wrap(context, server_context(ID), ends=pipe())
        if non_blocking:
            c.setblocking(False)
        return [show(error) for error in outcome(c, s)]

    print(refusals(True) == refusals(False))
    print(refusals(True))
    """
    identity: Identity = {
        "stranger": authority.issue("p384", root="other"),
        "expired": authority.issue("p384", days=(-30, -1)),
        "name": authority.issue("p384", ["elsewhere.test"]),
    }[flaw]
    values = {"ID": identity, "ROOT": authority.p384}
    lines = script(prepared(code.replace("MODE", f"ssl.{mode}")), **values)
    assert lines[0] == "True", lines[1]
    assert "SSLCertVerificationError" in lines[1]
    assert "ALERT" in lines[1]


@pytest.mark.parametrize("answer", [0, 1])
def test_the_callback_is_asked_once_for_each_certificate(script: Script, authority: Authority, answer: int) -> None:
    code = """
    def ask(certificate, depth):
        asked.append(depth)
        return ANSWER if depth == 0 else 0

    for non_blocking in (True, False):
        asked = []
        context = client_context(ID)
        context.verify_callback = ask
        c, s = wrap(context, server_context(ID), ends=pipe())
        if non_blocking:
            c.setblocking(False)
        print(asked, [error and error.args[1] for error in outcome(c, s)], asked)
    """
    lines = script(prepared(code), ID=authority.issue("p384", depth=1), ANSWER=answer)
    assert lines[0] == lines[1]
    assert lines[0].endswith("[2, 1, 0]")
    assert ("X509_FATAL_ERROR" in lines[0]) == bool(answer)


def test_an_exception_of_the_callback_comes_out_of_the_call_that_ran_it(script: Script, authority: Authority) -> None:
    code = """
    def ask(certificate, depth):
        raise KeyError("callback")

    context = client_context(ID)
    context.verify_callback = ask
    c, s = wrap(context, server_context(ID), ends=ends)
    c.setblocking(False)
    print([type(error).__name__ for error in outcome(c, s)])
    """
    assert script(prepared(code), ID=authority.issue("p384", depth=1)) == ["['KeyError', 'OSError']"]


def test_a_server_verifies_its_client_in_pieces(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    authenticate(client, server, OWN)
    c, s = wrap(client, server, ends=ends)
    print(pieces(c, s)[1], talks(c, s), s.getpeercert(True) is not None)
    """
    identity, own = authority.issue("p384", depth=1), authority.issue("p384", depth=1, client=True)
    assert script(prepared(code), ID=identity, OWN=own) == ["3 True True"]


def test_two_connections_in_pieces_do_not_mix_their_answers(script: Script, authority: Authority) -> None:
    code = """
    c1, s1 = wrap(client_context(ID), server_context(ID))
    c2, s2 = wrap(client_context(ID), server_context(OTHER))
    for c in (c1, c2):
        c.setblocking(False)
    print([error and type(error).__name__ for error in outcome(c1, c2, s1, s2)])
    """
    values = {"ID": authority.p384, "OTHER": authority.issue("p384", root="other")}
    assert script(prepared(code), **values) == ["[None, 'SSLCertVerificationError', None, 'OSError']"]


def test_closing_in_a_pause_leaves_nothing_behind(script: Script, authority: Authority) -> None:
    code = """
    contexts = client_context(ID), server_context(ID)

    def connect():
        c, s = wrap(*contexts)
        c.setblocking(False)
        print(attempt(c.do_handshake))
        c.close()
        s.close()

    connect()
    before = ssl.memory_info()["blocks"]
    connect()
    print(ssl.memory_info()["blocks"] - before)
    """
    lines = script(prepared(code), ID=authority.issue("p384", depth=1))
    assert lines == ["SSLWantReadError(11,)", "SSLWantReadError(11,)", "0"]


@pytest.mark.requires("tls-1.3")
def test_tls_1_3_has_pieces_too(script: Script, authority: Authority) -> None:
    code = """
    contexts = any_client_context(ID), server_context(ID)
    for context in contexts:
        context.maximum_version = ssl.TLSVersion.TLSv1_3
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    c, s = wrap(*contexts, ends=ends)
    print(pieces(c, s)[0], talks(c, s), c.version())
    """
    assert script(prepared(code), ID=authority.issue("p384", depth=1)) == ["2 True TLSv1.3"]
