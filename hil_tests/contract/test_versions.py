# SPDX-License-Identifier: MIT
"""`TLSVersion`, `minimum_version`, `maximum_version`, and the module's `HAS_*` flags."""

from __future__ import annotations

import ssl

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script


def test_the_numbers_are_cpythons(script: Script) -> None:
    names = ["MINIMUM_SUPPORTED", "MAXIMUM_SUPPORTED", "TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"]
    expected = [int(ssl.TLSVersion[name]) for name in names]
    assert script("print([getattr(ssl.TLSVersion, name) for name in NAMES])", NAMES=names) == [repr(expected)]


def test_a_server_begins_with_1_2_and_a_client_with_what_there_is(script: Script) -> None:
    code = """
    newest = ssl.TLSVersion.TLSv1_3 if ssl.HAS_TLSv1_3 else ssl.TLSVersion.TLSv1_2
    client, server = ssl.SSLContext(CLIENT), ssl.SSLContext(SERVER)
    print(client.minimum_version == server.minimum_version == server.maximum_version == ssl.TLSVersion.TLSv1_2)
    print(client.maximum_version == newest)
    """
    assert script(code) == ["True", "True"]


def test_bounds_beyond_what_is_there_mean_what_is_there(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for low in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.MINIMUM_SUPPORTED):
        context.minimum_version = low
        print(context.minimum_version == ssl.TLSVersion.TLSv1_2)
    newest = ssl.TLSVersion.TLSv1_3 if ssl.HAS_TLSv1_3 else ssl.TLSVersion.TLSv1_2
    for high in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.MAXIMUM_SUPPORTED):
        context.maximum_version = high
        print(context.maximum_version == newest)
    """
    assert script(code) == ["True"] * 5


def test_a_maximum_that_leaves_nothing_is_a_value_error(script: Script) -> None:
    code = """
    context = ssl.SSLContext(SERVER)
    before = context.maximum_version
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        try:
            context.maximum_version = version
        except ValueError as error:
            print(error)
    print(context.maximum_version == before)
    """
    assert script(code) == ["this firmware has no TLS older than 1.2"] * 2 + ["True"]


def test_what_is_no_version_is_refused(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    for value in (0, 1, -3, 0x0305, 1 << 20, "TLSv1_2", None):
        for name in ("minimum_version", "maximum_version"):
            print(attempt(setattr, context, name, value).split("(")[0])
    """
    assert script(code) == ["ValueError"] * 10 + ["TypeError"] * 4


def test_a_connection_keeps_the_bounds(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    for context in (client, server):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    print([s.version() for s in connect(client, server)])
    """
    assert script(code, ID=authority.p256) == ["['TLSv1.2', 'TLSv1.2']"]


def test_flags_tell_what_is_built(script: Script) -> None:
    code = """
    print(ssl.HAS_SNI, ssl.HAS_ECDH, ssl.HAS_TLSv1, ssl.HAS_TLSv1_1, ssl.HAS_TLSv1_2)
    print(ssl.HAS_ALPN == hasattr(ssl.SSLContext, "set_alpn_protocols"), type(ssl.HAS_TLSv1_3).__name__)
    print(ssl.MBEDTLS_VERSION.split()[0])
    """
    lines = script(code)
    assert lines[:2] == ["True True False False True", "True bool"]
    assert lines[2] in ("Mbed", "mbed"), lines
