# SPDX-License-Identifier: MIT
"""The demonstration: one board, its clock set by mpremote, and verified TLS sessions with other programs both ways.

Every session is judged by both ends: what the board printed, and what the other end recorded. The certificate of the
server is verified in each of them; two of them have to be refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hil_tests import demo_scripts, peers
from hil_tests.boards import Board
from hil_tests.boards.qemu import QemuBoard
from hil_tests.certificates import Authority, Identity
from hil_tests.errors import RigError
from hil_tests.peers.contexts import TlsOptions, client_context, server_context

BULK = 64 * 1024
SESSION_SECONDS = 60.0
CLIENT = "board is client"
SERVER = "board is server"
CURL_TEXT = "hello from the board\n"


@dataclass(frozen=True)
class Outcome:
    """One line of the report. `bytes_moved` counts application data both ways; `detail` says what went wrong."""

    what: str
    direction: str
    peer: str
    version: str
    cipher: str
    verified_by: str
    bytes_moved: int
    passed: bool
    detail: str
    seconds: float


@dataclass(frozen=True)
class Seen:
    """What a session showed, before it is judged complete. `passed` is what both ends agree on."""

    version: str | None
    cipher: str | None
    bytes_moved: int
    passed: bool
    detail: str


@dataclass(frozen=True)
class Session:
    """One session of the demonstration. `run` raises RigError or OSError when it does not come off at all."""

    what: str
    direction: str
    peer: str
    verified_by: str
    run: Callable[[Board], Seen]


def sessions(authority: Authority) -> list[Session]:
    """The programme."""
    openssl = "OpenSSL server"
    return [
        Session("RSA-2048", CLIENT, openssl, "board", lambda board: _echo(board, authority.rsa)),
        Session("P-256, intermediate", CLIENT, openssl, "board", lambda board: _echo(board, authority.intermediate)),
        Session("P-384", CLIENT, openssl, "board", lambda board: _echo(board, authority.p384)),
        Session("mutual TLS", CLIENT, openssl, "both", lambda board: _mutual(board, authority)),
        Session("64 KB each way", CLIENT, openssl, "board", lambda board: _bulk_client(board, authority.p256)),
        Session("wrong name: refused", CLIENT, openssl, "board", lambda board: _wrong_name(board, authority)),
        Session("unknown CA: refused", CLIENT, openssl, "board", lambda board: _unknown_ca(board, authority)),
        Session("P-256", SERVER, "CPython ssl", "CPython", lambda board: _python_client(board, authority.p256)),
        Session("mutual TLS", SERVER, "CPython ssl", "both", lambda board: _mutual_server(board, authority)),
        Session("64 KB each way", SERVER, "CPython ssl", "CPython", lambda board: _bulk_server(board, authority.p256)),
        Session("HTTPS, RSA-2048", SERVER, "curl", "curl", lambda board: _curl(board, authority.rsa)),
    ]


def run_demo(board: QemuBoard, authority: Authority, report: Path, say: Callable[[str], None]) -> bool:
    """Boot, set the clock, run everything, write `report` (JSON), and tell whether all of it passed."""
    started = time.monotonic()
    board.boot()
    seconds = time.monotonic() - started
    versions = board.exec("import os, ssl; print(os.uname().version, 'with ssl', ssl.VERSION)").output.strip()
    say(f"{board.name} booted in {seconds:.1f} s: {versions}")
    board.set_clock_by_mpremote()
    say(f"clock set by `mpremote rtc --set`: {board.clock():%F %T} UTC")
    outcomes = []
    for session in sessions(authority):
        outcomes.append(judge(board, session))
        say(f"  {'ok  ' if outcomes[-1].passed else 'FAIL'} {session.direction}: {session.what}")
    report.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"board": board.name, "sessions": [asdict(outcome) for outcome in outcomes]}, indent=2)
    report.write_text(f"{text}\n", encoding="utf-8")
    say("")
    say(format_table(outcomes))
    return all(outcome.passed for outcome in outcomes)


def format_table(outcomes: list[Outcome]) -> str:
    """The report for people; what failed is explained below it."""
    rows = [("session", "direction", "peer", "version", "cipher suite", "verified by", "bytes", "result")]
    rows += [
        (o.what, o.direction, o.peer, o.version, o.cipher, o.verified_by, f"{o.bytes_moved}", _result(o))
        for o in outcomes
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += [f"\n{o.direction}, {o.what}:\n{o.detail}" for o in outcomes if not o.passed]
    return "\n".join(lines)


def _result(outcome: Outcome) -> str:
    return f"{'ok' if outcome.passed else 'FAILED'} ({outcome.seconds:.1f} s)"


def judge(board: Board, session: Session) -> Outcome:
    """Run one session on a fresh interpreter; what does not come off at all is a failure with its reason."""
    started = time.monotonic()
    try:
        board.refresh()
        seen = session.run(board)
    except (RigError, OSError) as error:
        seen = Seen(None, None, 0, False, f"{type(error).__name__}: {error}\nlog: {board.log_path}")
        board.repl.stop_script()
    return Outcome(
        session.what,
        session.direction,
        session.peer,
        seen.version or "-",
        seen.cipher or "-",
        session.verified_by,
        seen.bytes_moved,
        seen.passed,
        "" if seen.passed else seen.detail,
        round(time.monotonic() - started, 2),
    )


# The board is client


def _server(identity: Identity, behaviour: peers.Behaviour, client_root: Identity | None = None) -> peers.TlsServer:
    auth = "required" if client_root else "none"
    return peers.TlsServer(identity, behaviour, server_context(identity, TlsOptions(), client_root, auth))


def _run_client(
    board: Board, server: peers.TlsServer, script: str, values: Mapping[str, object]
) -> tuple[str, peers.Session]:
    try:
        result = board.exec(script, values={**server.values(board), **values}, timeout=SESSION_SECONDS)
        return result.output, server.session()
    finally:
        server.close()


def _both(session: peers.Session, board_is_content: bool, said: str) -> Seen:
    passed = board_is_content and session.established and session.closed_cleanly
    moved = session.received + session.sent
    return Seen(session.version, session.cipher, moved, passed, f"the board said:\n{said}\npeer: {session.describe()}")


def _echo(board: Board, identity: Identity) -> Seen:
    server = _server(identity, peers.echo())
    said, session = _run_client(board, server, demo_scripts.CLIENT_ECHO, {"CERT": None, "KEY": None})
    return _both(session, said == "ping\n", said)


def _mutual(board: Board, authority: Authority) -> Seen:
    me = authority.client
    values = {"CERT": me.chain_der, "KEY": me.key_der()}
    server = _server(authority.p256, peers.echo(), client_root=me)
    said, session = _run_client(board, server, demo_scripts.CLIENT_ECHO, values)
    return _both(session, said == "ping\n" and session.peer_certificate == me.certificate_der, said)


def _bulk_client(board: Board, identity: Identity) -> Seen:
    def swap(session: peers.Session) -> None:
        session.write(peers.pattern(BULK))
        session.read_exactly(BULK)
        session.shutdown()

    said, session = _run_client(board, _server(identity, swap), demo_scripts.CLIENT_BULK, {"SIZE": BULK})
    return _both(session, said.split() == [session.sent_digest, session.received_digest], said)


def _refused(board: Board, identity: Identity, alert: str, changed: Mapping[str, object]) -> Seen:
    server = _server(identity, peers.echo())
    said, session = _run_client(board, server, demo_scripts.CLIENT_REFUSES, changed)
    alerts = [alert.name for alert in session.alerts_received]
    passed = said.startswith("refused: ") and not session.established and alerts == [alert]
    detail = f"expected a refusal and the alert {alert}\nthe board said:\n{said}\npeer: {session.describe()}"
    return Seen(None, None, session.received + session.sent, passed, detail)


def _wrong_name(board: Board, authority: Authority) -> Seen:
    return _refused(board, authority.p256, "bad_certificate", {"NAME": "other.test"})


def _unknown_ca(board: Board, authority: Authority) -> Seen:
    return _refused(board, authority.stranger, "unknown_ca", {"CA": authority.p256.root_der})


# The board is server


def _python_client(board: Board, identity: Identity) -> Seen:
    return _exchange(board, identity, None, b"ping", demo_scripts.SERVER_ECHO, {"SIZE": 4})


def _mutual_server(board: Board, authority: Authority) -> Seen:
    return _exchange(board, authority.p256, authority.client, b"ping", demo_scripts.SERVER_ECHO, {"SIZE": 4})


def _bulk_server(board: Board, identity: Identity) -> Seen:
    return _exchange(board, identity, None, peers.pattern(BULK), demo_scripts.SERVER_SWAP, {"SIZE": BULK})


def _exchange(
    board: Board,
    identity: Identity,
    certificate: Identity | None,
    data: bytes,
    script: str,
    extra: Mapping[str, object],
) -> Seen:
    """Send `data`, read as much back; the board prints the digests of what it received and sent."""
    port = board.listen_port()
    running = board.start(script, values={**_server_values(port, identity, certificate), **extra})
    running.expect("listening", SESSION_SECONDS)
    context = client_context(identity, TlsOptions(), certificate)
    with peers.TlsClient(board.listen_address(port), context, identity.name, patience=SESSION_SECONDS) as client:
        client.handshake()
        client.write(data)
        client.read_exactly(len(data))
        client.shutdown()
    said = running.wait(SESSION_SECONDS).output
    digests = said.split()[1:]
    return _both(client, digests == [client.sent_digest, client.received_digest], said)


def _curl(board: Board, identity: Identity) -> Seen:
    port = board.listen_port()
    values = {**_server_values(port, identity, None), "TEXT": CURL_TEXT}
    running = board.start(demo_scripts.SERVER_HTTP, values=values)
    running.expect("listening", SESSION_SECONDS)
    done = peers.curl(board.listen_address(port), identity, "--verbose", timeout=SESSION_SECONDS)
    running.wait(SESSION_SECONDS)
    used = [line for line in done.error.splitlines() if "SSL connection using" in line]
    version, _, cipher = used[0].partition("using ")[2].partition(" / ") if used else ("", "", "")
    passed = done.code == 0 and done.output.decode() == CURL_TEXT
    return Seen(version, cipher, len(done.output), passed, f"curl ended with {done.code}:\n{done.error}")


def _server_values(port: int, identity: Identity, certificate: Identity | None) -> dict[str, object]:
    trusted = certificate.root_der if certificate else None
    return {"PORT": port, "CERT": identity.chain_der, "KEY": identity.key_der(), "CLIENT_CA": trusted}
