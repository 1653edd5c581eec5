# SPDX-License-Identifier: MIT
"""`create_default_context()` and `Purpose`."""

from __future__ import annotations

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script


def test_the_default_is_a_client_that_verifies(script: Script) -> None:
    code = """
    for context in (ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.SERVER_AUTH)):
        print(context.protocol == CLIENT, context.verify_mode == ssl.CERT_REQUIRED)
    """
    assert script(code) == ["True True"] * 2


def test_client_auth_is_a_server_that_asks_for_nothing(script: Script) -> None:
    code = """
    context = ssl.create_default_context(purpose=ssl.Purpose.CLIENT_AUTH)
    print(context.protocol == SERVER, context.verify_mode == ssl.CERT_NONE)
    """
    assert script(code) == ["True True"]


def test_it_trusts_what_it_is_given(script: Script, authority: Authority) -> None:
    code = """
    with open("default_ca.der", "wb") as file:
        file.write(ID[2])
    print(works(ssl.create_default_context(cadata=ID[2]), server_context(ID)))
    print(works(ssl.create_default_context(cafile="default_ca.der"), server_context(ID)))
    print(works(ssl.create_default_context(cafile="default_ca.der", cadata=OTHER[2]), server_context(ID)))
    """
    assert script(code, ID=authority.p256, OTHER=authority.stranger) == ["True"] * 3


def test_it_trusts_nobody_by_itself(script: Script, authority: Authority) -> None:
    code = """
    c, s = wrap(ssl.create_default_context(), server_context(ID))
    print(show(outcome(c, s)[0]))
    """
    (line,) = script(code, ID=authority.p256)
    assert "load_verify_locations()" in line, line


def test_wrong_arguments_are_refused(script: Script) -> None:
    code = """
    print(attempt(ssl.create_default_context, 7))
    print(attempt(ssl.create_default_context, "SERVER_AUTH").split("(")[0])
    print(attempt(ssl.create_default_context, ssl.Purpose.SERVER_AUTH, "ca.der").split("(")[0])
    print(attempt(ssl.create_default_context, cafile="missing.der").split("(")[0])
    """
    message = "ValueError('protocol must be one of PROTOCOL_*',)"
    assert script(code) == [message, "TypeError", "TypeError", "OSError"]
