# SPDX-License-Identifier: MIT
"""What is refused is refused out loud: which alert the peer gets for which fault, and that floods have a bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.contract.conftest import Script
from hil_tests.contract.crafted import CraftedServer
from hil_tests.peers.proxy import TO_CLIENT, TO_SERVER, Corrupt, Proxy
from hil_tests.records import ALERT_NAMES, Alert, RecordSplitter, alert_record, encode_record

DIAL = """
import socket
s = socket.socket()
s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
context = client_context((None, None, CA))
"""
CONNECT = DIAL + "print(attempt(context.wrap_socket, s, server_hostname=NAME))\n"
SERVE = """
import socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(socket.getaddrinfo("0.0.0.0", PORT)[0][-1])
listener.listen(1)
context = server_context(ID)
"""
ACCEPT = """
print("listening")
s = listener.accept()[0]
listener.close()
print(attempt(context.wrap_socket, s, server_side=True))
"""


def fatal(name: str) -> list[Alert]:
    return [Alert("fatal", name)]


# Certificates, as OpenSSL sees it


@pytest.mark.parametrize(
    "which, alert",
    [
        ("stranger", "unknown_ca"),
        ("self_signed", "unknown_ca"),
        ("expired", "certificate_expired"),
        ("not_yet_valid", "certificate_expired"),
        ("client", "bad_certificate"),
        ("address", "bad_certificate"),
    ],
)
def test_a_server_certificate_is_refused(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer], which: str, alert: str
) -> None:
    server = tls_server(getattr(authority, which), maximum="1.2")
    values = server.values(script.board) | {"CA": authority.p256.root_der, "NAME": "server.test"}
    (line,) = script(CONNECT, **values)
    assert line.startswith("SSLCertVerificationError(-9984, "), line
    assert server.session().alerts_received == fatal(alert)


@pytest.mark.parametrize(
    "which, alert",
    [
        (None, "handshake_failure"),
        ("stranger_client", "unknown_ca"),
        ("expired_client", "certificate_expired"),
        ("p256", "unsupported_certificate"),
    ],
)
def test_a_client_certificate_is_refused(
    script: Script, authority: Authority, tls_client: Callable[..., peers.TlsClient], which: str | None, alert: str
) -> None:
    port = script.board.listen_port()
    code = SERVE + "context.load_verify_locations(cadata=CA)\ncontext.verify_mode = ssl.CERT_REQUIRED\n" + ACCEPT
    running = script.start(code, PORT=port, ID=authority.p256, CA=authority.client.root_der)
    running.expect("listening")
    certificate: Identity | None = getattr(authority, which) if which else None
    client = tls_client(script.board.listen_address(port), authority.p256, certificate=certificate, maximum="1.2")
    with pytest.raises(OSError):
        client.handshake()
    assert client.alerts_received == fatal(alert)
    running.wait(10)


# Negotiation


def test_no_common_suite_as_server(
    script: Script, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    port = script.board.listen_port()
    running = script.start(SERVE + ACCEPT, PORT=port, ID=authority.p256)
    running.expect("listening")
    client = tls_client(
        script.board.listen_address(port), authority.p256, maximum="1.2", ciphers="ECDHE-RSA-AES128-GCM-SHA256"
    )
    with pytest.raises(OSError):
        client.handshake()
    assert client.alerts_received == fatal("handshake_failure")
    running.wait(10)
    assert "MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE: no cipher suite or curve in common" in running.output


def test_a_tls_1_3_client_is_refused(
    script: Script, authority: Authority, tls_client: Callable[..., peers.TlsClient]
) -> None:
    port = script.board.listen_port()
    running = script.start(SERVE + ACCEPT, PORT=port, ID=authority.p256)
    running.expect("listening")
    client = tls_client(script.board.listen_address(port), authority.p256, minimum="1.3")
    with pytest.raises(OSError):
        client.handshake()
    assert client.alerts_received[0] in (Alert("fatal", "protocol_version"), Alert("fatal", "handshake_failure"))
    assert len(client.alerts_received) == 1
    running.wait(10)
    assert "TLS 1." in running.output


def test_what_a_tls_1_3_server_says_is_told(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, minimum="1.3")
    only_1_2 = CONNECT.replace("print(", "context.maximum_version = ssl.TLSVersion.TLSv1_2\nprint(")
    (line,) = script(only_1_2, **server.values(script.board))
    assert (
        "the peer sent protocol_version; it may insist on TLS 1.3: see ssl.HAS_TLSv1_3 and maximum_version" in line
    ), line
    assert server.session().alerts_received == []


# Plaintext records that are wrong, over a pipe: the other end is bytes made here


HELLO_HEAD = b"\x03\x03" + bytes(32) + b"\x00"  # ServerHello: version, random, no session
RSA_GCM = b"\x00\x9c"  # TLS_RSA_WITH_AES_128_GCM_SHA256: known, but offered only on request
ECDSA_GCM = b"\xc0\x2b"  # TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256


def handshake(kind: int, body: bytes) -> bytes:
    return encode_record("handshake", bytes([kind]) + len(body).to_bytes(3, "big") + body)


TO_A_CLIENT = {
    "a web server": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unexpected_message"),
    "zeros": (bytes(20), "unexpected_message"),
    "an unknown content type": (b"\x18\x03\x03\x00\x01\x00", "unexpected_message"),
    "another protocol": (b"\x16\x04\x00\x00\x04\x02\x00\x00\x00", "protocol_version"),
    "a record that is too long": (b"\x16\x03\x03\x48\x01" + bytes(20), "record_overflow"),
    "a handshake record that is empty": (encode_record("handshake", b""), "unexpected_message"),
    "a ServerHello that is too short": (handshake(2, b"\x03\x03"), "decode_error"),
    "a ServerHello of TLS 1.1": (handshake(2, b"\x03\x02" + bytes(33) + ECDSA_GCM + b"\x00"), "protocol_version"),
    "a suite that was not offered": (handshake(2, HELLO_HEAD + RSA_GCM + b"\x00"), "illegal_parameter"),
    "compression": (handshake(2, HELLO_HEAD + ECDSA_GCM + b"\x01"), "illegal_parameter"),
    "a length that leads outside": (handshake(2, HELLO_HEAD + ECDSA_GCM + b"\x00\xff\xff"), "decode_error"),
    "a Certificate before ServerHello": (handshake(11, bytes(3)), "unexpected_message"),
    "a Finished before ServerHello": (handshake(20, bytes(12)), "unexpected_message"),
    "a change of ciphers": (encode_record("change_cipher_spec", b"\x01"), "unexpected_message"),
    "application data": (encode_record("application_data", b"hello"), "unexpected_message"),
    "a flood of warnings": (alert_record("warning", "user_canceled") * 20, "unexpected_message"),
}


# In builds without "message-checks", where Mbed TLS is alone with these.
MBEDTLS_SAYS = {
    "a Certificate before ServerHello": "decode_error",
    "a Finished before ServerHello": "decode_error",
    "a downgrade": "protocol_version",
}


def expected(script: Script, cases: Mapping[str, tuple[bytes, str]]) -> dict[str, list[Alert]]:
    """The alerts that these cases end with."""
    others = {} if "message-checks" in script.board.capabilities else MBEDTLS_SAYS
    return {how: fatal(others.get(how, alert)) for how, (_, alert) in cases.items()}


def answers(cases: Mapping[str, object], lines: list[str]) -> dict[str, list[Alert]]:
    """The alerts in the records, in hex, that each line begins with."""
    seen = {}
    for how, line in zip(cases, lines, strict=True):
        pieces = RecordSplitter(TO_SERVER).feed(bytes.fromhex(line.split(" ", 1)[0]))
        seen[how] = [record.alert for _, record in pieces if record and record.alert]
    return seen


def test_a_client_refuses_wrong_plaintext_out_loud(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    for data in CASES:
        a, b = pipe()
        a.sent = []
        c = context.wrap_socket(a, server_hostname="server.test")
        b.write(data)
        del a.sent[:]
        error = attempt(step, c)
        print(b"".join(a.sent).hex(), a.closed, error)
    """
    lines = script(code, CASES=[data for data, _ in TO_A_CLIENT.values()])
    assert answers(TO_A_CLIENT, lines) == expected(script, TO_A_CLIENT), lines
    assert [line.split(" ", 2)[1] for line in lines] == ["1"] * len(lines)
    assert [line for line in lines if " OSError(-" not in line or "MBEDTLS_ERR_" not in line] == []


