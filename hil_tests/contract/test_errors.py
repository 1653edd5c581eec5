# SPDX-License-Identifier: MIT
"""What exceptions say: (number, text) everywhere, which check failed, and that the clock is unset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority, Identity
from hil_tests.contract.conftest import Script

VERIFY = "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: certificate is "
HINT = (
    "; the board's clock is unset or wrong (it reads {date}): set it with"
    " 'mpremote rtc --set', ntptime.settime() or machine.RTC().datetime()"
)


def failure(script: Script, identity: Identity, trusted: Identity, name: str = "server.test") -> tuple[str, int, str]:
    """Type, number and text of what a client of `identity` gets that trusts `trusted`."""
    code = """
    error = outcome(*wrap(client_context(TRUSTED), server_context(ID), NAME))[0]
    print(type(error).__name__)
    number, text = error.args
    print(number)
    print(text)
    """
    kind, number, text = script(code, ID=identity, TRUSTED=trusted, NAME=name)
    return kind, int(number), text


# Shape


def test_a_refused_certificate_can_be_caught_in_three_ways(script: Script, authority: Authority) -> None:
    code = """
    def fail():
        for error in outcome(*wrap(client_context(ID), server_context(ID), "other.test"))[:1]:
            raise error
    for kind in (OSError, ValueError, ssl.SSLCertVerificationError):
        try:
            fail()
        except kind as error:
            print(type(error).__name__, error.errno, len(error.args), isinstance(error, (OSError, ValueError)))
    print(issubclass(ssl.SSLCertVerificationError, OSError), issubclass(ssl.SSLCertVerificationError, ValueError))
    """
    expected = "SSLCertVerificationError -9984 2 True"
    assert script(code, ID=authority.p256) == [expected] * 3 + ["True True"]


def test_every_other_failure_of_tls_is_a_plain_oserror(script: Script, authority: Authority) -> None:
    code = """
    def garbage():
        a, b = pipe()
        c = client_context(ID).wrap_socket(a, server_hostname="server.test")
        b.write(b"garbage that is no TLS")
        step(c)
    def no_suite():
        client, server = client_context(ID), server_context(ID)
        client.set_ciphers(["TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256"])
        for error in outcome(*wrap(client, server)):
            if error:
                raise error
    def corrupted():
        ends = pipe()
        c, s = connect(client_context(ID), server_context(ID), ends=ends)
        s.write(b"x" * 20)
        ends[0].inbox[-1] ^= 1
        c.read(1)
    def truncated():
        ends = pipe()
        c, s = connect(client_context(ID), server_context(ID), ends=ends)
        ends[1].closed = 1
        c.read(1)
    def no_identity():
        ssl.SSLContext(SERVER).wrap_socket(pipe()[0], server_side=True)
    for run in (garbage, no_suite, corrupted, truncated, no_identity):
        try:
            run()
        except Exception as error:
            number, text = error.args
            print(type(error) is OSError, type(number) is int and number < 0, error.errno == number, text[:11])
    """
    assert script(code, ID=authority.p256) == ["True True True MBEDTLS_ERR"] * 5


def test_a_failure_of_the_transport_keeps_its_errno(script: Script, authority: Authority) -> None:
    code = """
    class Failing(End):
        error = None
        def readinto(self, buf):
            return -self.error if self.error else super().readinto(buf)
        def write(self, data):
            return -self.error if self.error else super().write(data)
    for use in (lambda c: c.read(1), lambda c: c.write(b"x")):
        a, b = Failing(), End()
        a.peer, b.peer = b, a
        c, s = connect(client_context(ID), server_context(ID), ends=(a, b))
        a.error = 104
        print(attempt(use, c), attempt(use, c), a.closed)
    """
    assert script(code, ID=authority.p256) == ["OSError(104,) OSError(104,) 1"] * 2


@pytest.mark.requires("network")
def test_a_connection_that_is_reset_is_econnreset(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, maximum="1.2", reset_after=1)
    code = """
    import socket
    s = socket.socket()
    s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    print(attempt(client_context((0, 0, CA)).wrap_socket, s, server_hostname=NAME))
    """
    assert script(code, **server.values(script.board)) == ["OSError(104,)"]


# Which check failed


def test_a_wrong_name_is_told(script: Script, authority: Authority) -> None:
    own = authority.p256
    expected = ("SSLCertVerificationError", -9984, VERIFY + "not issued for server_hostname")
    assert failure(script, own, own, "other.test") == expected


def test_an_unknown_authority_is_told(script: Script, authority: Authority) -> None:
    kind, number, text = failure(script, authority.stranger, authority.p256)
    assert (kind, number) == ("SSLCertVerificationError", -9984)
    assert text == VERIFY + "issued by none of the trusted CAs"


def test_expiry_is_told_without_blaming_the_clock(script: Script, authority: Authority) -> None:
    kind, number, text = failure(script, authority.expired, authority.p256)
    assert (kind, number, text) == ("SSLCertVerificationError", -9984, VERIFY + "expired")


def test_a_certificate_from_the_future_blames_the_clock_too(script: Script, authority: Authority) -> None:
    date = f"{script.board.clock():%Y-%m-%d}"
    kind, number, text = failure(script, authority.not_yet_valid, authority.p256)
    assert (kind, number) == ("SSLCertVerificationError", -9984)
    assert text == VERIFY + "not yet valid" + HINT.format(date=date)


def test_all_failed_checks_are_told(script: Script, authority: Authority) -> None:
    identity = authority.issue("p256", days=(-30, -1), root="stranger")
    _, _, text = failure(script, identity, authority.p256, "other.test")
    assert text == VERIFY + "not issued for server_hostname; expired; issued by none of the trusted CAs"


# The clock


@pytest.mark.requires("settable-clock")
@pytest.mark.parametrize("when", ["2000-01-01", "2023-12-31"])
def test_an_unset_clock_is_told_and_how_to_set_it(script: Script, authority: Authority, when: str) -> None:
    moment = datetime.fromisoformat(when).replace(tzinfo=UTC, hour=12)
    script.board.set_clock(moment)
    _, number, text = failure(script, authority.p256, authority.p256)
    assert number == -9984
    assert text == VERIFY + "not yet valid" + HINT.format(date=when)


@pytest.mark.requires("settable-clock")
def test_a_clock_that_was_set_again_is_believed(script: Script, authority: Authority) -> None:
    script.board.set_clock(datetime(2000, 1, 1, tzinfo=UTC))
    assert "not yet valid" in failure(script, authority.p256, authority.p256)[2]
    script.board.set_clock()
    assert script("print(works(client_context(ID), server_context(ID)))", ID=authority.p256) == ["True"]


@pytest.mark.requires("settable-clock")
def test_the_clock_decides_when_validity_begins_and_ends(script: Script, authority: Authority) -> None:
    own = authority.p256
    leaf, minute = own.chain[0], timedelta(minutes=1)
    code = """
    error = outcome(*wrap(client_context(ID), server_context(ID)))[0]
    print(show(error) if error else "accepted")
    """
    for moment, check in (
        (leaf.not_valid_before_utc - minute, "not yet valid"),
        (leaf.not_valid_before_utc + minute, ""),
        (leaf.not_valid_after_utc - minute, ""),
        (leaf.not_valid_after_utc + minute, "expired"),
    ):
        script.board.set_clock(moment)
        (line,) = script(code, ID=own)
        assert VERIFY + check in line if check else line == "accepted", (moment, line)
