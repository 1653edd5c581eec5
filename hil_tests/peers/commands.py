# SPDX-License-Identifier: MIT
"""OpenSSL's own programs and curl as peers: what CPython's ssl cannot do, and a second opinion."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from types import TracebackType

from hil_tests.certificates import Identity
from hil_tests.errors import RigError
from hil_tests.process import CommandResult, child_command, require, run_command, stop


def curl(
    address: tuple[str, int], root: Identity, *arguments: str, path: str = "/", timeout: float = 20.0
) -> CommandResult:
    """Get https://<name><path> from `address`, verified against the root of `root` and its name."""
    host, port = address
    command = ["curl", "--silent", "--show-error", "--max-time", f"{timeout:g}", "--cacert", str(root.root_file)]
    command += ["--connect-to", f"::{host}:{port}", *arguments, f"https://{root.name}:{port}{path}"]
    return run_command(command, timeout=timeout + 5)


def openssl_client(
    address: tuple[str, int], *arguments: str, root: Identity | None = None, stdin: bytes = b"", timeout: float = 20.0
) -> CommandResult:
    """`openssl s_client`; with `root` the certificate must verify. It sends `stdin` and reads to the end."""
    command = ["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}", "-ign_eof"]
    if root is not None:
        command += ["-CAfile", str(root.root_file), "-verify_return_error", "-verify_hostname", root.name]
        command += ["-servername", root.name]
    return run_command([*command, *arguments], stdin=stdin, timeout=timeout)


# Spelled out here because the class has a method `type`.
ExceptionType = type[BaseException]


class OpensslServer:
    """`openssl s_server` on an ephemeral port; stopped at the end of a `with` block. Its output goes to `log`."""

    def __init__(self, identity: Identity, log: Path, *arguments: str, timeout: float = 10.0) -> None:
        require("openssl")
        self.identity = identity
        self.log = log
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "100"]
        command += ["-cert", str(identity.chain_file), "-cert_chain", str(identity.chain_file)]
        command += ["-key", str(identity.key_file), *arguments]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                child_command(command), stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )
        self.port = self._announced_port(timeout)
        self.address = ("127.0.0.1", self.port)

    def _announced_port(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self.log.read_text(errors="replace").splitlines():
                if line.startswith("ACCEPT "):
                    return int(line.rsplit(":", 1)[1])
            time.sleep(0.01)  # a program that only prints; there is nothing to wait on
        self.close()
        raise RigError(f"openssl s_server did not start; it said:\n{self.log.read_text(errors='replace')}")

    def type(self, text: bytes) -> None:
        """Type at its console: a line "r" renegotiates, others are sent to the client."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        stop(self._process, 5.0)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def __enter__(self) -> OpensslServer:
        return self

    def __exit__(self, kind: ExceptionType | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
