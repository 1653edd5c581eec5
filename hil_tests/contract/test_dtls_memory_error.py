# SPDX-License-Identifier: MIT
"""Each allocation of a session over datagrams is made to fail: a clean exception, no leak, and the board works on."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.contract.test_dtls import SETUP
from hil_tests.contract.test_memory_error import SAME_KEY, sweep

pytestmark = [pytest.mark.requires("dtls", "fault-injection", "leak-count"), pytest.mark.timeout(600)]

# By reads that give None and not by exceptions, because the interpreter can do without parts of those.
SESSION = """
def talk(client, server, sockets):
    a, b = mail()
    sockets.append(call(client, a))
    sockets.append(answer(server, b))
    sockets[0].recv(1)
    try:
        sockets[1].recv(1)
    except OSError as error:
        if error.errno != HELLO_VERIFY_REQUIRED:
            raise
    sockets[1] = answer(server, b)
    for i in (0, 1, 0, 1, 0):
        if sockets[i].recv(1):
            raise RuntimeError("data before any was sent")
    if not talks_in_datagrams(*sockets):
        raise RuntimeError("data lost")

def session():
    sockets = []
    try:
        talk(client, server, sockets)
    finally:
        close_all(sockets)
"""


def test_every_allocation_of_a_session_with_certificates_may_fail(script: Script, authority: Authority) -> None:
    made = "client, server = contexts(ID)\n"
    assert sweep(script, SETUP + made + SESSION, ID=authority.p256) > 250


@pytest.mark.requires("psk")
def test_every_allocation_of_a_session_with_psk_may_fail(script: Script) -> None:
    made = "client, server = ssl.SSLContext(DTLS_CLIENT), ssl.SSLContext(DTLS_SERVER)\n"
    assert sweep(script, SETUP + made + SAME_KEY + SESSION) > 150


def test_every_allocation_of_cookies_may_fail(script: Script) -> None:
    session = """
def session():
    answer(ssl.SSLContext(DTLS_SERVER), mail()[0]).close()
"""
    assert sweep(script, SETUP + session) > 10
