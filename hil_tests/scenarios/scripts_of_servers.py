# SPDX-License-Identifier: MIT
"""What a server can do wrong, case by case: data of test_misbehaving_server.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tlslite.constants import ExtensionType, GroupName  # type: ignore[import-untyped]
from tlslite.extensions import RenegotiationInfoExtension  # type: ignore[import-untyped]

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
    cut,
    drop,
    flip,
    halves,
    handshake,
    having,
    held,
    instead,
    rewritten,
    split,
    touched,
    twice,
)
from hil_tests.peers.scripted_server import ServerScript
from hil_tests.scenarios import scripts_of_limits as limits
from hil_tests.scenarios.scripts import (
    CCS,
    DATA,
    DECODE,
    DECRYPT,
    EMPTY,
    EMS,
    ETM,
    FAILURE,
    FLOOD,
    HELLO_REQUEST,
    ILLEGAL,
    INTERNAL,
    MAC,
    MISSING,
    ONLY_1_2,
    OTHER_POINT,
    OVERFLOW,
    PARTS_OF_HEADER,
    TOO_LONG_MESSAGE,
    UNEXPECTED,
    UNKNOWN_EXTENSION,
    UNKNOWN_MESSAGE,
    UNSUPPORTED,
    UP_TO_1_3,
    VERSION,
    WARNING,
    Alerts,
    Case,
    Group,
    cleartext,
    extended,
    many,
    replayed,
    without,
)
from hil_tests.scenarios.scripts_of_both import cbc, ends, finished, later, order_1_3, pieces, records, records_1_3

ServerCase = Case[ServerScript]
ALPN = ExtensionType.alpn
RSA_GCM = 0x009C  # TLS_RSA_WITH_AES_128_GCM_SHA256: built, and offered only when a program asks for it
NULL_SUITE = 0x0000
TICKET = b"a ticket of the scripted server"
GIVES = ServerScript(ticket=TICKET)
MESSAGES = ("ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone", "NewSessionTicket", "Finished")
MESSAGES_1_3 = ("ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify", "Finished")
SHORT = ("ServerHello", "ServerHelloDone", "EncryptedExtensions", "Finished")


def at(alert: Alerts, step: str, edit: Edit, suite: int = GCM) -> ServerCase:
    """A server of TLS 1.2 that changes one step."""
    return Case(alert, ServerScript(suite=suite, edits={step: edit}))


def at_cbc(alert: Alerts, step: str, edit: Edit) -> ServerCase:
    """The same with a suite that has a MAC, over the ciphertext."""
    return at(alert, step, edit, suite=CBC)


def at_cbc_without_etm(alert: Alerts, step: str, edit: Edit) -> ServerCase:
    """The same with a MAC over the plaintext."""
    return Case(alert, ServerScript(suite=CBC, edits={"ServerHello": without(ETM), step: edit}))


def at_1_3(alert: Alerts, step: str, edit: Edit) -> ServerCase:
    """A server of TLS 1.3 that changes one step."""
    return Case(alert, ServerScript(TLS_1_3, GCM_1_3, edits={step: edit}))


def parameters(alert: Alerts, **members: object) -> ServerCase:
    """A ServerKeyExchange that is signed and wrong."""

    def touch(message: Any) -> None:
        for name, value in members.items():
            setattr(message, name, value)

    return Case(alert, ServerScript(parameters=touch))


def ending_in(random: bytes) -> Edit:
    """The server's random ends like this."""

    def touch(message: Any) -> None:
        message.random = message.random[: -len(random)] + bytearray(random)

    return touched(touch)


def secured(content: bytes) -> Edit:
    """renegotiation_info has this content (RFC 5746, 3.4)."""

    def touch(message: Any) -> None:
        kept = [item for item in message.extensions if item.extType != ExtensionType.renegotiation_info]
        message.extensions = [*kept, RenegotiationInfoExtension().create(bytearray(content))]

    return touched(touch)