def client_hello(version: bytes = b"\x03\x03", suites: bytes = ECDSA_GCM, tail: bytes = b"") -> bytes:
    groups = b"\x00\x0a\x00\x04\x00\x02\x00\x17"
    signatures = b"\x00\x0d\x00\x04\x00\x02\x04\x03"
    extensions = groups + signatures + tail
    lists = len(suites).to_bytes(2, "big") + suites + b"\x01\x00" + len(extensions).to_bytes(2, "big") + extensions
    return handshake(1, version + bytes(32) + b"\x00" + lists)


TO_A_SERVER = {
    "a browser without TLS": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "unexpected_message"),
    "SSL 2.0": (b"\x80\x2e\x01\x03\x01" + bytes(43), "unexpected_message"),
    "another protocol": (b"\x16\x04\x00\x00\x04\x01\x00\x00\x00", "protocol_version"),
    "a record that is too long": (b"\x16\x03\x01\x48\x01" + bytes(20), "record_overflow"),
    "TLS 1.1": (client_hello(b"\x03\x02"), "protocol_version"),
    "TLS 1.0": (client_hello(b"\x03\x01"), "protocol_version"),
    "an unknown suite": (client_hello(suites=b"\x00\x05"), "handshake_failure"),
    "a downgrade": (client_hello(b"\x03\x02", suites=ECDSA_GCM + b"\x56\x00"), "inappropriate_fallback"),
    "a hello that is too short": (handshake(1, b"\x03\x03" + bytes(10)), "decode_error"),
    "a length that leads outside": (client_hello(tail=b"\x00\x0b\xff\xff"), "decode_error"),
    "a Finished first": (handshake(20, bytes(12)), "unexpected_message"),
    "a change of ciphers": (encode_record("change_cipher_spec", b"\x01"), "unexpected_message"),
    "application data": (encode_record("application_data", b"hello"), "unexpected_message"),
    "a flood of warnings": (alert_record("warning", "user_canceled") * 20, "unexpected_message"),
}


