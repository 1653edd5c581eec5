# SPDX-License-Identifier: MIT
"""DTLS 1.2 (RFC 6347) between two objects of one board: what may happen to datagrams, and what a program sees of it."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.requires("dtls")

SETUP = """
import time
HELLO_VERIFY_REQUIRED = -0x6A80
DTLS_CLIENT, DTLS_SERVER = ssl.PROTOCOL_DTLS_CLIENT, ssl.PROTOCOL_DTLS_SERVER

def contexts(identity):
    return client_context(identity, DTLS_CLIENT), server_context(identity, DTLS_SERVER)

def answer(server, end, address=b"client"):
    return server.wrap_socket(end, server_side=True, client_id=address, do_handshake_on_connect=False)

def call(client, end, **options):
    return client.wrap_socket(end, server_hostname="server.test", do_handshake_on_connect=False, **options)

# The server is made anew when it has asked for a cookie, and reads after its handshake: its last flight may be lost.
def meet_in_datagrams(client, server, ends):
    c, s = call(client, ends[0]), answer(server, ends[1])
    begun = time.ticks_ms()
    there = here = False
    while not (here and there):
        if time.ticks_diff(time.ticks_ms(), begun) > 20000:
            raise RuntimeError("handshake makes no progress")
        try:
            there = there and not s.recv(1) or step(s)
        except OSError as error:
            if error.errno != HELLO_VERIFY_REQUIRED:
                raise
            s = answer(server, ends[1])
        here = step(c)
    return c, s

def talks_in_datagrams(c, s):
    c.send(b"ping")
    s.send(b"pong")
    return (c.recv(100), s.recv(100)) == (b"pong", b"ping")
"""


def test_client_and_server_talk(script: Script, authority: Authority) -> None:
    code = """
c, s = meet_in_datagrams(*contexts(ID), mail())
print(talks_in_datagrams(c, s), c.version(), s.version(), c.cipher()[0], c.getpeercert(True) == ID[0], ssl.HAS_DTLS)
"""
    (line,) = script(SETUP + code, ID=authority.p256)
    assert line == "True DTLSv1.2 DTLSv1.2 TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256 True True"


@pytest.mark.parametrize("end, number", [(0, 0), (0, 2), (1, 1), (1, 2)])
def test_a_lost_flight_is_sent_again(script: Script, authority: Authority, end: int, number: int) -> None:
    code = """
ends = mail()
ends[END].lose = lambda n, data: n == NUMBER
print(talks_in_datagrams(*meet_in_datagrams(*contexts(ID), ends)), len(ends[END].sent) > NUMBER + 1)
"""
    assert script(SETUP + code, ID=authority.p256, END=end, NUMBER=number) == ["True True"]


def test_datagrams_may_come_twice(script: Script, authority: Authority) -> None:
    code = """
ends = mail()
ends[0].twice = ends[1].twice = True
c, s = meet_in_datagrams(*contexts(ID), ends)
print(talks_in_datagrams(c, s), c.recv(100), s.recv(100))
"""
    assert script(SETUP + code, ID=authority.p256) == ["True None None"]


def test_a_flight_in_several_datagrams_may_come_in_any_order(script: Script, authority: Authority) -> None:
    code = """
ends = mail()
ends[1].last_first = True
print(talks_in_datagrams(*meet_in_datagrams(*contexts(ID), ends)), max([len(data) for data in ends[1].sent]) <= 1400)
"""
    assert script(SETUP + code, ID=authority.issue("rsa", depth=2)) == ["True True"]


def test_what_is_not_authentic_is_dropped(script: Script, authority: Authority) -> None:
    code = """
ends = mail()
c, s = meet_in_datagrams(*contexts(ID), ends)
c.send(b"first")
old = ends[0].sent[-1]
forged = old[:-1] + bytes([old[-1] ^ 1])
print(s.recv(100))
ends[1].inbox.extend([b"junk", bytes(100), b"\\x16\\xfe\\xfd" + bytes(30), forged, old] * 10)
c.send(b"second")
print(s.recv(100), s.recv(100))
"""
    assert script(SETUP + code, ID=authority.p256) == ["b'first'", "b'second' None"]


def test_each_write_is_a_datagram_and_each_read_is_of_one(script: Script, authority: Authority) -> None:
    code = """
