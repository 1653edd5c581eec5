# SPDX-License-Identifier: MIT
"""`max_fragment_length` with OpenSSL, which otherwise sends records of 16 KB."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.record_lengths import AROUND
from hil_tests.peers.scripted import TLS_1_2
from hil_tests.peers.tlslite_ng import send_once
from hil_tests.records import MAXIMUM_CONTENT
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import assert_ended_well

pytestmark = pytest.mark.requires("max-fragment-length")

SIZE = 40_000
CLIENT = """
def work():
    s = connect()
    print(s.max_fragment_length)
    tell_records(s, 400)
    s.close()
"""
SERVER = """
def work():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    for _ in range(TIMES):
        s = l.accept()[0]
        print("accepted")
        s = c.wrap_socket(s, server_side=True)
        s.write(s.read(4) * 1000)
        print(s.max_fragment_length, s.session_reused)
        s.close()
    l.close()
"""


def asking(length: int | None) -> dict[str, object]:
    """Values of a client's script."""
    return {"SETTINGS": {"max_fragment_length": length}}


@pytest.mark.parametrize(
    "length",
    [pytest.param(None, marks=pytest.mark.quick_boards), 512, pytest.param(4096, marks=pytest.mark.quick_boards)],
)
def test_input_takes_no_more_than_was_granted(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer], length: int | None
) -> None:
    server = tls_server(authority.p256, peers.source(SIZE), maximum="1.2")
    granted, digest, longest, end = dut.attempt(CLIENT, {**server.values(dut.board), **asking(length)})
    assert (granted, digest, end) == (str(length), server.session().sent_digest, "done")
    limit = length or MAXIMUM_CONTENT
    assert limit < int(longest) <= limit + AROUND


@pytest.mark.requires("tls-1.3")
def test_an_answer_of_tls_1_3_is_no_surprise(
    dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    server = tls_server(authority.p256, peers.source(SIZE))
    values = {**server.values(dut.board), **asking(1024), "VERSIONS": (0x0303, 0x0304)}
    granted, digest, _, end = dut.attempt(CLIENT, values)
    assert (granted, digest, end) == ("None", server.session().sent_digest, "done")
    assert server.session().version == "TLSv1.3"
    assert_ended_well(server.session())


def test_a_server_grants_it_and_resumes_with_the_same_only(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    service = dut.serve(authority.p256, SERVER, TIMES=4)
    stored = str(tmp_path / "session.pem")
    for words in (
        ["-maxfraglen", "512", "-sess_out", stored],
        ["-maxfraglen", "512", "-sess_in", stored],
        ["-sess_in", stored],
        [],
    ):
        result = peers.openssl_client(
            service.address, "-tls1_2", *words, root=authority.p256, stdin=b"ping", timeout=dut.patience
        )
        assert b"ping" * 1000 in result.output, (result.output, result.error)
    lines = [line for line in service.lines() if line != "accepted"]
    assert lines == ["512 False", "512 True", "None False", "None False", "done"]


def test_a_server_cuts_its_messages(dut: Dut, authority: Authority) -> None:
    service = dut.serve(authority.rsa, SERVER, TIMES=1)
    assert len(authority.rsa.certificate_der) > 512
    words = ["-tls1_2", "-maxfraglen", "512"]
    result = peers.openssl_client(service.address, *words, root=authority.rsa, stdin=b"ping", timeout=dut.patience)
    assert b"ping" * 1000 in result.output, (result.output, result.error)
    assert service.lines() == ["512 False", "done"]


def test_a_client_cuts_its_messages(dut: Dut, authority: Authority, tls_server: Callable[..., peers.TlsServer]) -> None:
    server = tls_server(
        authority.rsa, peers.source(SIZE), client_root=authority.rsa, client_auth="required", maximum="1.2"
    )
    values = {**server.values(dut.board), **asking(512)}
    granted, digest, _, end = dut.attempt(CLIENT, values, identity=authority.rsa_client)
    assert (granted, digest, end) == ("512", server.session().sent_digest, "done")


def test_a_server_need_not_grant_it(dut: Dut, authority: Authority, raw_server: Callable[..., peers.RawServer]) -> None:
    server = raw_server(lambda wire: send_once(wire, authority.p256, TLS_1_2, bytes(SIZE)))
    values = {**server.values(dut.board, authority.p256), **asking(512), "VERSIONS": (0x0303, 0x0303)}
    granted, digest, longest, end = dut.attempt(CLIENT, values)
    server.finished()
    assert (granted, digest, end) == ("None", hashlib.sha256(bytes(SIZE)).hexdigest(), "done")
    assert int(longest) > MAXIMUM_CONTENT