def longer(certificates: bytes) -> bytes:
    """The first certificate in the list says to have one byte more than there is."""
    size = int.from_bytes(certificates[3:6], "big") + 1
    return certificates[:3] + size.to_bytes(3, "big") + certificates[6:]


def retried(alert: Alerts, *groups: int, **edits: Edit) -> ServerCase:
    """A server of TLS 1.3 that asks for other key shares."""
    return Case(alert, ServerScript(TLS_1_3, GCM_1_3, retries=groups, edits=edits))


def tolerated_1_3(**edits: Edit) -> ServerCase:
    """A server of TLS 1.3 that may do that."""
    return Case("", ServerScript(TLS_1_3, GCM_1_3, edits=edits))


ORDER: Mapping[str, ServerCase] = {
    "Certificate in place of ServerHello": at(UNEXPECTED, "ServerHello", drop),
    "ServerHello twice": at(UNEXPECTED, "ServerHello", twice),
    "ClientHello in place of ServerHello": at(UNEXPECTED, "ServerHello", instead(handshake(1, bytes(40)))),
    "no Certificate": at(UNEXPECTED, "Certificate", drop),
    "Certificate twice": at(UNEXPECTED, "Certificate", twice),
    "no ServerKeyExchange": at(UNEXPECTED, "ServerKeyExchange", drop),
    "ServerKeyExchange twice": at(UNEXPECTED, "ServerKeyExchange", twice),
    "ChangeCipherSpec in place of ServerHelloDone": at(UNEXPECTED, "ServerHelloDone", instead(CCS)),
    "ServerHelloDone twice": at(UNEXPECTED, "ServerHelloDone", twice),
    "a CertificateStatus that was not asked for": at(UNEXPECTED, "Certificate", after(handshake(22, bytes(8)))),
    "ChangeCipherSpec after ServerHello": at(UNEXPECTED, "ServerHello", after(CCS)),  # CVE-2014-0224
    "ChangeCipherSpec after Certificate": at(UNEXPECTED, "Certificate", after(CCS)),
    "no ChangeCipherSpec": at(UNEXPECTED, "ChangeCipherSpec", drop),
    "ChangeCipherSpec twice": at(UNEXPECTED, "Finished", before(CCS)),
    "a ticket that was not announced": at(UNEXPECTED, "ChangeCipherSpec", before(handshake(4, bytes(6)))),
    "Finished twice": at(UNEXPECTED, "Finished", twice),
    "data in place of Finished": at(UNEXPECTED, "Finished", instead(DATA)),
    "data in the handshake": at(UNEXPECTED, "Certificate", before(DATA)),
    "a message of an unknown type": at(UNEXPECTED, "Certificate", before(UNKNOWN_MESSAGE)),
    # RFC 5246, 7.4.1.1: a client that is negotiating ignores it.
    "HelloRequest before every message": Case(
        "",
        ServerScript(
            edits={
                step: before(HELLO_REQUEST)
                for step in ("ServerHello", "Certificate", "ServerHelloDone", "ChangeCipherSpec", "Finished")
            }
        ),
    ),
    "HelloRequest in the record of another message": at("", "Certificate", before(replace(HELLO_REQUEST, held=True))),
    "HelloRequests without end": at(UNEXPECTED, "Certificate", many(HELLO_REQUEST)),
    "HelloRequests without end in a record": at(
        UNEXPECTED, "Certificate", before(replace(HELLO_REQUEST, data=HELLO_REQUEST.data * FLOOD))
    ),
    "HelloRequest with a body": at(UNEXPECTED, "Certificate", before(handshake(0, b"\x00"))),
}

