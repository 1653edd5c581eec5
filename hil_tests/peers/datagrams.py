# SPDX-License-Identifier: MIT
"""A relay for datagrams between one client and one server, on which some are lost."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType

LARGEST = 65536
# How soon the thread sees that it has to end.
TURN_SECONDS = 0.05


class DatagramRelay:
    """Passes datagrams on between whoever sends to `port` of 127.0.0.1 and `server`; ends with a `with` block.

    `lose(to_server, index)` decides about the index-th datagram, from 0, of each direction. `lost` counts them.
    """

    def __init__(self, server: tuple[str, int], lose: Callable[[bool, int], bool]) -> None:
        self._lose = lose
        self._near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._near.bind(("127.0.0.1", 0))
        self._far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._far.connect(server)
        self._client: tuple[str, int] | None = None
        self._passed = {True: 0, False: 0}
        self._ended = threading.Event()
        self.lost = 0
        self.port: int = self._near.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"datagrams {self.port}", daemon=True)
        self._thread.start()

    def __enter__(self) -> DatagramRelay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._near.close()
        self._far.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            readable, _, _ = select.select([self._near, self._far], [], [], TURN_SECONDS)
            for end in readable:
                with contextlib.suppress(OSError):  # ICMP tells that the other end has gone
                    self._pass_on(end)

    def _pass_on(self, end: socket.socket) -> None:
        to_server = end is self._near
        data, sender = end.recvfrom(LARGEST)
        if to_server:
            self._client = sender
        index = self._passed[to_server]
        self._passed[to_server] += 1
        if self._lose(to_server, index):
            self.lost += 1
        elif to_server:
            self._far.send(data)
        elif self._client is not None:
            self._near.sendto(data, self._client)
