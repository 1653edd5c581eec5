# SPDX-License-Identifier: MIT
"""TLS at the end of the C stack."""

from __future__ import annotations

import ast

from hil_tests.boards import Board
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import BOTH_VERSIONS, Script

HANDSHAKE_AT_EVERY_DEPTH = """
import io, ssl
class Silent(io.IOBase):
    def readinto(self, buf): return 0
    def write(self, buf): return len(buf)
    def ioctl(self, request, arg): return 0
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_NONE
outcomes = set()
def descend():
    try:
        descend()
    except RuntimeError:
        pass
    try:
        context.wrap_socket(Silent())
    except (OSError, RuntimeError) as error:
        outcomes.add(error.args[0])
descend()
print(sorted(str(outcome) for outcome in outcomes))
"""


def test_handshake_at_any_depth_of_calls_is_done_or_refused(board: Board) -> None:
    outcomes = ast.literal_eval(board.exec(HANDSHAKE_AT_EVERY_DEPTH, timeout=60).lines[0])
    assert "-29312" in outcomes  # the stream ended: the handshake ran
    assert set(outcomes) <= {"-29312", "maximum recursion depth exceeded"}


@BOTH_VERSIONS
def test_whole_handshakes_fit_where_they_are_let_begin(script: Script, authority: Authority, version: int) -> None:
    # The deepest calls that are not refused have the least stack left. If it does not suffice, the board crashes.
    code = """
    client, server = client_context(ID), server_context(ID)
    client.session_cache = False
    client.maximum_version = server.maximum_version = VERSION
    done = []
    def descend():
        try:
            descend()
        except RuntimeError:
            pass
        if len(done) < 3:
            try:
                done.append(works(client, server))
            except RuntimeError:
                pass
    descend()
    print(done)
    """
    assert script(code, ID=authority.p256, VERSION=version) == ["[True, True, True]"]