HELLO: Mapping[str, ServerCase] = {
    "a suite that was not offered": at(ILLEGAL, "ServerHello", having(cipher_suite=RSA_GCM)),
    "no encryption": at(ILLEGAL, "ServerHello", having(cipher_suite=NULL_SUITE)),
    "a suite of TLS 1.3": at(ILLEGAL, "ServerHello", having(cipher_suite=GCM_1_3)),
    "compression": at(ILLEGAL, "ServerHello", having(compression_method=1)),
    "TLS 1.0": at(VERSION, "ServerHello", having(server_version=(3, 1))),
    "a version that nobody has": at(VERSION, "ServerHello", having(server_version=(3, 9))),
    "an extension that was not offered": at(UNSUPPORTED, "ServerHello", extended(UNKNOWN_EXTENSION)),
    "a protocol that was not asked for": at(UNSUPPORTED, "ServerHello", extended(ALPN, b"\x00\x03\x02h2")),
    "an extension twice": at((ILLEGAL, DECODE), "ServerHello", extended(EMS)),
    "an extension with content that it must not have": at((DECODE, ILLEGAL), "ServerHello", extended(EMS, b"x")),
    # RFC 7366, 3 forbids it and names no alert; there is no MAC to be moved.
    "encrypt-then-MAC for an AEAD suite": at("", "ServerHello", extended(ETM)),
    "a renegotiation that never was": at(FAILURE, "ServerHello", secured(b"0123456789ab")),
    "a session ID of 33 bytes": at((DECODE, ILLEGAL), "ServerHello", having(session_id=bytearray(33))),
    "no extended master secret": at("", "ServerHello", without(EMS)),
    "a limit of records that was not told": Case(UNSUPPORTED, ServerScript(extensions={limits.LIMIT: limits.LEAST})),
    "no extensions at all": at("", "ServerHello", having(extensions=None)),
}

LENGTHS: Mapping[str, ServerCase] = {
    **finished(at),
    "ServerHello cut in its random": at(DECODE, "ServerHello", body(lambda data: data[:20])),
    "ServerHello cut in its extensions": at(DECODE, "ServerHello", body(lambda data: data[:-1])),
    "ServerHello with more behind it": at(DECODE, "ServerHello", body(lambda data: data + b"\x00")),
    "a Certificate of 16 MB": at((DECODE, ILLEGAL, OVERFLOW, INTERNAL), "Certificate", instead(TOO_LONG_MESSAGE)),
    "Certificate without certificates": at((DECODE, "bad_certificate"), "Certificate", body(lambda _: bytes(3))),
    "Certificate with a list that is too long": at(DECODE, "Certificate", body(flip(2))),
    "Certificate with a certificate that is too long": at(DECODE, "Certificate", body(longer)),
    "Certificate with something else in it": at(
        ("bad_certificate", DECODE), "Certificate", body(lambda _: b"\x00\x00\x07\x00\x00\x04junk")
    ),
    "ServerKeyExchange cut in its point": at(DECODE, "ServerKeyExchange", body(lambda data: data[:30])),
    "ServerKeyExchange cut in its signature": at(DECODE, "ServerKeyExchange", body(lambda data: data[:-1])),
    "ServerKeyExchange with more behind it": at(DECODE, "ServerKeyExchange", body(lambda data: data + b"\x00")),
    "ServerHelloDone with a body": at(DECODE, "ServerHelloDone", body(lambda _: b"\x00")),
    "ChangeCipherSpec of two bytes": at(
        (DECODE, ILLEGAL, UNEXPECTED), "ChangeCipherSpec", instead(Piece("change_cipher_spec", b"\x01\x01"))
    ),
    "ChangeCipherSpec of another value": at(
        (DECODE, ILLEGAL, UNEXPECTED), "ChangeCipherSpec", instead(Piece("change_cipher_spec", b"\x02"))
    ),
}

