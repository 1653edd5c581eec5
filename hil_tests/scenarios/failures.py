# SPDX-License-Identifier: MIT
"""What boards raise when TLS fails, and how a test says what both ends must have seen."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from hil_tests.boards import Board
from hil_tests.peers import Session, TlsClient
from hil_tests.records import Alert

# What follows the failed check while the clock stands at 2000-01-01.
UNSET_CLOCK = (
    "; the board's clock is unset or wrong (it reads 2000-01-01): set it with"
    " 'mpremote rtc --set', ntptime.settime() or machine.RTC().datetime()"
)
ECONNRESET = 104  # MicroPython's number, on every port


@dataclass(frozen=True)
class Failure:
    """An exception of the board: its type, its number (Mbed TLS's or an errno), its text ("" for an errno)."""

    kind: str
    number: int
    text: str = ""

    @classmethod
    def parse(cls, lines: list[str]) -> Failure:
        """From the line that `report()` printed, which has to be the last. Raises AssertionError when it is not."""
        assert lines and lines[-1].startswith("refused "), f"expected a refusal, seen {lines}"
        kind, arguments = ast.literal_eval(lines[-1].removeprefix("refused "))
        return cls(kind, arguments[0], arguments[1] if len(arguments) > 1 else "")


def tls_failure(number: int, name: str, more: str = "") -> Failure:
    """OSError(number, "MBEDTLS_ERR_<name>: <more>")."""
    return Failure("OSError", number, f"MBEDTLS_ERR_{name}" + (f": {more}" if more else ""))


def refused_certificate(checks: str) -> Failure:
    """The board did not accept the other end's certificate because of these checks."""
    text = f"MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: certificate is {checks}"
    return Failure("SSLCertVerificationError", -0x2700, text)


def peer_sent(alert: str, more: str = "") -> Failure:
    """The other end refused, by this alert."""
    return tls_failure(-0x7780, "SSL_FATAL_ALERT_MESSAGE", f"the peer sent {alert}{more}")


RESET = Failure("OSError", ECONNRESET)
TRUNCATED = tls_failure(-0x7280, "SSL_CONN_EOF")
NOT_TLS = tls_failure(-0x7200, "SSL_INVALID_RECORD", "what the peer sent is not TLS: is this the right port?")
NO_CERTIFICATE = tls_failure(-0x7480, "SSL_NO_CLIENT_CERTIFICATE")
NOTHING_IN_COMMON = tls_failure(
    -0x6E00,
    "SSL_HANDSHAKE_FAILURE",
    "no cipher suite or curve in common with the peer, which may insist on TLS 1.3:"
    " see ssl.HAS_TLSv1_3 and maximum_version",
)
NO_COMMON_VERSION = tls_failure(
    -0x6E80, "SSL_BAD_PROTOCOL_VERSION", "no version in common with the peer: see minimum_version and maximum_version"
)


def has_emulated_network(board: Board) -> bool:
    """Whether an emulator stands between host and board, which opens and ends connections in its own time."""
    return "emulator" in board.description.settings


def resets(board: Board) -> set[Failure]:
    """How a reset by the host may look: an emulator passes some of them on as a mere end."""
    return {RESET, TRUNCATED} if has_emulated_network(board) else {RESET}


def told_before_reset(board: Board, alert: str) -> set[Failure]:
    """How an alert looks that a reset follows at once: lwIP forgets what it has received when a reset comes."""
    return {peer_sent(alert)} | (resets(board) if has_emulated_network(board) else set())


def assert_was_refused(session: Session, alert: str) -> None:
    """The board sent this fatal alert during the handshake, no other, and then closed properly."""
    seen = session.describe()
    assert not session.established, seen
    assert session.alerts_received == [Alert("fatal", alert)], seen
    assert session.ending == "fin", f"{seen}, ending: {session.ending}"


def assert_did_refuse(session: Session, alert: str) -> None:
    """The peer sent this fatal alert, the board none, and the board then closed the connection."""
    seen = session.describe()
    assert session.alerts_sent == [Alert("fatal", alert)], seen
    assert session.alerts_received == [], seen
    assert session.ending in ("fin", "reset"), f"{seen}, ending: {session.ending}"


def assert_ended_well(session: Session) -> None:
    """TLS was established, and both ends closed with close_notify."""
    seen = session.describe()
    assert session.established, seen
    assert session.closed_cleanly, seen
    assert session.error is None, seen


def assert_echoes(client: TlsClient) -> None:
    """Shake hands with a board that echoes four bytes, see them come back, and close: both ends end well."""
    client.handshake()
    client.write(b"ping")
    echo = client.read_exactly(4)
    assert echo == b"ping", f"expected b'ping', seen {echo!r}; {client.describe()}"
    client.shutdown()
    assert_ended_well(client)
