# SPDX-License-Identifier: MIT
"""What a client and a server can do wrong alike: functions give cases, told by the role's own way to change a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from hil_tests.peers.scripted import (
    Edit,
    Piece,
    after,
    before,
    body,
    cut,
    drop,
    flip,
    handshake,
    instead,
    rewritten,
    split,
    spoiled,
    twice,
)
from hil_tests.records import HEADER_SIZE
from hil_tests.scenarios.scripts import (
    CCS,
    CLOSE,
    CUT_ALERT,
    DATA,
    DECODE,
    DECRYPT,
    EMPTY,
    FATAL,
    HEARTBEAT,
    ILLEGAL,
    KEY_UPDATE,
    MAC,
    OVERFLOW,
    PARTS_OF_HEADER,
    TOO_LONG_CIPHER,
    TOO_LONG_CONTENT,
    TOO_LONG_PLAIN,
    UNEXPECTED,
    UNKNOWN_FATAL,
    UNKNOWN_LEVEL,
    UNKNOWN_MESSAGE,
    UNKNOWN_TYPE,
    WARNING,
    Alerts,
    Case,
    cleartext,
    inner,
    joined_by,
    many,
    oversized,
    replayed,
    shortened,
)

BLOCK = 16  # bytes of AES
T = TypeVar("T")
# alert, step, change: how both modules of scripts tell a case.
At = Callable[[Alerts, str, Edit], Case[T]]


def data_records(at: At[T], too_long: int) -> dict[str, Case[T]]:
    """Records after the handshake, in both versions; `too_long`: bytes of content that make too long a ciphertext."""
    return {
        "a plaintext that is too long": at(OVERFLOW, "data", instead(Piece("application_data", bytes(TOO_LONG_PLAIN)))),
        "a ciphertext that is too long": at(OVERFLOW, "data", instead(Piece("application_data", bytes(too_long)))),
        "no bytes of data": at("", "data", before(EMPTY["application_data"])),
        "no bytes of data without end": at((UNEXPECTED, MAC), "data", many(EMPTY["application_data"])),
        "an alert in two records": at((UNEXPECTED, DECODE), "data", before(CUT_ALERT)),
        "data with a wrong tag": at(MAC, "data", spoiled(flip(-1))),
        "data in clear text": at(MAC, "data", cleartext),
        "a record shorter than its tag": at((MAC, DECODE), "data", spoiled(shortened(HEADER_SIZE + 12))),
        "a fatal alert": at(None, "data", before(FATAL)),
    }


def records(at: At[T], first: str) -> dict[str, Case[T]]:
    """Records of TLS 1.2; `first` is the role's first message."""
    return {
        **data_records(at, TOO_LONG_CIPHER),
        "a record in the handshake that is too long": at(OVERFLOW, first, instead(oversized(22))),
        "an unknown content type": at(UNEXPECTED, first, before(UNKNOWN_TYPE)),
        "a heartbeat": at(UNEXPECTED, "data", before(HEARTBEAT)),
        "no bytes of handshake": at((UNEXPECTED, DECODE), first, before(EMPTY["handshake"])),
        "no bytes of alert": at((UNEXPECTED, DECODE), first, before(EMPTY["alert"])),
        "no bytes of ChangeCipherSpec": at(
            (UNEXPECTED, DECODE), "ChangeCipherSpec", before(EMPTY["change_cipher_spec"])
        ),
        "warnings without end": at(UNEXPECTED, "data", many(WARNING)),
        "warnings without end in the handshake": at(UNEXPECTED, first, many(WARNING)),
        "an alert of an unknown level": at((ILLEGAL, UNEXPECTED), "data", before(UNKNOWN_LEVEL)),
        "Finished in clear text": at(MAC, "Finished", cleartext),
        "a Finished with a wrong tag": at(MAC, "Finished", spoiled(flip(-1))),
        "data with a wrong nonce": at(MAC, "data", spoiled(flip(HEADER_SIZE))),
        "data with another content type": at(MAC, "data", spoiled(flip(0, 1))),
        "a record that is sent twice": at(MAC, "data", before(Piece("alert", b"\x01\x5a", spoil=replayed))),
    }