KEYS: Mapping[str, ServerCase] = {
    "a curve that was not offered": parameters(ILLEGAL, named_curve=GroupName.brainpoolP256r1),
    "a curve with parameters of its own": at((ILLEGAL, FAILURE), "ServerKeyExchange", body(flip(0, 2))),
    "a point that is not on the curve": parameters(ILLEGAL, ecdh_Ys=bytearray(OTHER_POINT)),
    "the point at infinity": parameters((ILLEGAL, DECODE), ecdh_Ys=bytearray(1)),
    "an X25519 key of zeros": parameters(ILLEGAL, named_curve=GroupName.x25519, ecdh_Ys=bytearray(32)),
    "a compressed point": parameters((ILLEGAL, DECODE), ecdh_Ys=bytearray(b"\x02" + bytes(31) + b"\x05")),
    "a point of no bytes": parameters((ILLEGAL, DECODE), ecdh_Ys=bytearray()),
    "a point that is too short": parameters((ILLEGAL, DECODE), ecdh_Ys=bytearray(OTHER_POINT[:-1])),
    "a signature that is wrong": at(DECRYPT, "ServerKeyExchange", rewritten(flip(-1))),
    "a signature that is no DER": at(DECRYPT, "ServerKeyExchange", having(signature=bytearray(64))),
    "no signature": at((DECODE, DECRYPT), "ServerKeyExchange", having(signature=bytearray())),
    "a signature over another random": at(DECRYPT, "ServerHello", rewritten(flip(4 + 2))),
    "a signature with SHA-1": Case(ILLEGAL, ServerScript(signature="sha1")),
    "a signature of another kind of key": at(ILLEGAL, "ServerKeyExchange", having(signAlg=1)),
}

RECORDS: Mapping[str, ServerCase] = {
    **records(at, "ServerHello"),
    "a message in records of 5 bytes": at("", "Certificate", split(5)),
    **pieces(lambda edits: Case("", replace(GIVES, edits=edits)), MESSAGES, SHORT),
    **{
        f"{size} bytes of a message in the record of another": Case(
            "", ServerScript(edits={"ServerHello": held, "Certificate": cut(size)})
        )
        for size in PARTS_OF_HEADER
    },
    "a header in two records with an alert between": at(UNEXPECTED, "Certificate", cut(2, WARNING)),
    "a header in two records with data between": at(UNEXPECTED, "Certificate", cut(2, DATA)),
    "a header in two records with no bytes between": at(
        (UNEXPECTED, DECODE), "Certificate", cut(2, EMPTY["handshake"])
    ),
    "a header in two records for 16 MB": at(INTERNAL, "Certificate", instead(*halves(TOO_LONG_MESSAGE, 2))),
    "half a header and ChangeCipherSpec": at(UNEXPECTED, "ChangeCipherSpec", before(Piece("handshake", b"\x04\x00"))),
    "half a header and data": at(UNEXPECTED, "Finished", instead(Piece("handshake", b"\x14\x00"), DATA)),
    "half a header after the handshake": at(UNEXPECTED, "data", before(Piece("handshake", b"\x00\x00"))),
    "HelloRequest in records of one byte after the handshake": at(
        "", "data", before(*[replace(HELLO_REQUEST, data=b"\x00")] * 4)
    ),
    "a message in two records with an alert between": at(UNEXPECTED, "Certificate", split(100, WARNING)),
    "a message in two records with data between": at(UNEXPECTED, "Certificate", split(100, DATA)),
    "a message in two records with ChangeCipherSpec between": at(UNEXPECTED, "Certificate", split(100, CCS)),
    "a record of another protocol": at(
        (VERSION, UNEXPECTED), "ServerHello", instead(Piece("handshake", bytes(40), version=0x0400))
    ),
    "no bytes of handshake, encrypted": at((UNEXPECTED, DECODE), "data", before(EMPTY["handshake"])),
    "HelloRequests without end": at(UNEXPECTED, "data", many(HELLO_REQUEST)),
    "a warning": at("", "Certificate", before(WARNING)),
}

PROTECTION: Mapping[str, ServerCase] = cbc(at_cbc, at_cbc_without_etm)

