# SPDX-License-Identifier: MIT
"""A board at one end of a TLS session, as client or as server."""

from __future__ import annotations

import hashlib
import ssl
import textwrap
from collections.abc import Mapping
from pathlib import Path

from hil_tests.boards import Board
from hil_tests.certificates import Identity
from hil_tests.peers import Session, TlsClient, TlsServer
from hil_tests.scenarios.failures import Failure, assert_ended_well
from hil_tests.transport import RunningScript

PRELUDE = Path(__file__).with_name("on_board.py").read_bytes()
# Named after its content, so that a board never runs an old one.
PRELUDE_FILE = f"on_board_{hashlib.sha256(PRELUDE).hexdigest()[:8]}.py"
# In the scripts' own globals, where the functions find their values.
RUN_PRELUDE = """
import os
if PRELUDE_FILE in os.listdir():
    with open(PRELUDE_FILE) as file:
        exec(file.read())
else:
    print("missing")
"""
NOTHING = {"HOST": None, "PORT": None, "NAME": None, "CA": None, "CERT": None, "KEY": None}
NO_CHOICE: Mapping[str, object] = {"VERIFY": None, "CIPHERS": None, "VERSIONS": None, "SETTINGS": {}}
# Public-key operations of an emulated microcontroller on a busy host take seconds. Nominal: `Dut.patience` is real.
PATIENCE = 60.0

PING = """
def work():
    s = connect()
    s.write(b"ping")
    print(s.read(4))
    s.close()
"""


def for_reversing(code: str) -> str:
    """A client that sends "ping", made for `openssl s_server -rev`, which sends lines back from end to beginning."""
    return code.replace('b"ping"', 'b"pin\\n"')


PING_REVERSED, REVERSED = for_reversing(PING), "b'nip\\n'"

ECHO_ONCE = """
def work():
    s = accept()
    while True:
        data = s.recv(4096)
        if not data:
            break
        s.write(data)
    s.close()
"""


def identity_values(identity: Identity | None) -> dict[str, object]:
    """CERT and KEY of an identity, DER."""
    if identity is None:
        return {}
    return {"CERT": identity.chain_der, "KEY": identity.key_der()}


class Service:
    """A server on the board. `address` is where the host reaches it."""

    def __init__(self, board: Board, script: RunningScript, port: int) -> None:
        self.script = script
        script.expect("listening", timeout=PATIENCE)
        self.address = board.listen_address(port)

    def accepted(self) -> None:
        """Wait until it has a connection. Before, an emulator's network forgets a connection that is ended."""
        self.script.expect("accepted", timeout=PATIENCE)

    def lines(self) -> list[str]:
        """What it printed once it had a connection, when it is over. Raises BoardExecError, BoardTimeout."""
        lines = self.script.wait(PATIENCE).lines
        return lines[lines.index("accepted") + 1 :]

    def failure(self) -> Failure:
        """How it failed."""
        return Failure.parse(self.lines())


class Dut:
    """A board whose scripts find the functions of `on_board.py`."""

    def __init__(self, board: Board) -> None:
        self.board = board

    @property
    def patience(self) -> float:
        """PATIENCE on this board, for waits that the rig does not make itself."""
        return self.board.seconds(PATIENCE)

    def start(self, code: str, values: Mapping[str, object]) -> RunningScript:
        """Run a script with the prelude while the host goes on."""
        given = {**NOTHING, **NO_CHOICE, **values, "PRELUDE_FILE": PRELUDE_FILE}
        if self.board.exec(RUN_PRELUDE, values=given).lines:
            self.board.put(PRELUDE, PRELUDE_FILE)
            self.board.exec(RUN_PRELUDE, values=given)  # `put` has variables of its own
        return self.board.start(code)

    def run(self, code: str, values: Mapping[str, object], timeout: float = PATIENCE) -> list[str]:
        """What a script with the prelude printed."""
        return self.start(code, values).wait(timeout).lines

    def attempt(
        self,
        code: str,
        values: Mapping[str, object],
        *,
        identity: Identity | None = None,
        timeout: float = PATIENCE,
    ) -> list[str]:
        """Run the code's `work()` as client: its output, then "done" or a line for `Failure.parse`."""
        return self.run(textwrap.dedent(code) + "\nattempt(work)\n", {**values, **identity_values(identity)}, timeout)

    def ping(self, server: TlsServer, *, identity: Identity | None = None, **values: object) -> Session:
        """Get four bytes back from a server that echoes, as client. The server's session; both ends ended it well."""
        lines = self.attempt(PING, {**server.values(self.board), **values}, identity=identity)
        session = server.session()
        assert lines == ["b'ping'", "done"], f"expected an echo of b'ping', seen {lines}; {session.describe()}"
        assert_ended_well(session)
        return session

    def failure(self, code: str, values: Mapping[str, object], *, identity: Identity | None = None) -> Failure:
        """How the code's `work()` failed as client."""
        return Failure.parse(self.attempt(code, values, identity=identity))

    def listen(self, code: str, identity: Identity | None, **values: object) -> Service:
        """Run code that listens on PORT, with CERT and KEY of `identity`, and says so."""
        port = self.board.listen_port()
        script = self.start(code, {"PORT": port, **identity_values(identity), **values})
        return Service(self.board, script, port)

    def serve(
        self, identity: Identity, code: str = ECHO_ONCE, *, trust: Identity | None = None, **values: object
    ) -> Service:
        """Run the code's `work()`, which is a server that shows `identity` and trusts the root of `trust`."""
        given = {"CA": trust.root_der if trust else None, **values}
        return self.listen(textwrap.dedent(code) + "\nattempt(work)\n", identity, **given)


def client_handshake_error(client: TlsClient) -> ssl.SSLError:
    """Shake hands with the board, which must fail, and wait until the board has closed the connection."""
    try:
        client.handshake()
    except ssl.SSLError as error:
        client.await_end()
        return error
    raise AssertionError(f"expected a failure of the handshake, seen {client.describe()}")
