# SPDX-License-Identifier: MIT
"""TLS 1.3 after the handshake, from a server whose messages are made by hand: tickets, new keys, and their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.contract.crafted13 import (
    ALERT,
    DATA,
    HANDSHAKE,
    NEW_SESSION_TICKET,
    NOT_REQUESTED,
    REQUESTED,
    Crafted13Server,
    key_update,
    message,
)
from hil_tests.records import Alert

pytestmark = pytest.mark.requires("tls-1.3", "sockets")

CONNECT = """
import socket
s = socket.socket()
s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
context = client_context((None, None, CA))
context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
context.set_ciphers(["TLS1-3-CHACHA20-POLY1305-SHA256"])
t = context.wrap_socket(s, server_hostname="server.test", do_handshake_on_connect=False)
"""
MESSAGE_HEADER = 4
Serve = Callable[[Crafted13Server], None]


@dataclass(frozen=True)
class Meeting:
    """Meets a board with a crafted server."""

    script: Script
    authority: Authority
    raw_server: Callable[..., peers.RawServer]
    folder: Path

    def __call__(self, code: str, serve: Serve, *, halfway: bool = False) -> list[str]:
        """What the board's code printed, `t` being connected; halfway, it waits for the rest of the flight."""

        def behave(wire: peers.Wire) -> None:
            serve(Crafted13Server(wire, self.authority.p256, self.folder, halfway=halfway))

        raw = self.raw_server(behave)
        shake = "" if halfway else "t.do_handshake()\n"
        lines = self.script(CONNECT + shake + code, **raw.values(self.script.board, self.authority.p256))
        raw.finished()
        return lines


@pytest.fixture
def meet(script: Script, authority: Authority, raw_server: Callable[..., peers.RawServer], tmp_path: Path) -> Meeting:
    return Meeting(script, authority, raw_server, tmp_path)


def ticket(lifetime: int = 7200, body: bytes | None = None) -> bytes:
    """A NewSessionTicket."""
    good = lifetime.to_bytes(4, "big") + bytes(4) + b"\x02no" + b"\x00\x06ticket" + b"\x00\x00"
    return message(NEW_SESSION_TICKET, good if body is None else body)


def test_new_keys_both_ways(meet: Meeting) -> None:
    heard = []

    def serve(server: Crafted13Server) -> None:
        for number in range(3):
            server.send(server.record(HANDSHAKE, key_update(REQUESTED)))
            server.out.update()
            server.send(server.record(DATA, b"%d" % number))
            heard.append(server.receive())
            server.into.update()
            heard.append(server.receive())

    assert meet("for _ in range(3): t.write(t.read(1))\nt.close()", serve) == []
    expected = [[(HANDSHAKE, key_update(NOT_REQUESTED)), (DATA, b"%d" % number)] for number in range(3)]
    assert heard == sum(expected, [])


def test_several_requests_have_one_answer(meet: Meeting) -> None:
    heard = []

    def serve(server: Crafted13Server) -> None:
        for _ in range(4):
            server.send(server.record(HANDSHAKE, key_update(REQUESTED)))
            server.out.update()
        server.send(server.record(DATA, b"x"))
        heard.append(server.receive())
        server.into.update()
        heard.append(server.receive())

    assert meet("t.write(t.read(1))\nt.close()", serve) == []
    assert heard == [(HANDSHAKE, key_update(NOT_REQUESTED)), (DATA, b"x")]


def in_pieces(size: int) -> ParameterSet:
    """Pieces that end after so many bytes of a message. Mbed TLS does not take less than its header."""
    return pytest.param(size, marks=pytest.mark.requires("message-checks") if size < MESSAGE_HEADER else ())


@pytest.mark.parametrize("size", [in_pieces(size) for size in (1, 3, MESSAGE_HEADER)])
def test_a_message_may_come_in_pieces(meet: Meeting, size: int) -> None:
    def serve(server: Crafted13Server) -> None:
        update, fresh = key_update(NOT_REQUESTED), ticket()
        server.send(server.record(HANDSHAKE, fresh[:size]), server.record(HANDSHAKE, fresh[size:] + update[:size]))
        server.send(server.record(HANDSHAKE, update[size:]))
        server.out.update()
        server.send(server.record(DATA, b"data"))
        server.receive_alerts()

    code = "print(t.read(4), t.session.timeout); t.close()"
    assert meet(code, serve) == ["b'data' 7200"]


@pytest.mark.parametrize("lifetime, timeout", [(0, None), (60, 60), (86400, 86400), (604800, 86400)])
def test_a_ticket_lives_as_long_as_its_server_says_but_a_day_at_most(
    meet: Meeting, lifetime: int, timeout: int | None
) -> None:
    def serve(server: Crafted13Server) -> None:
        server.send(server.record(HANDSHAKE, ticket(lifetime)), server.record(DATA, b"data"))
        server.receive_alerts()

    code = "print(t.read(4), t.session and t.session.timeout); t.close()"
    assert meet(code, serve) == [f"b'data' {timeout}"]


def test_the_newest_ticket_counts(meet: Meeting) -> None:
    def serve(server: Crafted13Server) -> None:
        server.send(server.record(HANDSHAKE, ticket(100) + ticket(200)), server.record(DATA, b"data"))
        server.receive_alerts()

    assert meet("print(t.read(4), t.session.timeout); t.close()", serve) == ["b'data' 200"]