LATER: Mapping[str, ServerCase] = {
    **later(at, "Certificate"),
    **ends(at, "ServerHello", "Certificate", "ServerHelloDone", "ChangeCipherSpec", "Finished"),
    "a renegotiation": at("", "data", before(HELLO_REQUEST)),
    "ClientHello": at(UNEXPECTED, "data", before(handshake(1, bytes(4)))),
    "ServerHello": at(UNEXPECTED, "data", before(handshake(2, bytes(4)))),
}

RESUMPTION: Mapping[str, ServerCase] = {
    "an honest one": Case("", GIVES, (GIVES,)),
    "without extended master secret": Case(FAILURE, replace(GIVES, edits={"ServerHello": without(EMS)}), (GIVES,)),
    "with another suite": Case(
        (ILLEGAL, UNEXPECTED), replace(GIVES, edits={"ServerHello": having(cipher_suite=CBC)}), (GIVES,)
    ),
    "with a Finished that is wrong": Case(DECRYPT, replace(GIVES, edits={"Finished": rewritten(flip(-1))}), (GIVES,)),
    "with a Certificate": Case(
        UNEXPECTED, replace(GIVES, edits={"ChangeCipherSpec": instead(handshake(11, bytes(3)))}), (GIVES,)
    ),
    "with a ticket that is cut": Case(DECODE, replace(GIVES, edits={"NewSessionTicket": body(lambda data: data[:-1])})),
}

DOWNGRADE: Mapping[str, ServerCase] = {
    # RFC 8446, 4.1.3: a server that could do TLS 1.3 says so in its random.
    "to TLS 1.2": at(ILLEGAL, "ServerHello", ending_in(b"DOWNGRD\x01")),
    "to TLS 1.1": at(ILLEGAL, "ServerHello", ending_in(b"DOWNGRD\x00")),
    "none": at("", "ServerHello", ending_in(b"DOWNGRD\x02")),
}

ORDER_1_3: Mapping[str, ServerCase] = {
    **order_1_3(at_1_3, "ServerHello", "Certificate"),
    "no ServerHello": at_1_3(UNEXPECTED, "ServerHello", drop),
    "no EncryptedExtensions": at_1_3(UNEXPECTED, "EncryptedExtensions", drop),
    "EncryptedExtensions in clear text": at_1_3(UNEXPECTED, "EncryptedExtensions", cleartext),
    "EncryptedExtensions twice": at_1_3(UNEXPECTED, "EncryptedExtensions", twice),
    "no Certificate": at_1_3(UNEXPECTED, "Certificate", drop),
    "Certificate twice": at_1_3(UNEXPECTED, "Certificate", twice),
    "no CertificateVerify": at_1_3(UNEXPECTED, "CertificateVerify", drop),
    "a ServerKeyExchange": at_1_3(UNEXPECTED, "Certificate", after(handshake(12, bytes(40)))),
    "ChangeCipherSpec before ServerHello": at_1_3("", "ServerHello", before(CCS)),
    "HelloRequest": at_1_3(UNEXPECTED, "Certificate", before(HELLO_REQUEST)),
    "HelloRequest while TLS 1.2 is possible": at("", "ServerHello", before(HELLO_REQUEST)),
    "HelloRequest after HelloRetryRequest": retried(UNEXPECTED, GroupName.secp384r1, ServerHello=before(HELLO_REQUEST)),
    "HelloRequest after the handshake": at_1_3(UNEXPECTED, "data", before(HELLO_REQUEST)),
    "a certificate that is asked for after the handshake": at_1_3(
        UNEXPECTED, "data", before(handshake(13, b"\x00\x00\x08\x00\x0d\x00\x04\x00\x02\x04\x03"))
    ),
    "EndOfEarlyData": at_1_3(UNEXPECTED, "data", before(handshake(5))),
    "a ticket in the handshake": at_1_3(UNEXPECTED, "Certificate", before(handshake(4, bytes(13)))),
}


def other_share(**members: object) -> Callable[[Any], None]:
    """The server's key share is another one."""

    def touch(share: Any) -> None:
        for name, value in members.items():
            setattr(share, name, value)

    return touch


