# SPDX-License-Identifier: MIT
"""Each allocation of a whole session is made to fail in turn: a clean exception, no leak, and the board works on."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = [pytest.mark.requires("fault-injection", "leak-count"), pytest.mark.timeout(600)]
SWEEP_SECONDS = 500.0

# Runs `session()` with its n-th allocation failing, for n = 1, 2, …, until none is left to fail.
SWEEP = """
import _fault

def once(n):
    _fault.arm(n)
    try:
        session()
        word = "passed"
    except MemoryError:
        word = "clean"
    except OSError as error:
        word = "clean" if error.errno == 12 else "OSError%r" % (error.args,)
    except BaseException as error:
        word = "%s%r" % (type(error).__name__, error.args)
    return _fault.disarm(), word

def settled(before):
    for _ in range(4):
        collect()
        if _fault.live() == before:
            return True
    return False

session()
session()
collect()
before = _fault.live()
n, bad, clean, passed, leaks = 1, [], 0, 0, []
while True:
    seen, word = once(n)
    if seen < n:
        break
    if word == "clean":
        clean += 1
    elif word == "passed":
        passed += 1
    else:
        bad.append((n, word))
    if not settled(before):
        leaks.append((n, _fault.live(), before))
        before = _fault.live()
    n += 1
session()
collect()
print(clean)
print(passed)
print(bad[:10])
print(leaks[:10])
print(_fault.live() == before, word)
"""

# `client` and `server` have a pre-shared key.
SAME_KEY = """
client.set_psk_client_callback(lambda hint: (hint, b"secret"))
server.set_psk_server_callback(lambda identity: identity == "hint" and b"secret", "hint")
"""


def sweep(script: Script, session: str, **values: object) -> int:
    """How many allocations failed cleanly; checks all else."""
    lines = script(session + SWEEP, SWEEP_SECONDS, **values)
    clean, passed, bad, leaks, end = lines
    assert bad == "[]", f"allocations whose failure did not come out as one: {bad}"
    assert leaks == "[]", f"allocations whose failure leaked: {leaks}"
    assert end == "True passed"
    # Where Mbed TLS or the interpreter can do without, all goes on.
    assert int(passed) <= int(clean) // 10, lines
    return int(clean)


def test_every_allocation_of_a_session_may_fail(script: Script, authority: Authority) -> None:
    session = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False
def session():
    visit(client, server)
"""
    assert sweep(script, session, ID=authority.p256) > 300


@pytest.mark.requires("psk")
def test_every_allocation_of_a_session_with_psk_may_fail(script: Script) -> None:
    session = """
client, server = ssl.SSLContext(CLIENT), ssl.SSLContext(SERVER)
def session():
    visit(client, server)
"""
    assert sweep(script, session + SAME_KEY) > 100


def test_every_allocation_of_a_resumed_session_may_fail(script: Script, authority: Authority) -> None:
    session = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False
first = connect(client, server)
old = ssl.SSLSession(bytes(first[0].session))
for sock in first:
    sock.close()
def session():
    a, b = pipe()
    sockets = []
    try:
        sockets.append(client.wrap_socket(a, server_hostname="server.test", session=old))
        sockets.append(server.wrap_socket(b, server_side=True))
        c, s = shake(*sockets)
        if not (c.session_reused and s.session_reused and talks(c, s)):
            raise RuntimeError("not resumed")
    finally:
        close_all(sockets)
"""
    assert sweep(script, session, ID=authority.p256) > 40


def test_every_allocation_of_mutual_authentication_may_fail(script: Script, authority: Authority) -> None:
    session = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False
authenticate(client, server, OWN)
def session():
    visit(client, server)
"""
    assert sweep(script, session, ID=authority.p256, OWN=authority.client) > 300


def test_every_allocation_of_loading_may_fail(script: Script, authority: Authority) -> None:
    script.board.put(authority.intermediate.root_pem, "root.pem")
    session = """
def session():
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=ID[2])
    client.load_verify_locations(cafile="root.pem")
    client.set_ciphers(["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"])
    client.get_ciphers()
    client.load_cert_chain(CERT, KEY)
"""
    own = authority.intermediate
    assert sweep(script, session, ID=own, CERT=own.chain_pem, KEY=own.key_pem()) > 40


def test_every_allocation_of_opening_an_encrypted_key_may_fail(script: Script, authority: Authority) -> None:
    session = """
def session():
    ssl.SSLContext(SERVER).load_cert_chain(ID[0], KEY, password="secret")
"""
    own = authority.p256
    count = sweep(script, session, ID=own, KEY=own.key(password=b"secret", encoding="DER"))
    assert count > 15


def test_a_context_is_unchanged_by_loading_that_failed(script: Script, authority: Authority) -> None:
    code = """
import _fault
n = 0
while True:
    n += 1
    client, server = client_context(ID), server_context(ID)
    _fault.arm(n)
    try:
        server.load_cert_chain(OTHER[0], OTHER[1])
    except (MemoryError, OSError):
        pass
    if _fault.disarm() < n:
        break
    if not works(client, server):
        print("identity changed by failure", n)
count = n
n = 0
while True:
    n += 1
    client, server = client_context(ID), server_context(ID)
    _fault.arm(n)
    try:
        client.load_verify_locations(cadata=OTHER[2])
        client.set_ciphers(["TLS-RSA-WITH-AES-128-GCM-SHA256"])
    except (MemoryError, OSError):
        pass
    if _fault.disarm() < n:
        break
    if not works(client, server):
        print("settings changed by failure", n)
print(count > 10, n > 5)
"""
    lines = script(code, SWEEP_SECONDS, ID=authority.p256, OTHER=authority.stranger)
    assert lines == ["True True"]
