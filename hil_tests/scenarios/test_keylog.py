# SPDX-License-Identifier: MIT
"""Key logs: what the board writes is what OpenSSL has for the same connection."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.scenarios.dut import Dut
from hil_tests.scenarios.failures import Failure

VERSIONS = {"1.2": (0x0303, 0x0303), "1.3": (0x0304, 0x0304)}

CLIENT = """
def work():
    import os
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    c.keylog_filename = "keys.log"
    for _ in range(2):
        s = c.wrap_socket(dial(), server_hostname=NAME)
        print(s.session_reused)
        s.close()
    with open("keys.log") as file:
        print(file.read().strip())
    os.remove("keys.log")
"""


NEW = pytest.param("1.3", 5, marks=pytest.mark.requires("tls-1.3"))


def secrets_of(text: str) -> set[str]:
    """The lines of a key log, the hexadecimal digits in lower case."""
    lines = [line.split() for line in text.splitlines() if "_" in line and len(line.split()) == 3]
    return {" ".join([label, *(word.lower() for word in words)]) for label, *words in lines}


def secrets_in(log: Path, count: int, timeout: float) -> set[str]:
    """Those of a server, which may be behind its client, once there are so many, or `timeout` seconds have passed."""
    deadline = time.monotonic() + timeout
    while len(found := secrets_of(log.read_text())) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.mark.requires("filesystem", "key-log")
@pytest.mark.parametrize("version, lines_each", [("1.2", 1), NEW])
def test_the_log_is_openssls(dut: Dut, authority: Authority, tmp_path: Path, version: str, lines_each: int) -> None:
    theirs = tmp_path / "openssl.log"
    arguments = (f"-tls{version.replace('.', '_')}", "-keylogfile", str(theirs))
    with peers.OpensslServer(authority.p256, tmp_path / "server.log", *arguments) as server:
        lines = dut.attempt(CLIENT, {**server.values(dut.board), "VERSIONS": VERSIONS[version]})
        logged = secrets_in(theirs, 2 * lines_each, dut.patience)
    # A client of 1.3 that reads nothing gets no ticket.
    assert lines[:2] == ["False", str(version == "1.2")] and lines[-1] == "done", lines
    ours = secrets_of("\n".join(lines))
    assert len(ours) == 2 * lines_each
    assert ours == logged


FAILING = """
def work():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    try:
        c.keylog_filename = "missing/keys.log"
    except OSError as error:
        print("not set", c.keylog_filename)
    c.keylog_filename = None
    print(c.keylog_filename)
    open("keys.log", "w").close()
    c.keylog_filename = "keys.log"
    import os
    os.remove("keys.log")
    os.mkdir("keys.log")
    try:
        c.wrap_socket(dial(), server_hostname=NAME)
    finally:
        os.rmdir("keys.log")
"""


@pytest.mark.requires("filesystem", "key-log")
def test_a_log_that_cannot_be_written_ends_the_connection(dut: Dut, authority: Authority, tmp_path: Path) -> None:
    with peers.OpensslServer(authority.p256, tmp_path / "server.log", "-tls1_2") as server:
        lines = dut.attempt(FAILING, server.values(dut.board))
    assert lines[:2] == ["not set None", "None"], lines
    assert Failure.parse(lines).kind == "OSError"
