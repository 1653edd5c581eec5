# SPDX-License-Identifier: MIT
"""The pytest plugin: options, the `board` fixture, peers, and failures that explain themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pytest

from hil_tests import peers
from hil_tests.boards import Board, BoardDescription, board_names, make_board, read_description
from hil_tests.boards.description import ROOT
from hil_tests.certificates import Authority, Identity
from hil_tests.errors import BoardError, BoardUnavailable, RigError
from hil_tests.items import board_of
from hil_tests.peers.contexts import TlsOptions, client_context, server_context
from hil_tests.peers.proxy import Fault, Proxy
from hil_tests.replay import replay_command

PROBE_SECONDS = 5.0
# All seconds in tests are those of an idle desk computer; this is how many times as slow a loaded one may be.
MACHINE = 3.0
# Seconds that a peer waits for a quick board, in all the waits of one connection.
PATIENCE = 30.0


class Describable(Protocol):
    """A peer's record of one connection."""

    def describe(self) -> str: ...


@dataclass
class Evidence:
    """What a failed test of this item can show: its board, and its peers' records."""

    board: Board | None = None
    peers: list[tuple[str, Callable[[], list[Describable]]]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For the report."""
        shown = [f"{title} {index}: {item.describe()}" for title, get in self.peers for index, item in enumerate(get())]
        if self.board is not None:
            shown.append(f"board log: {self.board.log_path}")
        return shown


EVIDENCE = pytest.StashKey[Evidence]()
FAILED = pytest.StashKey[bool]()


# Options and selection


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the rig."""
    group = parser.getgroup("hil", "boards")
    group.addoption("--board", action="append", metavar="BOARD", help="run on this board; repeatable; default: all")
    group.addoption(
        "--slowness",
        type=float,
        default=MACHINE,
        metavar="N",
        help=f"on a busy machine: all waits may take N times as long (default: {MACHINE:g})",
    )
    group.addoption("--image", type=Path, metavar="PATH", help="firmware other than the board's own (one board only)")
    group.addoption(
        "--board-log",
        type=Path,
        metavar="DIR",
        default=ROOT / "build" / "logs",
        help="where consoles are logged (default: build/logs)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; check the selection before anything runs."""
    config.addinivalue_line("markers", "requires(capability, …): skip on boards that lack one of these capabilities")
    try:
        selected_boards(config)
    except RigError as error:
        raise pytest.UsageError(str(error)) from error


def selected_boards(config: pytest.Config) -> list[str]:
    """The names of the selected boards. Raises RigError for an unknown one, or an --image for several."""
    known = board_names()
    asked: list[str] = config.getoption("--board") or ["all"]
    names = known if "all" in asked else list(dict.fromkeys(asked))
    for name in names:
        describe(config, name)
    if config.getoption("--image") and len(names) != 1:
        raise RigError("--image needs exactly one --board")
    return names


def describe(config: pytest.Config, name: str) -> BoardDescription:
    """A board, as slow as this machine makes it. Raises RigError."""
    description = read_description(name)
    return replace(description, machine=max(1.0, config.getoption("--slowness")))


def slowness_of(item: pytest.Item) -> float:
    """That of the board that a test runs on; 1.0 for a test without a board."""
    name = board_of(item)
    return describe(item.config, name).patience if name else 1.0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test on a slow board has more time, too, and on a busy machine any test."""
    for item in items:
        slowness = max(slowness_of(item), config.getoption("--slowness"))
        marker = item.get_closest_marker("timeout")
        seconds = float((marker.args[0] if marker else config.getini("timeout")) or 0)
        if slowness > 1 and seconds > 0:
            item.add_marker(pytest.mark.timeout(seconds * slowness), append=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With pytest-xdist one process runs all tests of a board, which nobody else may use meanwhile."""
    from hil_tests.schedule import BoardScheduling

    return BoardScheduling(config, log, selected_boards(config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat each test that uses a board for every selected one."""
    if "session_board" in metafunc.fixturenames:
        metafunc.parametrize("session_board", selected_boards(metafunc.config), indirect=True, scope="session")


# Boards


@pytest.fixture(scope="session")
def session_board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """One selected board, booted once for all its tests. Tests use `board`."""
    config = request.config
    board = make_board(describe(config, request.param), config.getoption("--board-log"), config.getoption("--image"))
    board.clear_logs()
    try:
        try:
            board.boot()
        except BoardUnavailable as error:
            pytest.skip(str(error))
        yield board
    finally:
        board.close()
        board.check()


@pytest.fixture
def board(request: pytest.FixtureRequest, session_board: Board) -> Iterator[Board]:
    """A board in a fresh state with the right clock; afterwards it must still be alive."""
    _skip_without_capabilities(request.node, session_board)
    _evidence(request.node).board = session_board
    session_board.boot()
    yield session_board
    if request.node.stash.get(FAILED, False):
        _recover(session_board)
    else:
        _probe(session_board)


def _skip_without_capabilities(item: pytest.Item, board: Board) -> None:
    wanted = {name for marker in item.iter_markers("requires") for name in marker.args}
    missing = sorted(wanted - board.capabilities)
    if missing:
        pytest.skip(f"{board.name} lacks: {', '.join(missing)}")


def _probe(board: Board) -> None:
    """Make sure that a test which passed left a working board behind, then refresh it."""
    try:
        board.repl.stop_script()
        board.check()
        answer = board.exec("import gc; gc.collect(); print(1 + 1)", timeout=PROBE_SECONDS).output
        if answer.strip() != "2":
            raise BoardError(f"{board.name}: asked for 1 + 1 after the test, it said {answer!r}; see {board.log_path}")
        board.refresh()
        board.set_clock()
    except BoardError:
        board.close()  # the next test boots it again
        raise


def _recover(board: Board) -> None:
    """After a failure: a new boot for the next test, and what the board says at its end."""
    try:
        board.close()
        board.check()
    except BoardError as error:
        pytest.fail(f"and then: {error}", pytrace=False)


# Certificates and peers


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority of this run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls_server(request: pytest.FixtureRequest) -> Iterator[Callable[..., peers.TlsServer]]:
    """Starts TLS servers on OpenSSL; see the README for the arguments."""
    slowness = slowness_of(request.node)
    with ExitStack() as stack:

        def start(
            identity: Identity,
            behaviour: peers.Behaviour | None = None,
            *,
            minimum: str = "1.2",
            maximum: str = "1.3",
            ciphers: str | None = None,
            alpn: tuple[str, ...] = (),
            options: int = 0,
            client_root: Identity | None = None,
            client_auth: str = "none",
            reset_after: int | None = None,
            dribble: float | None = None,
            record_size: int | None = None,
            patience: float = PATIENCE,
        ) -> peers.TlsServer:
            settings = TlsOptions(minimum, maximum, ciphers, alpn, options)
            context = server_context(identity, settings, client_root, client_auth)
            server = peers.TlsServer(
                identity,
                behaviour or peers.echo(),
                context,
                reset_after=reset_after,
                dribble=dribble,
                record_size=record_size,
                patience=patience,
                slowness=slowness,
            )
            stack.callback(server.close)
            _evidence(request.node).peers.append(("TLS server session", lambda: list(server.sessions)))
            return server

        yield start


@pytest.fixture
def raw_server(request: pytest.FixtureRequest) -> Iterator[Callable[..., peers.RawServer]]:
    """Starts TCP servers that do not speak TLS."""
    slowness = slowness_of(request.node)
    with ExitStack() as stack:

        def start(behaviour: peers.RawBehaviour, patience: float = PATIENCE) -> peers.RawServer:
            server = peers.RawServer(behaviour, patience, slowness)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def tls_client(request: pytest.FixtureRequest) -> Iterator[Callable[..., peers.TlsClient]]:
    """Connects TLS clients on OpenSSL; `identity` says whose root is trusted and which name is expected."""
    slowness = slowness_of(request.node)
    with ExitStack() as stack:

        def connect(
            address: tuple[str, int],
            identity: Identity | None = None,
            *,
            name: str | None = None,
            certificate: Identity | None = None,
            minimum: str = "1.2",
            maximum: str = "1.3",
            ciphers: str | None = None,
            alpn: tuple[str, ...] = (),
            reset_after: int | None = None,
            dribble: float | None = None,
            record_size: int | None = None,
            patience: float = PATIENCE,
        ) -> peers.TlsClient:
            context = client_context(identity, TlsOptions(minimum, maximum, ciphers, alpn), certificate)
            client = peers.TlsClient(
                address,
                context,
                name or (identity.name if identity else None),
                reset_after=reset_after,
                dribble=dribble,
                record_size=record_size,
                patience=patience * slowness,
            )
            stack.callback(client.close)
            _evidence(request.node).peers.append(("TLS client session", lambda: [client]))
            return client

        yield connect


@pytest.fixture
def proxy(request: pytest.FixtureRequest) -> Iterator[Callable[..., Proxy]]:
    """Starts proxies that record and spoil."""
    slowness = slowness_of(request.node)
    with ExitStack() as stack:

        def start(target: tuple[str, int], *faults: Fault) -> Proxy:
            link = Proxy(target, faults, slowness)
            stack.callback(link.close)
            _evidence(request.node).peers.append(("proxy connection", lambda: list(link.connections)))
            return link

        yield start


# Reports


def _evidence(item: pytest.Item) -> Evidence:
    return item.stash.setdefault(EVIDENCE, Evidence())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the type of wrappers is not public
    """Add to each failure what the peers saw, where the logs are, and how to run it again."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.failed:
        item.stash[FAILED] = True
        lines = [*_evidence(item).lines(), f"replay: {replay_command(item.nodeid)}"]
        report.sections.append(("evidence", "\n".join(lines)))
    return report  # type: ignore[return-value]
