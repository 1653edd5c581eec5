# SPDX-License-Identifier: MIT
"""TLS 1.3 with OpenSSL at the other end: handshakes, negotiation, refusals, retries, tickets, data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.peers.commands import OpensslProgram
from hil_tests.peers.proxy import TO_CLIENT, TO_SERVER, Action, Fault, Proxy, Split
from hil_tests.records import Alert
from hil_tests.scenarios.dut import ECHO_ONCE, PING, PING_REVERSED, REVERSED, Dut, client_handshake_error
from hil_tests.scenarios.failures import (
    NO_CERTIFICATE,
    NO_COMMON_VERSION,
    assert_did_refuse,
    assert_echoes,
    assert_ended_well,
    assert_was_refused,
    peer_sent,
    refused_certificate,
    tls_failure,
)
from hil_tests.scenarios.test_mutual import CERT_REQUIRED, PAIRS, REFUSED_BY_SERVER, REFUSED_CLIENTS, SERVE_AND_TELL
from hil_tests.scenarios.test_refused_certificates import REFUSED, REFUSED_BY_CLIENT
from hil_tests.scenarios.test_transfer import LONG, RECEIVE, SEND, as_client, as_server
from hil_tests.transport import RunningScript

pytestmark = pytest.mark.requires("tls-1.3")

ONLY_1_2, ONLY_1_3 = (0x0303, 0x0303), (0x0304, 0x0304)
BOTH = (0x0303, 0x0304)

# What OpenSSL calls the suites, and what the board does.
SUITES = {
    "TLS_CHACHA20_POLY1305_SHA256": "TLS1-3-CHACHA20-POLY1305-SHA256",
    "TLS_AES_128_GCM_SHA256": "TLS1-3-AES-128-GCM-SHA256",
    "TLS_AES_256_GCM_SHA384": "TLS1-3-AES-256-GCM-SHA384",
}
IDENTITIES: dict[str, Callable[[Authority], Identity]] = {
    "p256": lambda authority: authority.p256,
    "p384": lambda authority: authority.issue("p384"),
    "rsa": lambda authority: authority.rsa,
    "rsa-intermediate": lambda authority: authority.issue("rsa", depth=1),
}

TELL = """
def work():
    s = connect()
    s.write(b"ping")
    print(s.read(4), s.version(), s.cipher()[0])
    s.close()
