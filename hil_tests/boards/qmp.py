# SPDX-License-Identifier: MIT
"""QEMU's machine protocol (QMP): JSON lines over a socket."""

from __future__ import annotations

import contextlib
import json
import select
import socket
from typing import Any

from hil_tests.errors import BoardError

ANSWER_SECONDS = 10.0


class Qmp:
    """The control connection of one QEMU. Owns `connection`. Raises BoardError for refused commands and lost links."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(ANSWER_SECONDS)
        self._socket = connection
        self._pending = b""
        self._events: list[dict[str, Any]] = []

    def greet(self) -> None:
        """Read the greeting and leave negotiation mode. The first thing to do."""
        self._message()
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: object) -> Any:
        """Run a command and give its answer."""
        request = {"execute": command, "arguments": arguments} if arguments else {"execute": command}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise BoardError(f"QEMU is gone ({error})") from error
        while True:
            message = self._message()
            if "error" in message:
                raise BoardError(f"QEMU refused {command}: {message['error'].get('desc')}")
            if "return" in message:
                return message["return"]
            self._events.append(message)

    def human(self, line: str) -> str:
        """Run a command of the human monitor; its text is the answer, errors included."""
        return str(self.execute("human-monitor-command", **{"command-line": line}))

    def events(self) -> list[dict[str, Any]]:
        """The events that came since the last call. Does not wait."""
        while b"\n" in self._pending or select.select([self._socket], [], [], 0)[0]:
            self._events.append(self._message())
        taken, self._events = self._events, []
        return taken

    def quit(self) -> None:
        """Ask QEMU to end, without waiting for it; nothing happens when it is gone already."""
        with contextlib.suppress(OSError):
            self._socket.sendall(b'{"execute": "quit"}\n')

    def close(self) -> None:
        """Close the connection; QEMU goes on."""
        self._socket.close()

    def _message(self) -> dict[str, Any]:
        while b"\n" not in self._pending:
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                raise BoardError(f"QEMU does not answer ({error})") from error
            if not data:
                raise BoardError("QEMU is gone: it closed its control connection")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message
