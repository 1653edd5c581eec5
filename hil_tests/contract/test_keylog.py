# SPDX-License-Identifier: MIT
"""`keylog_callback`: a program gets the lines of the key log. What is in them, scenarios compare with OpenSSL's."""

from __future__ import annotations

import pytest

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

pytestmark = pytest.mark.requires("key-log")

CONTEXTS = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False
client.maximum_version = server.maximum_version = VERSION
"""
BOTH_VERSIONS = pytest.mark.parametrize(
    "version, labels",
    [
        (0x0303, ["CLIENT_RANDOM"]),
        pytest.param(
            0x0304,
            [
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                "CLIENT_TRAFFIC_SECRET_0",
                "SERVER_TRAFFIC_SECRET_0",
                "EXPORTER_SECRET",
            ],
            marks=pytest.mark.requires("tls-1.3"),
        ),
    ],
    ids=["1.2", "1.3"],
)


@BOTH_VERSIONS
def test_both_sides_get_the_same_lines(script: Script, authority: Authority, version: int, labels: list[str]) -> None:
    code = (
        CONTEXTS
        + """
ours, theirs = [], []
client.keylog_callback, server.keylog_callback = ours.append, theirs.append
connect(client, server)
print(sorted(line.split(" ")[0] for line in ours) == sorted(LABELS), sorted(ours) == sorted(theirs))
print(all(len(line.split(" ")) == 3 and not line.endswith("\\n") for line in ours))
"""
    )
    assert script(code, ID=authority.p256, VERSION=version, LABELS=labels) == ["True True", "True"]


@pytest.mark.requires("filesystem")
def test_a_file_gets_them_too(script: Script, authority: Authority) -> None:
    code = (
        CONTEXTS
        + """
import os
lines = []
client.keylog_filename, client.keylog_callback = "keys.log", lines.append
connect(client, server)
with open("keys.log") as file:
    print(file.read() == lines[0] + "\\n", len(lines))
os.remove("keys.log")
"""
    )
    assert script(code, ID=authority.p256, VERSION=0x0303) == ["True 1"]


@pytest.mark.parametrize(
    "body, error", [("1 / 0", "ZeroDivisionError('divide by zero',)"), ("sock.read(1)", "OSError(16,)")]
)
def test_what_it_raises_ends_the_handshake(script: Script, authority: Authority, body: str, error: str) -> None:
    code = (
        CONTEXTS
        + f"""
def callback(line):
    {body}
client.keylog_callback = callback
sock, s = wrap(client, server)
print([show(error) for error in outcome(sock, s)][0])
client.keylog_callback = None
print(works(client, server))
"""
    )
    assert script(code, ID=authority.p256, VERSION=0x0303) == [error, "True"]


def test_it_is_off_at_first_and_takes_what_can_be_called(script: Script) -> None:
    code = """
    context = ssl.SSLContext(CLIENT)
    print(context.keylog_callback)
    context.keylog_callback = print
    for value in (1, "keys.log"):
        try:
            context.keylog_callback = value
        except TypeError as error:
            print(error)
    print(context.keylog_callback is print)
    """
    wrong = "keylog_callback must be callable or None"
    assert script(code) == ["None", wrong, wrong, "True"]