def test_a_server_refuses_wrong_plaintext_out_loud(script: Script, authority: Authority) -> None:
    code = """
    context = server_context(ID)
    for data in CASES:
        a, b = pipe()
        b.sent = []
        a.write(data)
        def run():
            s = context.wrap_socket(b, server_side=True)
            step(s)
        error = attempt(run)
        print(b"".join(b.sent).hex(), b.closed, error)
    """
    lines = script(code, ID=authority.p256, CASES=[data for data, _ in TO_A_SERVER.values()])
    assert answers(TO_A_SERVER, lines) == expected(script, TO_A_SERVER), lines
    assert [line for line in lines if " OSError(-" not in line or "MBEDTLS_ERR_" not in line] == []


def test_a_server_without_certificate_says_what_it_lacks(script: Script) -> None:
    code = """
    a, b = pipe()
    a.write(DATA)
    b.sent = []
    error = attempt(ssl.SSLContext(SERVER).wrap_socket, b, server_side=True)
    print(b"".join(b.sent).hex(), error)
    """
    (line,) = script(code, DATA=client_hello())
    assert answers({"": 0}, [line])[""] == fatal("internal_error"), line
    assert "a server needs load_cert_chain()" in line, line


def test_a_fatal_alert_is_not_answered_and_told_by_its_name(script: Script) -> None:
    code = """
    for number in NUMBERS:
        a, b = pipe()
        a.sent = []
        c = ssl.SSLContext(CLIENT).wrap_socket(a, server_hostname="server.test")
        b.write(b"\\x15\\x03\\x03\\x00\\x02\\x02" + bytes([number]))
        del a.sent[:]
        error = attempt(step, c)
        print(a.sent, a.closed, error)
    """
    known = (10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86, 90, 109, 110, 112, 116, 120)
    lines = script(code, NUMBERS=known)
    for number, line in zip(known, lines, strict=True):
        text = f"MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent {ALERT_NAMES[number]}"
        assert line.startswith("[] 1 OSError(-30592, '" + text), line