"""
SIZE = 300_000


@pytest.mark.parametrize("kind", IDENTITIES)
def test_client_accepts(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], kind: str) -> None:
    server = tls_server(IDENTITIES[kind](authority), minimum="1.3")
    assert dut.ping(server, VERSIONS=ONLY_1_3).version == "TLSv1.3"


@pytest.mark.parametrize("kind", IDENTITIES)
def test_server_shows(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], kind: str) -> None:
    identity = IDENTITIES[kind](authority)
    service = dut.serve(identity, VERSIONS=ONLY_1_3)
    with tls_client(service.address, identity, minimum="1.3") as client:
        assert_echoes(client)
        assert client.version == "TLSv1.3"
    assert service.lines() == ["done"]


@pytest.mark.parametrize("suite", SUITES)
def test_client_speaks(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], suite: str) -> None:
    server = tls_server(authority.p256)
    values = {**server.values(dut.board), "VERSIONS": BOTH, "CIPHERS": [SUITES[suite]]}
    assert dut.attempt(TELL, values) == [f"b'ping' TLSv1.3 {SUITES[suite]}", "done"]
    assert server.session().cipher == suite


@pytest.mark.parametrize("suite", SUITES)
def test_server_speaks(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], suite: str) -> None:
    service = dut.serve(authority.p256, VERSIONS=BOTH, CIPHERS=[SUITES[suite]])
    with tls_client(service.address, authority.p256) as client:
        client.handshake()
        assert client.cipher == suite
        client.shutdown()
    assert service.lines() == ["done"]


# Negotiation


@pytest.mark.parametrize("kind", IDENTITIES)
@pytest.mark.parametrize("theirs", ["1.2", "1.3"])
def test_client_takes_the_best_that_the_server_has(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], theirs: str, kind: str
) -> None:
    # An OpenSSL that is held at TLS 1.2 signs with RSASSA-PSS if that was offered.
    server = tls_server(IDENTITIES[kind](authority), maximum=theirs)
    assert dut.ping(server, VERSIONS=BOTH).version == f"TLSv{theirs}"


@pytest.mark.parametrize("kind", IDENTITIES)
@pytest.mark.parametrize("theirs", ["1.2", "1.3"])
def test_server_takes_the_best_that_the_client_has(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], theirs: str, kind: str
) -> None:
    identity = IDENTITIES[kind](authority)
    service = dut.serve(identity, VERSIONS=BOTH)
    with tls_client(service.address, identity, maximum=theirs) as client:
        client.handshake()
        assert client.version == f"TLSv{theirs}"
        client.shutdown()
    assert service.lines() == ["done"]


def test_a_client_that_insists_refuses_a_server_of_1_2(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2")
    failure = dut.failure(PING, {**server.values(dut.board), "VERSIONS": ONLY_1_3})
    assert failure.text.startswith(peer_sent("protocol_version").text)


def test_a_server_that_insists_refuses_a_client_of_1_2(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    service = dut.serve(authority.p256, VERSIONS=ONLY_1_3)
    with tls_client(service.address, authority.p256, maximum="1.2") as client:
        client_handshake_error(client)
        assert_was_refused(client, "protocol_version")
    assert service.failure() == NO_COMMON_VERSION


@dataclass(frozen=True)
class HideNewVersion(Fault):
    """Take TLS 1.3 out of the versions that a ClientHello offers, as somebody in between might."""

    def on_record(self, index: int, record: bytes) -> Iterator[Action]:
        hello = record
        if index == 0:
            head = b"\x00\x2b\x00\x05\x04"
            assert head + b"\x03\x04\x03\x03" in hello, hello.hex()
            hello = hello.replace(head + b"\x03\x04\x03\x03", head + b"\x03\x03\x03\x03")
        yield hello


def test_client_notices_a_downgrade(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], proxy: Callable[..., Proxy]
) -> None:
    # The server says in its random that it could do better (RFC 8446, 4.1.3), long before Finished would tell.
    server = tls_server(authority.p256)
    link = proxy(server.address, HideNewVersion(TO_SERVER))
    values = {**server.values(dut.board), "PORT": link.port, "VERSIONS": BOTH}
    assert dut.failure(PING, values) == tls_failure(-0x6600, "SSL_ILLEGAL_PARAMETER")
    assert server.session().alerts_received == [Alert("fatal", "illegal_parameter")]


def test_server_says_that_it_could_do_better(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], proxy: Callable[..., Proxy]
) -> None:
    # The extension of OpenSSL's ClientHello has the same form as the board's.
    service = dut.serve(authority.p256, VERSIONS=BOTH)
    link = proxy(service.address, HideNewVersion(TO_SERVER))
    with tls_client(link.address, authority.p256) as client:
        client_handshake_error(client)
        assert_did_refuse(client, "illegal_parameter")
    assert service.failure() == peer_sent("illegal_parameter")


# Refusals


@pytest.mark.parametrize("case", REFUSED)
def test_client_refuses(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], case: str) -> None:
    make, checks, alert = REFUSED[case]
    server = tls_server(make(authority), minimum="1.3")
    values = {**server.values(dut.board), "CA": authority.p256.root_der, "NAME": "server.test", "VERSIONS": ONLY_1_3}
    assert dut.failure(PING, values) == refused_certificate(checks)
    assert_was_refused(server.session(), alert)


@pytest.mark.parametrize("case", REFUSED_BY_CLIENT)
def test_server_is_told_why_it_is_refused(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], case: str
) -> None:
    make, alert = REFUSED_BY_CLIENT[case]
    service = dut.serve(make(authority), VERSIONS=ONLY_1_3)
    with tls_client(service.address, authority.p256) as client:
        client_handshake_error(client)
        assert_did_refuse(client, alert)
    assert service.failure() == peer_sent(alert)


@pytest.mark.parametrize("pair", PAIRS)
def test_client_shows_its_certificate(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], pair: str
) -> None:
    identity, client = (make(authority) for make in PAIRS[pair])
    server = tls_server(identity, client_root=identity, client_auth="required")
    session = dut.ping(server, identity=client, VERSIONS=ONLY_1_3)
    assert session.peer_certificate == client.certificate_der


@pytest.mark.parametrize("pair", PAIRS)
def test_server_accepts_a_client_certificate(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], pair: str
) -> None:
    identity, certificate = (make(authority) for make in PAIRS[pair])
    service = dut.serve(identity, SERVE_AND_TELL, trust=identity, VERIFY=CERT_REQUIRED, VERSIONS=ONLY_1_3)
    with tls_client(service.address, identity, certificate=certificate) as client:
        assert_echoes(client)
    assert service.lines() == [certificate.fingerprint, "done"]


@pytest.mark.parametrize("case", REFUSED_CLIENTS)
def test_client_is_told_by_its_first_read_why_it_is_refused(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], case: str
) -> None:
    # The client's handshake is complete before the server has seen its certificate.
    make, alert = REFUSED_CLIENTS[case]
    alert = "certificate_required" if case == "missing" else alert
    server = tls_server(authority.p256, client_root=authority.p256, client_auth="required")
    values = {**server.values(dut.board), "VERSIONS": ONLY_1_3}
    code = PING.replace("s = connect()", "s = connect()\n    print(s.version())")
    *before, refused = dut.attempt(code, values, identity=make(authority))
    assert before == ["TLSv1.3"]
    assert peer_sent(alert).text in refused
    assert_did_refuse(server.session(), alert)


@pytest.mark.parametrize("case", REFUSED_BY_SERVER)
def test_server_refuses(dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], case: str) -> None:
    make, expected, alert = REFUSED_BY_SERVER[case]
    alert = "certificate_required" if expected == NO_CERTIFICATE else alert
    service = dut.serve(authority.p256, trust=authority.p256, VERIFY=CERT_REQUIRED, VERSIONS=ONLY_1_3)
    with tls_client(service.address, authority.p256, certificate=make(authority)) as client:
        client.handshake()
        with pytest.raises(OSError):  # ssl.SSLError is one: the alert comes after the client's Finished
            client.read_exactly(1)
        client.await_end()
        assert client.alerts_received == [Alert("fatal", alert)], client.describe()
    assert service.failure() == expected


# HelloRetryRequest, tickets, key updates


@pytest.mark.parametrize("name", ["server.test", "127.0.0.1"])
def test_client_is_asked_for_another_key_share(dut: Dut, authority: Authority, tmp_path: Path, name: str) -> None:
    identity = authority.issue(addresses=("127.0.0.1",))
    arguments = ["-rev", "-tls1_3", "-groups", "P-384", "-msg"]
    with peers.OpensslServer(identity, tmp_path / "s_server.log", *arguments) as server:
        values = {**server.values(dut.board), "NAME": name, "VERSIONS": BOTH}
        assert dut.attempt(PING_REVERSED, values) == [REVERSED, "done"]
        assert server.log.read_text(errors="replace").count("ClientHello") == 2
        assert ("server_name" in server.log.read_text(errors="replace")) is False


def test_tickets_in_the_stream_are_not_in_the_way(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    arguments = ["-rev", "-tls1_3", "-num_tickets", "5", "-msg"]
    with peers.OpensslServer(authority.p256, tmp_path / "s_server.log", *arguments) as server:
        values = {**server.values(dut.board), "VERSIONS": ONLY_1_3}
        assert dut.attempt(PING_REVERSED, values) == [REVERSED, "done"]
        assert server.log.read_text(errors="replace").count("NewSessionTicket") == 5


ECHO_LINES = """
def work():
    s = %s()
    print("connected")
    for _ in range(4):
        line = s.readline()
        s.write(line)
        print("echoed", line)
    s.close()
