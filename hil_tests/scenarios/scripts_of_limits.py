# SPDX-License-Identifier: MIT
"""What peers can do wrong with record_size_limit (RFC 8449): data of the tests of misbehaving servers and clients."""

from __future__ import annotations

from collections.abc import Mapping

from tlslite.constants import ContentType, ExtensionType, GroupName  # type: ignore[import-untyped]

from hil_tests.peers.scripted import ANSWER, GCM_1_3, GREETING, TLS_1_3, Edit, Piece, instead, split
from hil_tests.peers.scripted_client import ClientScript
from hil_tests.peers.scripted_server import ServerScript
from hil_tests.scenarios.scripts import DECODE, ILLEGAL, OVERFLOW, UNSUPPORTED, Alerts, Case, changed, extended, inner

LIMIT, FRAGMENT = ExtensionType.record_size_limit, ExtensionType.max_fragment_length
HALF_A_KILOBYTE = b"\x01"  # as max_fragment_length
# Settings of the board's context.
OF_SERVER = {"record_size_limit": 64}
OF_CLIENT = {**OF_SERVER, "max_fragment_length": 512}
# The value that the board sends counts the type of the content, too.
MOST = OF_SERVER["record_size_limit"] + 1
LEAST, TOO_SMALL, TOO_LARGE, GREATEST = b"\x00\x40", b"\x00\x3f", b"\x40\x02", b"\xff\xff"
IN_PIECES = {"Certificate": split(MOST - 1), "CertificateVerify": split(MOST - 1)}


def answered(alert: Alerts, content: bytes, edits: Mapping[str, Edit] = IN_PIECES) -> Case[ServerScript]:
    """A server of TLS 1.3 that answers with this content, and keeps to what the board says unless `edits` do not."""
    return Case(alert, ServerScript(TLS_1_3, GCM_1_3, edits=edits, extensions={LIMIT: content}))


def padded(data: bytes, size: int) -> Mapping[str, Edit]:
    """The data are in a record of TLS 1.3 with so many bytes of data, type and padding."""
    content = inner(ContentType.application_data, data).data
    return {"data": instead(Piece("sealed", content.ljust(size, b"\x00")))}


SERVERS: Mapping[str, Case[ServerScript]] = {
    "the least": answered("", LEAST),
    "less than the least": answered(ILLEGAL, TOO_SMALL),
    "nothing": answered(ILLEGAL, bytes(2)),
    "more than a record can have": answered(ILLEGAL, TOO_LARGE),
    "one byte": answered(DECODE, b"\x40"),
    "three bytes": answered(DECODE, b"\x00\x40\x00"),
    "twice": answered(ILLEGAL, LEAST, {"EncryptedExtensions": extended(LIMIT, LEAST)}),
    "in the ServerHello": Case(
        (ILLEGAL, UNSUPPORTED), ServerScript(TLS_1_3, GCM_1_3, edits={"ServerHello": extended(LIMIT, LEAST)})
    ),
    "beside max_fragment_length": Case(
        ILLEGAL, ServerScript(TLS_1_3, GCM_1_3, edits=IN_PIECES, extensions={LIMIT: LEAST, FRAGMENT: HALF_A_KILOBYTE})
    ),
    "max_fragment_length alone": Case("", ServerScript(TLS_1_3, GCM_1_3, extensions={FRAGMENT: HALF_A_KILOBYTE})),
    "no answer, and longer records": Case("", ServerScript(TLS_1_3, GCM_1_3)),
    "a message that is longer": answered(OVERFLOW, LEAST, {}),
    "padding as far as it goes": answered("", LEAST, {**IN_PIECES, **padded(GREETING, MOST)}),
    "padding beyond": answered(OVERFLOW, LEAST, {**IN_PIECES, **padded(GREETING, MOST + 1)}),
    "the least, in TLS 1.2": Case("", ServerScript(extensions={LIMIT: LEAST})),
    "less than the least, in TLS 1.2": Case(ILLEGAL, ServerScript(extensions={LIMIT: TOO_SMALL})),
    "three bytes, in TLS 1.2": Case(DECODE, ServerScript(extensions={LIMIT: LEAST + b"\x00"})),
    "beside max_fragment_length, in TLS 1.2": Case(
        ILLEGAL, ServerScript(extensions={LIMIT: LEAST, FRAGMENT: HALF_A_KILOBYTE})
    ),
    "data that are longer, in TLS 1.2": Case(
        OVERFLOW,
        ServerScript(edits={"data": instead(Piece("application_data", bytes(MOST + 1)))}, extensions={LIMIT: LEAST}),
    ),
}


def said(alert: Alerts, content: bytes) -> Case[ClientScript]:
    """A client of TLS 1.3 that says this."""
    return Case(alert, ClientScript(TLS_1_3, extensions={LIMIT: content}))


CLIENTS: Mapping[str, Case[ClientScript]] = {
    "the least": said("", LEAST),
    "more than a record can have": said("", GREATEST),
    "less than the least": said(ILLEGAL, TOO_SMALL),
    "one byte": said(DECODE, b"\x40"),
    "three bytes": said(DECODE, b"\x00\x40\x00"),
    "beside max_fragment_length": Case("", ClientScript(TLS_1_3, extensions={LIMIT: LEAST, FRAGMENT: HALF_A_KILOBYTE})),
    "another in the second ClientHello": Case(
        ILLEGAL,
        ClientScript(
            TLS_1_3,
            share=GroupName.x448,
            edits={"second ClientHello": changed(LIMIT, LEAST)},
            extensions={LIMIT: GREATEST},
        ),
    ),
    "data that are longer": Case(
        OVERFLOW,
        ClientScript(
            TLS_1_3,
            edits={"data": instead(Piece("application_data", bytes(MOST)))},
            extensions={LIMIT: GREATEST},
        ),
    ),
    "data that are longer, and nothing said": Case("", ClientScript(TLS_1_3, edits=padded(ANSWER, 2 * MOST))),
}