def shared(alert: Alerts, **members: object) -> ServerCase:
    """A server of TLS 1.3 with a wrong key share."""
    return Case(alert, ServerScript(TLS_1_3, GCM_1_3, key_share=other_share(**members)))


HELLO_1_3: Mapping[str, ServerCase] = {
    "a suite that was not offered": at_1_3(ILLEGAL, "ServerHello", having(cipher_suite=0x1304)),
    "a suite of TLS 1.2": at_1_3(ILLEGAL, "ServerHello", having(cipher_suite=GCM)),
    "compression": at_1_3(ILLEGAL, "ServerHello", having(compression_method=1)),
    "another session ID": at_1_3(ILLEGAL, "ServerHello", having(session_id=bytearray(b"\x01" * 32))),
    "a version that was not offered": at_1_3(
        ILLEGAL,
        "ServerHello",
        rewritten(lambda data: data.replace(b"\x00\x2b\x00\x02\x03\x04", b"\x00\x2b\x00\x02\x03\x05")),
    ),
    "no key share": at_1_3(MISSING, "ServerHello", without(ExtensionType.key_share)),
    "an extension that was not offered": at_1_3(UNSUPPORTED, "ServerHello", extended(UNKNOWN_EXTENSION)),
    "an extension that belongs elsewhere": at_1_3(
        (ILLEGAL, UNSUPPORTED), "ServerHello", extended(ExtensionType.supported_groups, b"\x00\x02\x00\x17")
    ),
    "an extension twice": at_1_3(ILLEGAL, "ServerHello", extended(ExtensionType.supported_versions, b"\x03\x04")),
    "an encrypted extension that was not offered": at_1_3(
        UNSUPPORTED, "EncryptedExtensions", extended(UNKNOWN_EXTENSION)
    ),
    "an encrypted extension that belongs elsewhere": at_1_3(
        (ILLEGAL, UNSUPPORTED), "EncryptedExtensions", extended(ExtensionType.key_share, b"\x00\x17")
    ),
    "a protocol that was not asked for": at_1_3(UNSUPPORTED, "EncryptedExtensions", extended(ALPN, b"\x00\x03\x02h2")),
    "ServerHello cut in its extensions": at_1_3(DECODE, "ServerHello", body(lambda data: data[:-1])),
    "ServerHello with more behind it": at_1_3(DECODE, "ServerHello", body(lambda data: data + b"\x00")),
    "EncryptedExtensions with more behind them": at_1_3(
        DECODE, "EncryptedExtensions", body(lambda data: data + b"\x00")
    ),
    "a share of another group": shared(ILLEGAL, group=GroupName.secp384r1),
    "a share that is not on the curve": shared(ILLEGAL, key_exchange=bytearray(OTHER_POINT)),
    "an X25519 share of zeros": shared(ILLEGAL, group=GroupName.x25519, key_exchange=bytearray(32)),
    "a share of no bytes": shared((DECODE, ILLEGAL), key_exchange=bytearray()),
    "a pre-shared key that was not offered": at_1_3(
        UNSUPPORTED, "ServerHello", extended(ExtensionType.pre_shared_key, b"\x00\x00")
    ),
    "early data that were not offered": at_1_3(UNSUPPORTED, "EncryptedExtensions", extended(ExtensionType.early_data)),
    "HelloRetryRequest for the group that is there": retried(ILLEGAL, 0),
    "HelloRetryRequest for a group that was not offered": retried(ILLEGAL, GroupName.brainpoolP256r1tls13),
    "HelloRetryRequest twice": retried(UNEXPECTED, GroupName.secp384r1, GroupName.secp521r1),
    "HelloRetryRequest that asks for nothing": retried(
        ILLEGAL, GroupName.secp384r1, HelloRetryRequest=without(ExtensionType.key_share)
    ),
}