@dataclass(frozen=True)
class Wrong:
    """Records after the handshake, as (type, plaintext, padding), the error that names them, and the alert."""

    records: tuple[tuple[int, bytes, int], ...]
    error: str
    alert: str


DECODE, UNEXPECTED = (
    ("MBEDTLS_ERR_SSL_DECODE_ERROR", "decode_error"),
    ("MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE", "unexpected_message"),
)
GOOD = ticket()
WRONG = {
    "a KeyUpdate that asks for something else": Wrong(
        ((HANDSHAKE, key_update(2), 0),), "MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER", "illegal_parameter"
    ),
    "an empty KeyUpdate": Wrong(((HANDSHAKE, message(24, b""), 0),), *DECODE),
    "a long KeyUpdate": Wrong(((HANDSHAKE, message(24, b"\x00\x00"), 0),), *DECODE),
    "a KeyUpdate with more behind it": Wrong(((HANDSHAKE, key_update(0) + GOOD, 0),), *UNEXPECTED),
    "two KeyUpdates in a record": Wrong(((HANDSHAKE, key_update(0) * 2, 0),), *UNEXPECTED),
    "a ticket of no bytes": Wrong(((HANDSHAKE, ticket(body=bytes(9) + b"\x00\x00\x00\x00"), 0),), *DECODE),
    "a ticket that was cut": Wrong(((HANDSHAKE, message(4, GOOD[4:-1]), 0),), *DECODE),
    "a ticket with more behind it": Wrong(((HANDSHAKE, message(4, GOOD[4:] + b"x"), 0),), *DECODE),
    "a ticket whose nonce is too long": Wrong(((HANDSHAKE, ticket(body=bytes(8) + b"\xff" + bytes(20)), 0),), *DECODE),
    "a server's Finished": Wrong(((HANDSHAKE, message(20, bytes(32)), 0),), *UNEXPECTED),
    "a request for a certificate": Wrong(((HANDSHAKE, message(13, b"\x00\x00\x00"), 0),), *UNEXPECTED),
    "a KeyUpdate that data cut in two": Wrong(((HANDSHAKE, key_update(0)[:4], 0), (DATA, b"x", 0)), *UNEXPECTED),
    "tickets without end": Wrong(tuple((HANDSHAKE, GOOD, 0) for _ in range(9)), *UNEXPECTED),
    "tickets without end in a record": Wrong(((HANDSHAKE, GOOD * 500, 0),), *UNEXPECTED),
    # Mbed TLS takes the fourth empty record for an attack, and calls it that.
    "padding without end": Wrong(
        tuple((DATA, b"", 500) for _ in range(9)), "MBEDTLS_ERR_SSL_INVALID_MAC", "bad_record_mac"
    ),
    "padded warnings without end": Wrong(tuple((ALERT, b"\x01\x5a", 300) for _ in range(9)), *UNEXPECTED),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_client_refuses_out_loud(meet: Meeting, what: str) -> None:
    case = WRONG[what]
    seen: list[Alert] = []

    def serve(server: Crafted13Server) -> None:
        server.send(*[server.record(*record) for record in case.records])
        seen.extend(server.receive_alerts())

    (line,) = meet("print(attempt(t.read, 1))", serve)
    assert case.error in line, line
    assert [alert for alert in seen if alert.level == "fatal"] == [Alert("fatal", case.alert)], (seen, line)


@pytest.mark.parametrize("padding", [0, 1, 300])
def test_warnings_without_end_end_a_handshake(meet: Meeting, padding: int) -> None:
    seen: list[Alert] = []

    def serve(server: Crafted13Server) -> None:
        server.send(*[server.record(ALERT, b"\x01\x5a", padding) for _ in range(20)])
        seen.extend(server.receive_plain_alerts())

    (line,) = meet("print(attempt(t.do_handshake))", serve, halfway=True)
    assert "MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE" in line, line
    assert seen == [Alert("fatal", "unexpected_message")]


@pytest.mark.parametrize("request_update", [NOT_REQUESTED, REQUESTED])
def test_key_updates_without_end_are_refused(meet: Meeting, request_update: int) -> None:
    seen: list[Alert] = []

    def serve(server: Crafted13Server) -> None:
        records = []
        for _ in range(9):
            records.append(server.record(HANDSHAKE, key_update(request_update)))
            server.out.update()
        server.send(*records)
        seen.extend(server.receive_alerts())

    (line,) = meet("print(attempt(t.read, 1))", serve)
    assert "MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE" in line, line
    assert seen == [Alert("fatal", "unexpected_message")]


def test_old_keys_are_refused_after_an_update(meet: Meeting) -> None:
    seen: list[Alert] = []

    def serve(server: Crafted13Server) -> None:
        server.send(server.record(HANDSHAKE, key_update(NOT_REQUESTED)), server.record(DATA, b"x"))
        seen.extend(server.receive_alerts())

    (line,) = meet("print(attempt(t.read, 1))", serve)
    assert "MBEDTLS_ERR_SSL_INVALID_MAC" in line, line
    assert seen == [Alert("fatal", "bad_record_mac")]
