# SPDX-License-Identifier: MIT
"""`ssl.memory_info()`: what TLS holds, in all, for a context and for a socket."""

from __future__ import annotations

from textwrap import dedent

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

CONNECTED = """
info = ssl.memory_info
collect()
before = info()["bytes"]
client, server = client_context(ID), server_context(ID)
client.session_cache = False
c, s = connect(client, server)
"""


@pytest.mark.parametrize(
    "of, names",
    [
        ("", ["blocks", "bytes", "largest", "peak"]),
        ("client", ["bytes", "identity", "trust"]),
        ("c", ["bytes", "input", "output", "peak"]),
    ],
)
def test_it_gives_a_dictionary(script: Script, authority: Authority, of: str, names: list[str]) -> None:
    code = CONNECTED + f"print(sorted(info({of})), all(type(n) is int and n >= 0 for n in info({of}).values()))"
    assert script(code, ID=authority.p256) == [f"{names} True"]


def test_the_parts_are_the_whole(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(sum(info(x)['bytes'] for x in (client, server, c, s)) - (info()['bytes'] - before))"
    assert script(code, ID=authority.p256) == ["0"]


def test_a_context_counts_what_it_has_loaded(script: Script, authority: Authority) -> None:
    code = """
    info = ssl.memory_info
    context = ssl.SSLContext(CLIENT)
    empty = info(context)
    context.load_verify_locations(cadata=ID[2])
    trust = info(context)
    context.load_verify_locations(cadata=ID[2]) # again the same: nothing more
    same = info(context) == trust
    context.load_cert_chain(ID[0], ID[1])
    both = info(context)
    print(empty["bytes"], trust["trust"] > len(ID[2]), trust["identity"], same)
    print(both["identity"] > len(ID[0]), both["trust"] == trust["trust"])
    print(both["bytes"] == both["identity"] + both["trust"])
    """
    assert script(code, ID=authority.p256) == ["0 True 0 True", "True True", "True"]


def test_a_few_authorities_take_little_more_than_their_der(script: Script, authority: Authority) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for i in range(2):
        context.load_verify_locations(cadata=DER[i])
    print(0 < ssl.memory_info(context)["trust"] - len(DER[0] + DER[1]) < 128)
    """
    assert script(code, DER=[authority.p256.root_der, authority.rsa.root_der]) == ["True"]


def test_a_connection_peaks_in_its_handshake(script: Script, authority: Authority) -> None:
    code = CONNECTED + "print(info(c)['peak'] > 2 * info(c)['bytes'], info()['peak'] >= info(c)['peak'])"
    assert script(code, ID=authority.p256) == ["True True"]


def test_a_closed_socket_holds_nothing(script: Script, authority: Authority) -> None:
    code = """
    held, own = info()["bytes"], info(c)["bytes"]
    c.close()
    print([info(c)[n] for n in ("bytes", "input", "output")], info(c)["peak"] > 0, held - info()["bytes"] - own)
    """
    assert script(CONNECTED + dedent(code), ID=authority.p256) == ["[0, 0, 0] True 0"]


def test_a_failed_handshake_holds_nothing(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(OTHER), server_context(ID)
    def others():
        return ssl.memory_info()["bytes"] - ssl.memory_info(server)["bytes"]
    before = others()
    c, s = wrap(client, server)
    print([type(error).__name__ for error in outcome(c, s)])
    print(ssl.memory_info(c)["bytes"], ssl.memory_info(s)["bytes"], others() - before)
    """
    lines = script(code, ID=authority.p256, OTHER=authority.stranger)
    assert lines == ["['SSLCertVerificationError', 'OSError']", "0 0 0"]


def test_what_garbage_held_is_not_counted_to_others(script: Script, authority: Authority) -> None:
    # A callback in the middle of one handshake collects what another one has left.
    code = """
    client, server = client_context(ID), server_context(ID)
    def garbage():
        connect(client, server)
    def callback(der, depth):
        if how == "inside":
            scrub()
            gc.collect()
        return 0
    client.verify_callback = callback
    held = []
    for how in ("before", "inside"):
        garbage()
        if how == "before":
            collect()
        c, s = connect(client, server)
        held.append((ssl.memory_info(c)["bytes"], ssl.memory_info(s)["bytes"]))
        c.close()
        s.close()
    print(held[0] == held[1], held)
    """
    (line,) = script(code, ID=authority.p256)
    assert line.startswith("True "), line


@pytest.mark.parametrize("what", ["1", "b''", "ssl", "ssl.SSLContext", "End()"])
def test_other_objects_are_a_type_error(script: Script, what: str) -> None:
    (line,) = script(f"print(attempt(ssl.memory_info, {what}))")
    assert line == "TypeError('memory_info() takes an SSLContext, an SSLSocket or nothing',)"


@pytest.mark.requires("soft-reset")
def test_a_soft_reset_leaves_nothing(script: Script, authority: Authority) -> None:
    script(CONNECTED, ID=authority.p256)
    script.board.reset(hard=False)
    assert script("print(ssl.memory_info()['bytes'], ssl.memory_info()['blocks'])") == ["0 0"]