def test_an_alert_without_a_name_is_told_by_its_number(script: Script) -> None:
    code = """
    a, b = pipe()
    c = ssl.SSLContext(CLIENT).wrap_socket(a, server_hostname="server.test")
    b.write(b"\\x15\\x03\\x03\\x00\\x02\\x02\\xc8")
    print(attempt(step, c))
    """
    (line,) = script(code)
    assert "the peer sent alert 200" in line, line


# Encrypted records that are wrong


def test_a_corrupted_record_is_a_bad_record_mac(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer], proxy: Callable[..., Proxy]
) -> None:
    server = tls_server(authority.p256, peers.source(100), maximum="1.2", ciphers="ECDHE+AESGCM")
    # ServerHello … ServerHelloDone, (ticket,) ChangeCipherSpec, Finished, data: the last record is the data.
    for record in range(4, 12):
        link = proxy(server.address, Corrupt(TO_CLIENT, record))
        code = DIAL + "print(attempt(lambda: context.wrap_socket(s, server_hostname=NAME).read(100)))"
        (line,) = script(code, **{**server.values(script.board), "PORT": link.port})
        session = server.session(record - 4)
        if "MBEDTLS_ERR_SSL_INVALID_MAC" in line:
            assert session.alerts_received == fatal("bad_record_mac"), session.describe()
            return
    pytest.fail(f"no record was refused for its MAC; the last said {line}")


def test_a_corrupted_finished_is_a_bad_record_mac_for_a_server(
    script: Script, authority: Authority, tls_client: Callable[..., peers.TlsClient], proxy: Callable[..., Proxy]
) -> None:
    port = script.board.listen_port()
    running = script.start(SERVE + ACCEPT, PORT=port, ID=authority.p256)
    running.expect("listening")
    # ClientHello, ClientKeyExchange, ChangeCipherSpec, Finished
    link = proxy(script.board.listen_address(port), Corrupt(TO_SERVER, 3))
    client = tls_client(link.address, authority.p256, maximum="1.2", ciphers="ECDHE+AESGCM")
    with pytest.raises(OSError):
        client.handshake()
    running.wait(10)
    assert "MBEDTLS_ERR_SSL_INVALID_MAC" in running.output
    assert client.alerts_received == fatal("bad_record_mac")


@dataclass(frozen=True)
class Crafted:
    """Records to be sent after the handshake, the error that they end in, and the alert that names it."""

    kind: str
    plaintext: bytes
    error: str
    alert: str
    count: int = 1
    corrupt: bool = False