"""
# What an OpenSSL program is told at its console, and whether it asks for new keys in return.
UPDATES = {b"k\n": False, b"K\n": True}
RECEIVED_UPDATE = re.compile("<<< .*KeyUpdate")


def exchange(openssl: OpensslProgram, script: RunningScript, dut: Dut, done: str, command: bytes) -> None:
    """Four lines there and back, and new keys before each but the first."""
    for number in range(4):
        if number > 0:
            openssl.type(command)
            openssl.expect(done, dut.patience, times=number)
        line = f"line {number}"
        openssl.type(f"{line}\n".encode())
        script.expect(f"echoed .*{line}", timeout=dut.patience)
        openssl.expect(f"{line}\n", dut.patience)
    updates = len(RECEIVED_UPDATE.findall(openssl.output))
    assert updates == (3 if UPDATES[command] else 0), openssl.output


@pytest.mark.parametrize("command", UPDATES, ids=["for-itself", "for-both"])
@pytest.mark.parametrize("suite", SUITES)
def test_client_follows_key_updates(dut: Dut, authority: Authority, tmp_path: Path, command: bytes, suite: str) -> None:
    arguments = ("-tls1_3", "-ciphersuites", suite, "-msg")
    with peers.OpensslServer(authority.p256, tmp_path / "s_server.log", *arguments) as server:
        values = {**server.values(dut.board), "VERSIONS": ONLY_1_3}
        running = dut.start(ECHO_LINES % "connect" + "\nattempt(work)\n", values)
        running.expect("connected", timeout=dut.patience)
        exchange(server, running, dut, ">>> TLS 1.3, Handshake [length 0005], KeyUpdate", command)
        assert running.wait(dut.patience).lines[-1] == "done"


@pytest.mark.parametrize("command", UPDATES, ids=["for-itself", "for-both"])
def test_server_follows_key_updates(dut: Dut, authority: Authority, tmp_path: Path, command: bytes) -> None:
    service = dut.serve(authority.p256, ECHO_LINES % "accept", VERSIONS=ONLY_1_3)
    with peers.OpensslClient(service.address, tmp_path / "s_client.log", "-tls1_3", "-msg") as client:
        service.script.expect("connected", timeout=dut.patience)
        exchange(client, service.script, dut, "KEYUPDATE", command)
        assert service.lines()[-1] == "done"


# Data


@pytest.mark.timeout(3 * LONG)
@pytest.mark.parametrize("size", [1, 1000, 16384])
def test_client_receives_records_of(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], size: int
) -> None:
    total = dut.board.rounds(SIZE) if size > 1 else 300
    server = tls_server(authority.p256, peers.source(total), minimum="1.3", record_size=size, patience=LONG)
    values = {**server.values(dut.board), "SIZE": total, "VERSIONS": ONLY_1_3}
    lines = dut.attempt(as_client(RECEIVE), values, timeout=LONG)
    assert lines == [server.session().sent_digest, "b''", "done"]
    assert_ended_well(server.session())


@pytest.mark.timeout(3 * LONG)
def test_client_sends(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    size = dut.board.rounds(1 << 18)
    server = tls_server(authority.p256, peers.sink(size), minimum="1.3", patience=LONG)
    values = {**server.values(dut.board), "SIZE": size, "VERSIONS": ONLY_1_3}
    sent, received, end = dut.attempt(as_client(SEND), values, timeout=LONG)
    assert_ended_well(server.session())
    assert (sent, end) == (received, "done")


@pytest.mark.timeout(3 * LONG)
def test_server_receives_records_of_16_kb(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    size = dut.board.rounds(SIZE)
    service = dut.serve(authority.p256, as_server(RECEIVE), SIZE=size, VERSIONS=ONLY_1_3)
    with tls_client(service.address, authority.p256, patience=LONG) as client:
        client.handshake()
        client.write(peers.pattern(size))
        client.shutdown()
        assert_ended_well(client)
        assert service.lines() == [client.sent_digest, "b''", "done"]


def test_everything_arrives_byte_by_byte(
    dut: Dut, authority: Authority, tls_client: Callable[..., peers.TlsClient], proxy: Callable[..., Proxy]
) -> None:
    service = dut.serve(authority.p256, ECHO_ONCE, VERSIONS=ONLY_1_3)
    link = proxy(service.address, Split(TO_SERVER, 1), Split(TO_CLIENT, 1))
    with tls_client(link.address, authority.p256) as client:
        assert_echoes(client)
    assert service.lines() == ["done"]
