# SPDX-License-Identifier: MIT
"""What a client can do wrong, case by case: data of test_misbehaving_client.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tlslite.constants import CipherSuite, ExtensionType, GroupName  # type: ignore[import-untyped]

from hil_tests.peers.scripted import (
    CBC,
    GCM,
    GCM_1_3,
    TLS_1_3,
    Edit,
    Piece,
    after,
    before,
    body,
    drop,
    flip,
    halves,
    handshake,
    having,
    instead,
    rewritten,
    split,
    twice,
)
from hil_tests.peers.scripted_client import ClientScript
from hil_tests.scenarios import scripts_of_limits as limits
from hil_tests.scenarios.scripts import (
    CCS,
    DATA,
    DECODE,
    DECRYPT,
    EMS,
    ETM,
    FAILURE,
    HELLO_REQUEST,
    ILLEGAL,
    INTERNAL,
    MAC,
    MISSING,
    ONLY_1_2,
    OTHER_POINT,
    OVERFLOW,
    TOO_LONG_MESSAGE,
    UNEXPECTED,
    UNKNOWN_EXTENSION,
    UNKNOWN_MESSAGE,
    UP_TO_1_3,
    VERSION,
    Alerts,
    Case,
    Group,
    changed,
    cleartext,
    extended,
    joined_by,
    vector,
    without,
)
from hil_tests.scenarios.scripts_of_both import cbc, ends, finished, later, order_1_3, pieces, records, records_1_3

ClientCase = Case[ClientScript]
GROUPS_EXTENSION, SIGNATURES = ExtensionType.supported_groups, ExtensionType.signature_algorithms
VERSIONS, SHARES, TICKETS = ExtensionType.supported_versions, ExtensionType.key_share, ExtensionType.session_ticket
MESSAGES = ("ClientHello", "second ClientHello", "ClientKeyExchange", "Finished")
RENEGOTIATION = replace(handshake(1, bytes(40)), hashed=False)


def at(alert: Alerts, step: str, edit: Edit, script: ClientScript | None = None) -> ClientCase:
    """A client of TLS 1.2 that changes one step."""
    return Case(alert, replace(script or ClientScript(), edits={step: edit}))


def at_cbc(alert: Alerts, step: str, edit: Edit) -> ClientCase:
    """The same with a suite that has a MAC, over the ciphertext."""
    return at(alert, step, edit, ClientScript(suites=(CBC,)))


def at_cbc_without_etm(alert: Alerts, step: str, edit: Edit) -> ClientCase:
    """The same with a MAC over the plaintext."""
    return at(alert, step, edit, ClientScript(suites=(CBC,), drops=(ETM,)))


def at_1_3(alert: Alerts, step: str, edit: Edit) -> ClientCase:
    """A client of TLS 1.3 that changes one step."""
    return at(alert, step, edit, ClientScript(TLS_1_3))


def point(alert: Alerts, data: bytes) -> ClientCase:
    """A ClientKeyExchange with this public key."""
    return at(alert, "ClientKeyExchange", body(lambda _: vector(data, 1)))


def share(alert: Alerts, data: bytes) -> ClientCase:
    """A ClientHello of TLS 1.3 with this public key for P-256."""
    entry = GroupName.secp256r1.to_bytes(2, "big") + vector(data)
    return at_1_3(alert, "ClientHello", changed(SHARES, vector(entry)))


ORDER: Mapping[str, ClientCase] = {
    "Finished in place of ClientHello": at(UNEXPECTED, "ClientHello", instead(handshake(20, bytes(12)))),
    "data in place of ClientHello": at(UNEXPECTED, "ClientHello", instead(DATA)),
    "ChangeCipherSpec in place of ClientHello": at(UNEXPECTED, "ClientHello", instead(CCS)),
    "HelloRequest in place of ClientHello": at(UNEXPECTED, "ClientHello", instead(HELLO_REQUEST)),
    "ClientHello twice": at(UNEXPECTED, "ClientHello", twice),
    "ClientHello in place of ClientKeyExchange": at(UNEXPECTED, "ClientKeyExchange", instead(handshake(1, bytes(40)))),
    "a Certificate that was not asked for": at(UNEXPECTED, "ClientKeyExchange", before(handshake(11, bytes(3)))),
    "a CertificateVerify that was not asked for": at(UNEXPECTED, "ClientKeyExchange", after(handshake(15, bytes(8)))),
    "no ClientKeyExchange": at(UNEXPECTED, "ClientKeyExchange", drop),
    "ClientKeyExchange twice": at(UNEXPECTED, "ClientKeyExchange", twice),
    "ChangeCipherSpec before ClientKeyExchange": at(UNEXPECTED, "ClientKeyExchange", before(CCS)),  # CVE-2014-0224
    "no ChangeCipherSpec": at(UNEXPECTED, "ChangeCipherSpec", drop),
    "ChangeCipherSpec twice": at(UNEXPECTED, "Finished", before(CCS)),
    "data in place of Finished": at(UNEXPECTED, "Finished", instead(DATA)),
    "Finished twice": at(UNEXPECTED, "Finished", twice),
    "data in the handshake": at(UNEXPECTED, "ClientKeyExchange", before(DATA)),
    "a message of an unknown type": at(UNEXPECTED, "ClientKeyExchange", before(UNKNOWN_MESSAGE)),
}

HELLO: Mapping[str, ClientCase] = {
    "TLS 1.1": at(VERSION, "ClientHello", having(client_version=(3, 2))),
    "SSL 3.0": at(VERSION, "ClientHello", having(client_version=(3, 0))),
    # RFC 5246, E.1
    "a version to come": at("", "ClientHello", having(client_version=(3, 9))),
    "a version to come of another protocol": at("", "ClientHello", having(client_version=(4, 0))),
    "SSL 2.0": at(VERSION, "ClientHello", having(client_version=(2, 0))),
    "a fallback to the newest version": Case("", ClientScript(suites=(GCM, CipherSuite.TLS_FALLBACK_SCSV))),
    "no suite that is known": Case(FAILURE, ClientScript(suites=(0x0005, 0x0000))),
    "a suite for another kind of key": Case(FAILURE, ClientScript(suites=(0xC02F,))),
    "only a suite of TLS 1.3": Case(FAILURE, ClientScript(suites=(GCM_1_3,))),
    "no suites": at((DECODE, ILLEGAL), "ClientHello", having(cipher_suites=[])),
    "no compression methods": at((DECODE, ILLEGAL), "ClientHello", having(compression_methods=[])),
    "no null compression": at((ILLEGAL, DECODE, FAILURE), "ClientHello", having(compression_methods=[1])),
    "a session ID of 33 bytes": at((DECODE, ILLEGAL), "ClientHello", having(session_id=bytearray(33))),
    "no curve that is known": at(FAILURE, "ClientHello", changed(GROUPS_EXTENSION, vector(b"\x00\x01\x00\x02"))),
    "no curves": at((DECODE, ILLEGAL, FAILURE), "ClientHello", changed(GROUPS_EXTENSION, vector(b""))),
    "no signature algorithms": at((DECODE, ILLEGAL, FAILURE), "ClientHello", changed(SIGNATURES, vector(b""))),
    "signature algorithms of an odd length": at(
        (DECODE, ILLEGAL), "ClientHello", changed(SIGNATURES, vector(b"\x04\x03\x04"))
    ),
    "extended master secret with content": at((DECODE, ILLEGAL), "ClientHello", changed(EMS, b"x")),
    "no extended master secret": Case("", ClientScript(drops=(EMS,))),
    "an extension twice": at((ILLEGAL, DECODE), "ClientHello", extended(EMS)),
    "an extension that nobody knows": Case("", ClientScript(extensions={UNKNOWN_EXTENSION: b"what?"})),
    "a renegotiation that never was": Case(
        FAILURE, ClientScript(extensions={ExtensionType.renegotiation_info: vector(bytes(12), 1)})
    ),
    "a name with a length that leads outside": at(
        DECODE, "ClientHello", changed(ExtensionType.server_name, b"\x00\x0e\x00\x00\x1fserver.test")
    ),
    "no protocols": Case("", ClientScript(extensions={ExtensionType.alpn: vector(b"")})),
}

LENGTHS: Mapping[str, ClientCase] = {
    **finished(at),
    "ClientHello cut in its random": at(DECODE, "ClientHello", body(lambda data: data[:20])),
    "ClientHello cut in its extensions": at(DECODE, "ClientHello", body(lambda data: data[:-1])),
    "ClientHello with more behind it": at(DECODE, "ClientHello", body(lambda data: data + b"\x00")),
    "ClientHello of no bytes": at(DECODE, "ClientHello", body(lambda _: b"")),
    "ClientHello of 16 MB": at(
        (DECODE, ILLEGAL, OVERFLOW, INTERNAL),
        "ClientHello",
        instead(replace(TOO_LONG_MESSAGE, data=b"\x01" + TOO_LONG_MESSAGE.data[1:])),
    ),
    "ClientKeyExchange of no bytes": at(DECODE, "ClientKeyExchange", body(lambda _: b"")),
    "ClientKeyExchange that is cut": at(DECODE, "ClientKeyExchange", body(lambda data: data[:-1])),
    "ClientKeyExchange with more behind it": at(DECODE, "ClientKeyExchange", body(lambda data: data + b"\x00")),
    "ClientHello in records of 16 bytes": at("", "ClientHello", split(16)),
    "ClientHello of 6 KB in records of 512": at(
        "", "ClientHello", split(512), ClientScript(extensions={UNKNOWN_EXTENSION: bytes(6000)})
    ),
    "ClientHello of 16 KB": Case("", ClientScript(extensions={UNKNOWN_EXTENSION: bytes(16000)})),
    "ClientHello of 20 KB": at(
        INTERNAL, "ClientHello", split(16384), ClientScript(extensions={UNKNOWN_EXTENSION: bytes(20000)})
    ),
    "ClientKeyExchange in records of 5 bytes": at("", "ClientKeyExchange", split(5)),
    "Finished in records of 5 bytes": at("", "Finished", split(5)),
    **pieces(lambda edits: Case("", ClientScript(edits=edits)), MESSAGES, MESSAGES),
    "half a header and ChangeCipherSpec": at(
        UNEXPECTED, "ChangeCipherSpec", before(Piece("handshake", b"\x0f\x00", hashed=False))
    ),
    "half a header after the handshake": at(UNEXPECTED, "data", before(Piece("handshake", b"\x01\x00"))),
    "a renegotiation whose header is in two records": at("", "data", before(*halves(RENEGOTIATION, 2))),
    "ClientHello with another message in its record": at(
        UNEXPECTED, "ClientHello", joined_by(handshake(16, bytes(66)).data)
    ),
}

KEYS: Mapping[str, ClientCase] = {
    "a point that is not on the curve": point(ILLEGAL, OTHER_POINT),
    "the point at infinity": point((ILLEGAL, DECODE), b"\x00"),
    "a compressed point": point((ILLEGAL, DECODE), b"\x02" + bytes(31) + b"\x05"),
    "a point of no bytes": point((ILLEGAL, DECODE), b""),
    "a point that is too short": point((ILLEGAL, DECODE), OTHER_POINT[:-1]),
    "a point that is not in the field": point(ILLEGAL, b"\x04" + b"\xff" * 64),
}

RECORDS: Mapping[str, ClientCase] = {
    **records(at, "ClientHello"),
    **cbc(at_cbc, at_cbc_without_etm),
}

LATER: Mapping[str, ClientCase] = {
    **later(at, "ClientKeyExchange"),
    **ends(at, "ClientHello", "ClientKeyExchange", "ChangeCipherSpec", "Finished"),
    # RFC 5746, 4.5: no_renegotiation is a warning, and the client may go on.
    "a renegotiation": at("", "data", before(RENEGOTIATION)),
    "HelloRequest": at(UNEXPECTED, "data", before(HELLO_REQUEST)),
}

RESUMES = ClientScript(resumes=True)
RESUMPTION: Mapping[str, ClientCase] = {
    "an honest one": Case("", RESUMES, (ClientScript(),)),
    "without extended master secret": Case(FAILURE, replace(RESUMES, drops=(EMS,)), (ClientScript(),)),
    "with a Finished that is wrong": Case(
        DECRYPT, replace(RESUMES, edits={"Finished": rewritten(flip(-1))}), (ClientScript(),)
    ),
    "with ClientKeyExchange": Case(
        UNEXPECTED, replace(RESUMES, edits={"ChangeCipherSpec": before(handshake(16, bytes(66)))}), (ClientScript(),)
    ),
    # RFC 5077, 3.1: what a server cannot use is no ticket, and a full handshake follows.
    "a ticket of nobody": at("", "ClientHello", changed(TICKETS, bytes(200))),
    "a ticket that is too long": at("", "ClientHello", changed(TICKETS, bytes(4000))),
}

ORDER_1_3: Mapping[str, ClientCase] = {
    **order_1_3(at_1_3, "ClientHello", "Finished"),
    "Finished twice": at_1_3(UNEXPECTED, "data", before(handshake(20, bytes(32)))),
    "a Certificate that was not asked for": at_1_3(UNEXPECTED, "Finished", before(handshake(11, bytes(4)))),
    "EndOfEarlyData that was not announced": at_1_3(UNEXPECTED, "Finished", before(handshake(5))),
    "a ClientHello after the handshake": at_1_3(UNEXPECTED, "data", before(handshake(1, bytes(40)))),
    "a ticket from a client": at_1_3(UNEXPECTED, "data", before(handshake(4, bytes(13)))),
    "early data": Case(
        (UNEXPECTED, MAC),
        ClientScript(
            TLS_1_3,
            edits={"ClientHello": after(Piece("raw", b"\x17\x03\x03\x00\x20" + bytes(32)))},
            extensions={ExtensionType.early_data: b""},
        ),
    ),
}

HELLO_1_3: Mapping[str, ClientCase] = {
    # RFC 7507
    "a fallback": Case("inappropriate_fallback", ClientScript(suites=(GCM, CipherSuite.TLS_FALLBACK_SCSV))),
    "a fallback to the newest version": at(
        "",
        "ClientHello",
        having(client_version=TLS_1_3),
        ClientScript(suites=(GCM, CipherSuite.TLS_FALLBACK_SCSV)),
    ),
    # RFC 8446, 4.2.1
    "TLS 1.3 without supported_versions": at("", "ClientHello", having(client_version=TLS_1_3)),
    "TLS 1.3 in front of supported_versions": at_1_3("", "ClientHello", having(client_version=TLS_1_3)),
    "TLS 1.1 in front of supported_versions": at_1_3(VERSION, "ClientHello", having(client_version=(3, 2))),
    "no suite that is known": Case(FAILURE, ClientScript(TLS_1_3, suites=(0x1304,))),
    "compression": at_1_3(ILLEGAL, "ClientHello", having(compression_methods=[1, 0])),
    "no key shares": at_1_3(MISSING, "ClientHello", without(SHARES)),
    "no groups": at_1_3(MISSING, "ClientHello", without(GROUPS_EXTENSION)),
    "no signature algorithms": at_1_3(MISSING, "ClientHello", without(SIGNATURES)),
    "no group that is known": at(
        FAILURE,
        "ClientHello",
        changed(GROUPS_EXTENSION, vector(GroupName.x448.to_bytes(2, "big"))),
        ClientScript(TLS_1_3, share=GroupName.x448),
    ),
    "no signature algorithm that is known": at_1_3(FAILURE, "ClientHello", changed(SIGNATURES, vector(b"\x02\x01"))),
    "no version that is known": at_1_3(VERSION, "ClientHello", changed(VERSIONS, vector(b"\x03\x05", 1))),
    "an extension twice": at_1_3(ILLEGAL, "ClientHello", extended(VERSIONS, vector(b"\x03\x04", 1))),
    "an extension that nobody knows": Case("", ClientScript(TLS_1_3, extensions={UNKNOWN_EXTENSION: b"what?"})),
    "ClientHello cut in its extensions": at_1_3(DECODE, "ClientHello", body(lambda data: data[:-1])),
    "ClientHello with more behind it": at_1_3(DECODE, "ClientHello", body(lambda data: data + b"\x00")),
    "ClientHello in records of 16 bytes": at_1_3("", "ClientHello", split(16)),
    **pieces(lambda edits: Case("", ClientScript(TLS_1_3, share=GroupName.x448, edits=edits)), MESSAGES, MESSAGES),
    "a share that is not on the curve": share(ILLEGAL, OTHER_POINT),
    "a share of no bytes": share((DECODE, ILLEGAL), b""),
    "a compressed share": share(ILLEGAL, b"\x02" + bytes(31) + b"\x05"),
    "a share that is too short": share((ILLEGAL, DECODE), OTHER_POINT[:-1]),
    "a share for another group": Case("", ClientScript(TLS_1_3, share=GroupName.x448)),
    "a second ClientHello without the share that was asked for": Case(
        (ILLEGAL, FAILURE),
        ClientScript(
            TLS_1_3,
            share=GroupName.x448,
            edits={
                "second ClientHello": changed(SHARES, vector(GroupName.x448.to_bytes(2, "big") + vector(bytes(56))))
            },
        ),
    ),
    "Finished in place of the second ClientHello": Case(
        UNEXPECTED,
        ClientScript(TLS_1_3, share=GroupName.x448, edits={"second ClientHello": instead(handshake(20, bytes(32)))}),
    ),
    "a pre-shared key of nobody": Case(
        "",
        ClientScript(TLS_1_3, extensions={ExtensionType.psk_key_exchange_modes: b"\x01\x01"}, identity=bytes(100)),
    ),
    "a pre-shared key that is not the last extension": Case(
        ILLEGAL,
        ClientScript(
            TLS_1_3,
            identity=bytes(100),
            edits={"ClientHello": extended(ExtensionType.psk_key_exchange_modes, b"\x01\x01")},
        ),
    ),
}

RECORDS_1_3: Mapping[str, ClientCase] = {
    **finished(at_1_3),
    **records_1_3(at_1_3, "Finished"),
    **ends(at_1_3, "ClientHello", "Finished"),
    "Finished in clear text": at_1_3(UNEXPECTED, "Finished", cleartext),
    "a warning that is an error": at_1_3(None, "data", before(Piece("alert", b"\x01\x28"))),
}

EVERYWHERE = (
    "Finished in place of ClientHello",
    "ClientHello in place of ClientKeyExchange",
    "ChangeCipherSpec before ClientKeyExchange",
    "data in the handshake",
)
GROUPS: Mapping[str, Group[ClientScript]] = {
    "order": Group(ONLY_1_2, ORDER, EVERYWHERE),
    "hello": Group(ONLY_1_2, HELLO),
    "lengths": Group(ONLY_1_2, LENGTHS),
    "keys": Group(ONLY_1_2, KEYS),
    "records": Group(ONLY_1_2, RECORDS),
    "later": Group(ONLY_1_2, LATER),
    "resumption": Group(ONLY_1_2, RESUMPTION),
}
GROUPS_1_3: Mapping[str, Group[ClientScript]] = {
    "order": Group(UP_TO_1_3, ORDER_1_3),
    "hello": Group(UP_TO_1_3, HELLO_1_3),
    "records": Group(UP_TO_1_3, RECORDS_1_3),
    "limits": Group(UP_TO_1_3, limits.CLIENTS, settings=limits.OF_SERVER),
}