UNEXPECTED = ("MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE", "unexpected_message")
CRAFTED = {
    "a flood of warnings": Crafted("alert", b"\x01\x5a", *UNEXPECTED, count=40),
    # Mbed TLS has a bound of its own, three in a row, and treats the fourth as a forgery.
    "a flood of empty records": Crafted(
        "application_data", b"", "MBEDTLS_ERR_SSL_INVALID_MAC", "bad_record_mac", count=40
    ),
    "a flood of HelloRequests": Crafted("handshake", bytes(4), *UNEXPECTED, count=40),
    "a wrong tag": Crafted("application_data", b"x", "MBEDTLS_ERR_SSL_INVALID_MAC", "bad_record_mac", corrupt=True),
    "a plaintext that is too long": Crafted(
        "application_data", bytes(16385), "MBEDTLS_ERR_SSL_INVALID_RECORD", "record_overflow"
    ),
    "a Finished out of place": Crafted("handshake", b"\x14\x00\x00\x0c" + bytes(12), *UNEXPECTED),
    "a ClientHello out of place": Crafted("handshake", b"\x01\x00\x00\x04" + bytes(4), *UNEXPECTED),
    "a change of ciphers out of place": Crafted("change_cipher_spec", b"\x01", *UNEXPECTED),
    "an alert that was cut": Crafted("alert", b"\x02", "MBEDTLS_ERR_SSL_INVALID_RECORD", "decode_error"),
}


@pytest.mark.parametrize("what", CRAFTED)
def test_a_client_refuses_wrong_ciphertext_out_loud(
    script: Script, authority: Authority, raw_server: Callable[..., peers.RawServer], tmp_path: Path, what: str
) -> None:
    case = CRAFTED[what]
    seen: list[Alert] = []

    def behave(wire: peers.Wire) -> None:
        server = CraftedServer(wire, authority.p256, tmp_path)
        server.send(*[server.record(case.kind, case.plaintext, corrupt=case.corrupt) for _ in range(case.count)])
        seen.extend(server.receive_alerts())

    raw = raw_server(behave)
    code = DIAL + "t = context.wrap_socket(s, server_hostname='server.test'); print(attempt(t.read, 1))"
    (line,) = script(code, **raw.values(script.board, authority.p256))
    raw.finished()
    assert line.startswith("OSError(-"), line
    assert case.error in line, line
    assert [item for item in seen if item.level == "fatal"] == fatal(case.alert), (seen, line)


def test_a_few_idle_records_do_no_harm(
    script: Script, authority: Authority, raw_server: Callable[..., peers.RawServer], tmp_path: Path
) -> None:
    seen: list[Alert] = []

    def behave(wire: peers.Wire) -> None:
        server = CraftedServer(wire, authority.p256, tmp_path)
        for number in range(5):
            server.send(
                *[server.record("application_data", b"") for _ in range(3)],
                server.record("alert", b"\x01\x5a"),
                server.record("handshake", bytes(4)),
                server.record("application_data", b"%d" % number),
            )
        assert server.receive() == ("alert", b"\x01\x64"), "a HelloRequest is answered with no_renegotiation"
        seen.extend(server.receive_alerts())

    raw = raw_server(behave)
    code = DIAL + "t = context.wrap_socket(s, server_hostname='server.test'); print(t.read(5)); t.close()"
    lines = script(code, **raw.values(script.board, authority.p256))
    raw.finished()
    assert lines == ["b'01234'"]
    assert [alert.name for alert in seen] == ["no_renegotiation"] * 4 + ["close_notify"]


@pytest.mark.requires("fault-injection")
def test_running_out_of_memory_is_an_internal_error(script: Script, authority: Authority) -> None:
    code = """
    import _fault
    client, server = client_context(ID), server_context(ID)
    for n in range(10, 100):
        ends = pipe()
        c, s = wrap(client, server, ends=ends)
        step(s)
        ends[0].sent = []
        _fault.arm(n)
        error = attempt(step, c)
        _fault.disarm()
        if error == "OSError(12,)":
            break
    print(b"".join(ends[0].sent).hex(), error)
    """
    (line,) = script(code, ID=authority.p256)
    assert "OSError(12,)" in line, line
    assert answers({"": 0}, [line])[""] == fatal("internal_error"), line
