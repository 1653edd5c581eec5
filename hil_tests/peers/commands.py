# SPDX-License-Identifier: MIT
"""OpenSSL's own programs and curl as peers: what CPython's ssl cannot do, and a second opinion."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from hil_tests.boards.base import Board
from hil_tests.certificates import Identity
from hil_tests.errors import RigError
from hil_tests.peers.server import client_values
from hil_tests.process import CommandResult, child_command, require, run_command, stop

# Seconds; bounds what hangs, on the slowest board of a loaded machine. Nothing that works waits for it.
DEADLINE = 120.0


def curl(
    address: tuple[str, int], root: Identity, *arguments: str, path: str = "/", timeout: float = DEADLINE
) -> CommandResult:
    """Get https://<name><path> from `address`, verified against the root of `root` and its name."""
    host, port = address
    command = ["curl", "--silent", "--show-error", "--max-time", f"{timeout:g}", "--cacert", str(root.root_file)]
    command += ["--connect-to", f"::{host}:{port}", *arguments, f"https://{root.name}:{port}{path}"]
    return run_command(command, timeout=timeout + 5)


def openssl_client(
    address: tuple[str, int],
    *arguments: str,
    root: Identity | None = None,
    stdin: bytes = b"",
    timeout: float = DEADLINE,
) -> CommandResult:
    """`openssl s_client`; with `root` the certificate must verify. It sends `stdin` and reads to the end."""
    command = ["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}", "-ign_eof"]
    if root is not None:
        command += ["-CAfile", str(root.root_file), "-verify_return_error", "-verify_hostname", root.name]
        command += ["-servername", root.name]
    return run_command([*command, *arguments], stdin=stdin, timeout=timeout)


# Spelled out here because the class has a method `type`.
ExceptionType = type[BaseException]


class OpensslProgram:
    """A program of OpenSSL's beside a test; stopped at the end of a `with` block. Its output goes to `log`."""

    def __init__(self, log: Path, *arguments: str) -> None:
        require("openssl")
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                child_command(["openssl", *arguments]), stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def expect(self, text: str, timeout: float, *, times: int = 1) -> None:
        """Wait until it has printed `text`, so often. Raises RigError with its output if it ends or takes too long."""
        deadline = time.monotonic() + timeout
        while self.output.count(text) < times:
            ended = self._process.poll() is not None
            if (ended or time.monotonic() >= deadline) and self.output.count(text) < times:
                self.close()
                raise RigError(f"openssl {'ended' if ended else 'ran on'} and did not say {text!r}:\n{self.output}")
            time.sleep(0.01)  # a program that only prints; there is nothing to wait on

    def type(self, text: bytes) -> None:
        """Type at its console: a line "r" (server) or "R" (client) renegotiates, others are sent to the peer."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def wait(self, timeout: float) -> str:
        """Its output when it has ended by itself. Raises subprocess.TimeoutExpired."""
        self._process.wait(timeout)
        return self.output

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        stop(self._process, 5.0)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: ExceptionType | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class OpensslServer(OpensslProgram):
    """`openssl s_server` on an ephemeral port."""

    def __init__(self, identity: Identity, log: Path, *arguments: str, timeout: float = 30.0) -> None:
        self.identity = identity
        listen = ["-accept", "127.0.0.1:0", "-naccept", "100", "-key", str(identity.key_file)]
        show = ["-cert", str(identity.chain_file), "-cert_chain", str(identity.chain_file)]
        super().__init__(log, "s_server", *listen, *show, *arguments)
        self.expect("ACCEPT 127.0.0.1:", timeout)
        self.port = int(self.output.split("ACCEPT 127.0.0.1:", 1)[1].splitlines()[0])
        self.address = ("127.0.0.1", self.port)

    def values(self, board: Board) -> dict[str, object]:
        """What a script on the board needs: see `client_values`."""
        return client_values(board, self.port, self.identity)


class OpensslClient(OpensslProgram):
    """`openssl s_client`, connected to `address`; it verifies nothing."""

    def __init__(self, address: tuple[str, int], log: Path, *arguments: str) -> None:
        super().__init__(log, "s_client", "-connect", f"{address[0]}:{address[1]}", *arguments)
