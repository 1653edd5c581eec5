# SPDX-License-Identifier: MIT
"""A client on the host, for a board that is server."""

from __future__ import annotations

import socket
from types import TracebackType

from hil_tests.peers.contexts import RecordingContext
from hil_tests.peers.session import Session
from hil_tests.peers.wire import Wire


class TlsClient(Session):
    """A session as client, connected at once; `handshake()` is the caller's. Closes at the end of a `with` block."""

    def __init__(
        self,
        address: tuple[str, int],
        context: RecordingContext,
        server_name: str | None,
        *,
        reset_after: int | None = None,
        dribble: float | None = None,
        record_size: int | None = None,
        patience: float = 30.0,
    ) -> None:
        wire = Wire(socket.create_connection(address, patience), patience, dribble)
        super().__init__(
            wire,
            context.context,
            server_side=False,
            server_name=server_name,
            reset_after=reset_after,
            record_size=record_size,
        )
        context.watch(self)

    def __enter__(self) -> TlsClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