ends = mail()
c, s = meet_in_datagrams(*contexts(ID), ends)
before = len(ends[0].sent)
for data in (b"one", b"twenty-two", b"x" * 1371):
    print(c.send(data), end=" ")
print(len(ends[0].sent) - before, len(ends[0].sent[-1]))
print(s.recv(100), s.recv(6), s.pending(), s.recv(100), len(s.recv(2000)), s.recv(100))
"""
    lines = script(SETUP + code, ID=authority.p256)
    assert lines == ["3 10 1371 3 1400", "b'one' b'twenty' 4 b'-two' 1371 None"]


def test_data_that_no_datagram_holds_are_refused(script: Script, authority: Authority) -> None:
    code = """
c, s = meet_in_datagrams(*contexts(ID), mail())
print(attempt(c.send, b"x" * 1372), talks_in_datagrams(c, s))
"""
    assert script(SETUP + code, ID=authority.p256) == ["OSError(90,) True"]


def test_a_lost_datagram_of_data_stays_lost(script: Script, authority: Authority) -> None:
    code = """
ends = mail()
c, s = meet_in_datagrams(*contexts(ID), ends)
c.send(b"lost")
ends[1].inbox.clear()
print(talks_in_datagrams(c, s))
"""
    assert script(SETUP + code, ID=authority.p256) == ["True"]


def test_a_server_asks_for_a_cookie_and_leaves_the_stream_open(script: Script, authority: Authority) -> None:
    code = """
client, server = contexts(ID)
a, b = mail()
c = call(client, a)
step(c)
print(attempt(server.wrap_socket, b, server_side=True, client_id=b"client"), b.closed)
print(len(b.sent), len(b.sent[0]) < len(a.sent[0]))
step(c)
s = server.wrap_socket(b, server_side=True, client_id=b"client")
shake(c, s)
print(talks_in_datagrams(c, s))
"""
    error = "OSError(-27264, 'MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED')"
    assert script(SETUP + code, ID=authority.p256) == [f"{error} 0", "1 True", "True"]


def test_a_cookie_is_for_one_client_and_one_context(script: Script, authority: Authority) -> None:
    code = """
client, server = contexts(ID)
a, b = mail()
c = call(client, a)
for context, address in ((server, b"client"), (server, b"another"), (contexts(ID)[1], b"another")):
    step(c)
    print(attempt(step, answer(context, b, address))[:15])
"""
    assert script(SETUP + code, ID=authority.p256) == ["OSError(-27264,"] * 3


def test_client_id_is_for_servers_and_they_need_one(script: Script, authority: Authority) -> None:
    code = """
client, server = contexts(ID)
for value in (None, 4, b""):
    print(attempt(server.wrap_socket, mail()[0], server_side=True, client_id=value))
print(attempt(call, client, mail()[0], client_id=b"client"))
print(attempt(server_context(ID).wrap_socket, pipe()[0], server_side=True, client_id=b"client"))
"""
    missing = "MBEDTLS_ERR_SSL_BAD_INPUT_DATA: a server with DTLS needs client_id, bytes that name the client's address"
    lines = script(SETUP + code, ID=authority.p256)
    needless = "ValueError('client_id is for PROTOCOL_DTLS_SERVER contexts',)"
    assert lines == [f'OSError(-28928, "{missing}")'] * 3 + [needless] * 2


def test_settings_that_do_not_fit_are_refused(script: Script, authority: Authority) -> None:
    code = """
client, server = contexts(ID)
print(attempt(call, client, mail()[0], server_side=True))
print(attempt(call, client, mail()[0], session=meet_over_tls()))
client.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
print(call(client, mail()[0]).version())
if ssl.HAS_TLSv1_3:
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    print(attempt(call, client, mail()[0]))
else:
    print("ValueError('minimum_version is above maximum_version',)")
"""
    session = "def meet_over_tls():\n    return connect(client_context(ID), server_context(ID))[0].session\n"
    assert script(SETUP + session + code, ID=authority.p256) == [
        "ValueError('server_side=True needs a PROTOCOL_TLS_SERVER context',)",
        "ValueError('a context with PSK or DTLS resumes no sessions',)",
        "None",
        "ValueError('minimum_version is above maximum_version',)",
    ]


def test_close_is_said_and_heard(script: Script, authority: Authority) -> None:
    code = """