def cbc(at: At[T], at_without_etm: At[T]) -> dict[str, Case[T]]:
    """Records of TLS 1.2 with a suite that has a MAC: over the ciphertext, and as it was before RFC 7366."""
    return {
        "CBC": at("", "data", after()),
        "CBC without encrypt-then-MAC": at_without_etm("", "data", after()),
        "CBC with a wrong MAC": at(MAC, "data", spoiled(flip(-1))),
        # A change of a block is also one of the same byte in the plaintext of the next.
        "CBC with padding that is wrong": at_without_etm(MAC, "data", spoiled(flip(-1 - BLOCK))),
        "CBC with a MAC that is wrong under its padding": at_without_etm(
            MAC, "data", spoiled(flip(HEADER_SIZE + BLOCK))
        ),
        "CBC with half a block": at_without_etm(MAC, "data", spoiled(shortened(HEADER_SIZE + 3 * BLOCK + BLOCK // 2))),
        "CBC and no ChangeCipherSpec": at(UNEXPECTED, "ChangeCipherSpec", drop),
    }


def pieces(
    tell: Callable[[dict[str, Edit]], Case[T]], messages: Iterable[str], short: Iterable[str]
) -> dict[str, Case[T]]:
    """Messages cut where their header is; the short ones at every byte. All of it has to work."""
    return {
        "messages in records of one byte": tell(dict.fromkeys(short, split(1))),
        **{
            f"headers of which a record has {size} bytes": tell(dict.fromkeys(messages, cut(size)))
            for size in PARTS_OF_HEADER
        },
    }


def finished(at: At[T]) -> dict[str, Case[T]]:
    """Wrong Finished messages, in both versions."""
    return {
        "a Finished that is wrong": at(DECRYPT, "Finished", rewritten(flip(-1))),
        "a Finished that is too short": at(DECODE, "Finished", body(lambda data: data[:-1])),
        "a Finished that is too long": at(DECODE, "Finished", body(lambda data: data + b"\x00")),
    }


def later(at: At[T], second: str) -> dict[str, Case[T]]:
    """After the handshake of TLS 1.2, and a fatal alert in place of the role's message `second`."""
    return {
        "KeyUpdate in TLS 1.2": at(UNEXPECTED, "data", before(KEY_UPDATE)),
        "ChangeCipherSpec": at(UNEXPECTED, "data", before(CCS)),
        "a message of an unknown type": at(UNEXPECTED, "data", before(UNKNOWN_MESSAGE)),
        "a fatal alert that nobody knows": at(None, "data", before(UNKNOWN_FATAL)),
        "a fatal alert in the handshake": at(None, second, instead(FATAL)),
    }


def ends(at: At[T], *steps: str) -> dict[str, Case[T]]:
    """close_notify in place of these."""
    return {f"the end before {step}": at(None, step, instead(CLOSE)) for step in steps}


def order_1_3(at: At[T], first: str, encrypted: str) -> dict[str, Case[T]]:
    """Messages of TLS 1.3; `first` and `encrypted` are the role's first one and the first that is encrypted."""
    return {
        f"{first} twice": at(UNEXPECTED, first, twice),
        "no Finished": at(UNEXPECTED, "Finished", instead(DATA)),
        "a message of an unknown type": at(UNEXPECTED, encrypted, before(UNKNOWN_MESSAGE)),
        "KeyUpdate in the handshake": at(UNEXPECTED, encrypted, before(KEY_UPDATE)),
        "no ChangeCipherSpec": at("", "ChangeCipherSpec", drop),
        "ChangeCipherSpec of another value": at(
            UNEXPECTED, "ChangeCipherSpec", instead(Piece("change_cipher_spec", b"\x02"))
        ),
        "ChangeCipherSpec without end": at(UNEXPECTED, encrypted, many(CCS)),
        "ChangeCipherSpec after the handshake": at(UNEXPECTED, "data", before(CCS)),
        "ChangeCipherSpec that is encrypted": at(UNEXPECTED, encrypted, before(inner(20, b"\x01"))),
        "a message in the record of Finished": at(UNEXPECTED, "Finished", joined_by(KEY_UPDATE.data)),
        "a byte of a message in the record of Finished": at(UNEXPECTED, "Finished", joined_by(KEY_UPDATE.data[:1])),
        f"a byte of a message in the record of {first}": at(UNEXPECTED, first, joined_by(b"\x08")),
    }


def records_1_3(at: At[T], encrypted: str) -> dict[str, Case[T]]:
    """Records of TLS 1.3, and what may be in them after the handshake."""
    return {
        **data_records(at, TOO_LONG_CONTENT),
        "KeyUpdate of another value": at(ILLEGAL, "data", before(handshake(24, b"\x02"))),
        "KeyUpdate of no bytes": at(DECODE, "data", before(handshake(24))),
        "KeyUpdate of two bytes": at(DECODE, "data", before(handshake(24, b"\x00\x00"))),
        "an unknown content type": at(UNEXPECTED, encrypted, before(UNKNOWN_TYPE)),
        "an unknown inner content type": at(UNEXPECTED, "data", before(HEARTBEAT)),
        "no inner content type": at(UNEXPECTED, "data", before(inner(0, bytes(16)))),
        "no bytes of handshake": at(UNEXPECTED, encrypted, before(EMPTY["handshake"])),
        "no bytes of alert": at(UNEXPECTED, encrypted, before(EMPTY["alert"])),
        "a header in two records with an alert between": at(UNEXPECTED, encrypted, cut(2, WARNING)),
        "a header in two records with no bytes between": at(UNEXPECTED, encrypted, cut(2, EMPTY["handshake"])),
        "a message in two records with no bytes between": at(UNEXPECTED, encrypted, cut(5, EMPTY["handshake"])),
        "warnings without end": at((UNEXPECTED, ILLEGAL), "data", many(WARNING)),
        "a wrong tag in the handshake": at(MAC, encrypted, spoiled(flip(-1))),
        "a record that is sent twice": at(MAC, "data", before(Piece("application_data", b"", spoil=replayed))),
        "a fatal alert in the handshake": at(None, encrypted, instead(FATAL)),
    }