KEYS_1_3: Mapping[str, ServerCase] = {
    **finished(at_1_3),
    "Certificate with a request context": at_1_3(
        (ILLEGAL, DECODE), "Certificate", body(lambda data: b"\x01\x00" + data[1:])
    ),
    "Certificate without certificates": at_1_3(DECODE, "Certificate", body(lambda _: bytes(4))),
    "Certificate that is cut": at_1_3(DECODE, "Certificate", body(lambda data: data[:-1])),
    "a signature that is wrong": at_1_3(DECRYPT, "CertificateVerify", rewritten(flip(-1))),
    "a signature over another transcript": at_1_3(
        DECRYPT, "EncryptedExtensions", instead(replace(handshake(8, b"\x00\x00"), hashed=False))
    ),
    "a signature with SHA-1": at_1_3(ILLEGAL, "CertificateVerify", having(signatureAlgorithm=(2, 3))),
    "a signature of another kind of key": at_1_3(
        (ILLEGAL, DECRYPT), "CertificateVerify", having(signatureAlgorithm=(8, 4))
    ),
    "a signature that is cut": at_1_3(DECODE, "CertificateVerify", body(lambda data: data[:-1])),
    "a message of 16 MB": at_1_3((DECODE, ILLEGAL, OVERFLOW, INTERNAL), "Certificate", instead(TOO_LONG_MESSAGE)),
}

RECORDS_1_3: Mapping[str, ServerCase] = {
    **records_1_3(at_1_3, "Certificate"),
    **ends(at_1_3, "ServerHello", "Certificate", "Finished"),
    "a ticket that is cut": at_1_3(DECODE, "NewSessionTicket", instead(handshake(4, bytes(9)))),
    "a message in records of 5 bytes": at_1_3("", "Certificate", split(5)),
    **pieces(lambda edits: tolerated_1_3(**edits), MESSAGES_1_3, SHORT),
    **{
        f"{size} bytes of a message in the record of another": tolerated_1_3(
            EncryptedExtensions=held, Certificate=cut(size)
        )
        for size in PARTS_OF_HEADER
    },
    "EncryptedExtensions in the record of ServerHello": Case(
        UNEXPECTED, ServerScript(TLS_1_3, GCM_1_3, edits={"ServerHello": held, "EncryptedExtensions": cleartext})
    ),
    "a message in records with data between": at_1_3(UNEXPECTED, "Certificate", split(100, DATA)),
    "a ticket that is sent twice": at_1_3(
        MAC, "NewSessionTicket", instead(replace(handshake(4, bytes(8) + b"\x01\x00\x00\x01t\x00\x00"), spoil=replayed))
    ),
    "a ticket": at_1_3("", "NewSessionTicket", instead(handshake(4, bytes(8) + b"\x01\x00\x00\x01t\x00\x00"))),
}

EVERYWHERE = (
    "a suite that was not offered",
    "compression",
    "TLS 1.0",
    "a renegotiation that never was",
    "a session ID of 33 bytes",
)
GROUPS: Mapping[str, Group[ServerScript]] = {
    "order": Group(ONLY_1_2, ORDER),
    "hello": Group(ONLY_1_2, HELLO, EVERYWHERE),
    "lengths": Group(ONLY_1_2, LENGTHS),
    "keys": Group(ONLY_1_2, KEYS),
    "records": Group(ONLY_1_2, RECORDS),
    "protection": Group(ONLY_1_2, PROTECTION),
    "later": Group(ONLY_1_2, LATER),
    "resumption": Group(ONLY_1_2, RESUMPTION),
}
GROUPS_1_3: Mapping[str, Group[ServerScript]] = {
    "downgrade": Group(UP_TO_1_3, DOWNGRADE),
    "order": Group(UP_TO_1_3, ORDER_1_3),
    "hello": Group(UP_TO_1_3, HELLO_1_3),
    "keys": Group(UP_TO_1_3, KEYS_1_3),
    "records": Group(UP_TO_1_3, RECORDS_1_3),
    "limits": Group(UP_TO_1_3, limits.SERVERS, settings=limits.OF_CLIENT),
}