ends = mail()
c, s = meet_in_datagrams(*contexts(ID), ends)
c.send(b"last")
c.close()
print(s.recv(100), s.recv(100), ends[0].closed)
s.close()
print(ends[1].closed)
"""
    assert script(SETUP + code, ID=authority.p256) == ["b'last' b'' 1", "1"]


def test_a_refused_certificate_is_told_to_the_server(script: Script, authority: Authority) -> None:
    code = """
client, server = contexts(ID)[0], contexts(OTHER)[1]
a, b = mail()
c, s = call(client, a), None
errors = {}
for _ in range(20):
    s = s or answer(server, b)
    try:
        if "c" not in errors:
            step(c)
    except OSError as error:
        errors["c"] = show(error)
    try:
        step(s)
    except OSError as error:
        if error.errno != HELLO_VERIFY_REQUIRED:
            errors["s"] = show(error)
            break
        s = None
print(errors["c"])
print(errors["s"])
"""
    refused = "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: certificate is issued by none of the trusted CAs"
    told = "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: the peer sent unknown_ca"
    lines = script(SETUP + code, ID=authority.p256, OTHER=authority.stranger)
    assert lines == [f"SSLCertVerificationError(-9984, '{refused}')", f"OSError(-30592, '{told}')"]


def test_a_silent_peer_ends_the_handshake_in_time(script: Script) -> None:
    code = """
a, b = mail()
client = client_context(None, DTLS_CLIENT)
begun = time.ticks_ms()
print(attempt(client.wrap_socket, a, server_hostname="server.test", handshake_timeout=2.5))
print(time.ticks_diff(time.ticks_ms(), begun) >= 2500, a.sent[0][13:] == a.sent[1][13:])
"""
    assert script(SETUP + code) == ["OSError(110,)", "True True"]


def test_poll_wakes_up_when_a_flight_has_to_be_sent_again(script: Script, authority: Authority) -> None:
    code = """
a, b = mail()
c = call(client_context(ID, DTLS_CLIENT), a)
print(c.recv(1), len(a.sent))
poller = select.poll()
poller.register(c, select.POLLIN)
print(poller.poll(0), len(poller.poll(10000)))
print(c.recv(1), len(a.sent), poller.poll(0))
"""
    assert script(SETUP + code, ID=authority.p256) == ["None 1", "[] 1", "None 2 []"]


def test_record_buffers_are_given_back(script: Script, authority: Authority) -> None:
    code = """
c, s = meet_in_datagrams(*contexts(ID), mail())
print(talks_in_datagrams(c, s), c.recv(1), s.recv(1))
for sock in (c, s):
    info = ssl.memory_info(sock)
    print(info["input"] < 128, info["output"] < 128, info["bytes"] < 5000)
"""
    lines = script(SETUP + code, ID=authority.p256)
    assert lines == ["True None None"] + ["True True True"] * 2


@pytest.mark.requires("psk")
def test_pre_shared_keys_work_too(script: Script) -> None:
    code = """
client, server = ssl.SSLContext(DTLS_CLIENT), ssl.SSLContext(DTLS_SERVER)
client.set_psk_client_callback(lambda hint: (hint, b"secret"))
server.set_psk_server_callback(lambda identity: identity == "hint" and b"secret" or b"", "hint")
c, s = meet_in_datagrams(client, server, mail())
print(talks_in_datagrams(c, s), c.cipher()[0])
"""
    assert script(SETUP + code) == ["True TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256"]


def test_a_server_without_a_certificate_says_so_when_a_client_comes(script: Script, authority: Authority) -> None:
    code = """
a, b = mail()
c, server = call(client_context(ID, DTLS_CLIENT), a), ssl.SSLContext(DTLS_SERVER)
s = answer(server, b)
print(s.recv(1))
step(c)
print(attempt(s.recv, 1))
"""
    error = "MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED: a server needs load_cert_chain()"
    lines = script(SETUP + code, ID=authority.p256)
    assert lines == ["None", f"OSError(-30208, '{error}')"]


def test_nothing_is_left_behind(script: Script, authority: Authority) -> None:
    code = """
def rounds():
    c, s = meet_in_datagrams(*contexts(ID), mail())
    c.close()
    meet_in_datagrams(*contexts(ID), mail())
    step(call(contexts(ID)[0], mail()[0]))
rounds()
collect()
before = ssl.memory_info()["bytes"]
rounds()
collect()
print(ssl.memory_info()["bytes"] - before)
"""
    assert script(SETUP + code, ID=authority.p256) == ["0"]
