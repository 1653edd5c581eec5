# SPDX-License-Identifier: MIT
"""Servers on the host, for a board that is client. Each connection has its own thread, and its record stays."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from hil_tests.boards.base import Board
from hil_tests.certificates import Identity
from hil_tests.errors import RigError
from hil_tests.peers.behaviours import Behaviour, RawBehaviour
from hil_tests.peers.contexts import RecordingContext
from hil_tests.peers.session import ResetOnPurpose, Session
from hil_tests.peers.wire import Wire

T = TypeVar("T")
# Threads end as soon as their socket does; this only bounds a defect of a behaviour.
JOIN_SECONDS = 30.0


def client_values(board: Board, port: int, identity: Identity) -> dict[str, object]:
    """What a client's script needs to reach a server on the host that shows `identity`.

    HOST, PORT, NAME (for server_hostname) and CA (the root, DER).
    """
    return {"HOST": board.host_address, "PORT": port, "NAME": identity.name, "CA": identity.root_der}


class Listener(Generic[T]):
    """Accepts on an ephemeral port of 127.0.0.1; `open` makes what `serve` then works on, in a thread each.

    OSError (with ssl.SSLError) is how connections end and stays with their record; any other exception of a thread
    is a defect and is raised by `close()`.
    """

    def __init__(self, title: str, open: Callable[[socket.socket], T], serve: Callable[[T], None]) -> None:
        self._title = title
        self._open = open
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port: int = self._socket.getsockname()[1]
        self._accepted: list[T] = []
        self._finished: set[int] = set()
        self._defects: list[BaseException] = []
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._accept, name=f"{title} {self.port}", daemon=True)]
        self._threads[0].start()

    @property
    def accepted(self) -> list[T]:
        """What was made of each connection, in the order of their arrival."""
        with self._changed:
            return list(self._accepted)

    def finished(self, index: int, timeout: float) -> T:
        """Wait for the end of the index-th connection. Raises RigError that says how far it is."""
        with self._changed:
            if not self._changed.wait_for(lambda: index in self._finished or self._defects, timeout):
                state = "is still open" if index < len(self._accepted) else f"never came, of {len(self._accepted)}"
                raise RigError(f"{self._title}: connection {index} {state} after {timeout:g} s")
            if self._defects:
                raise self._defects[0]
            return self._accepted[index]

    def close(self, abort: Callable[[T], None]) -> None:
        """Stop. Connections that are still open are aborted. Raises the first defect of a thread."""
        with contextlib.suppress(OSError):  # already closed
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for item in self.accepted:
            abort(item)
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        stuck = [thread.name for thread in self._threads if thread.is_alive()]
        defects, self._defects = self._defects, []
        if defects:
            raise defects[0]
        if stuck:
            raise RigError(f"{self._title}: threads did not end: {', '.join(stuck)}; does a behaviour wait forever?")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._work, args=(connection,), name=self._title, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, connection: socket.socket) -> None:
        index = None
        try:
            item = self._open(connection)
            with self._changed:
                index = len(self._accepted)
                self._accepted.append(item)
                self._changed.notify_all()
            self._serve(item)
        except OSError:
            pass  # recorded by the session
        except BaseException as defect:
            with self._changed:
                self._defects.append(defect)
        finally:
            connection.close()
            with self._changed:
                if index is not None:
                    self._finished.add(index)
                self._changed.notify_all()


class TlsServer:
    """A TLS server that shows `identity`. `patience`: seconds that one connection may take in all its waits.

    All seconds are for a quick board, and `slowness` times as long for this one.
    """

    def __init__(
        self,
        identity: Identity,
        behaviour: Behaviour,
        context: RecordingContext,
        *,
        reset_after: int | None = None,
        dribble: float | None = None,
        record_size: int | None = None,
        patience: float = 30.0,
        slowness: float = 1.0,
    ) -> None:
        self.identity = identity
        self._behaviour = behaviour
        self._context = context
        self._reset_after = reset_after
        self._dribble = dribble
        self._record_size = record_size
        self._patience = patience * slowness
        self._slowness = slowness
        self._listener = Listener("TLS server", self._open, self._serve)
        self.port = self._listener.port
        self.address = ("127.0.0.1", self.port)

    def values(self, board: Board) -> dict[str, object]:
        """What a script on the board needs: see `client_values`."""
        return client_values(board, self.port, self.identity)

    @property
    def sessions(self) -> list[Session]:
        """All connections so far, in order, finished or not."""
        return self._listener.accepted

    def session(self, index: int = 0, timeout: float = 10.0) -> Session:
        """The index-th connection, once it is over. Raises RigError after `timeout` seconds."""
        return self._listener.finished(index, timeout * self._slowness)

    def close(self) -> None:
        """Stop. Raises what a behaviour raised by mistake."""
        self._listener.close(lambda session: session.wire.abort())

    def _open(self, connection: socket.socket) -> Session:
        wire = Wire(connection, self._patience, self._dribble)
        session = Session(
            wire,
            self._context.context,
            server_side=True,
            reset_after=self._reset_after,
            record_size=self._record_size,
        )
        return self._context.watch(session)

    def _serve(self, session: Session) -> None:
        try:
            session.handshake()
            if session.established:
                self._behaviour(session)
        except OSError as error:
            session.error = session.error or f"{type(error).__name__}: {error}"
            if isinstance(error, ssl.SSLError):
                session.await_end()
        except ResetOnPurpose:
            pass


class RawServer:
    """A TCP server without TLS; its behaviour sees the bytes. Its seconds are `slowness` times as long, too."""

    def __init__(self, behaviour: RawBehaviour, patience: float = 30.0, slowness: float = 1.0) -> None:
        self._slowness = slowness
        self._listener = Listener("raw server", lambda connection: Wire(connection, patience * slowness), behaviour)
        self.port = self._listener.port
        self.address = ("127.0.0.1", self.port)

    def values(self, board: Board, identity: Identity) -> dict[str, object]:
        """What a script on the board needs that expects `identity`: see `client_values`."""
        return client_values(board, self.port, identity)

    @property
    def connections(self) -> int:
        """How many came."""
        return len(self._listener.accepted)

    def finished(self, index: int = 0, timeout: float = 10.0) -> None:
        """Wait for the end of the index-th connection."""
        self._listener.finished(index, timeout * self._slowness)

    def close(self) -> None:
        """Stop. Raises what a behaviour raised by mistake."""
        self._listener.close(lambda wire: wire.abort())
