# SPDX-License-Identifier: MIT
"""The record parser: any segmentation, encrypted alerts, and what is not TLS."""

from __future__ import annotations

import pytest

from hil_tests.records import Alert, Direction, RecordSplitter, alert_record, empty_record, encode_record

HELLO = encode_record("handshake", b"\x01" + bytes(30), version=0x0301)
STREAM = HELLO + encode_record("change_cipher_spec", b"\x01") + encode_record("alert", bytes(24))


@pytest.mark.parametrize("size", [1, 2, 5, 7, 1000])
def test_records_are_found_in_any_segmentation(size: int) -> None:
    splitter = RecordSplitter(Direction.TO_SERVER)
    pieces = [piece for start in range(0, len(STREAM), size) for piece in splitter.feed(STREAM[start : start + size])]
    assert b"".join(data for data, _ in pieces) == STREAM
    kinds = [record.type for _, record in pieces if record]
    assert kinds == ["handshake", "change_cipher_spec", "alert"]


def test_a_record_is_described() -> None:
    [(_, record)] = RecordSplitter(Direction.TO_CLIENT).feed(HELLO)
    assert record is not None
    assert (record.direction, record.version, record.length, record.encrypted) == (
        Direction.TO_CLIENT,
        0x0301,
        31,
        False,
    )


def test_a_plaintext_alert_is_read() -> None:
    [(_, record)] = RecordSplitter(Direction.TO_SERVER).feed(alert_record("fatal", "unknown_ca"))
    assert record is not None
    assert record.alert == Alert("fatal", "unknown_ca")


def test_an_alert_after_change_cipher_spec_is_not_guessed() -> None:
    stream = encode_record("change_cipher_spec", b"\x01") + encode_record("alert", b"\x01\x00")
    record = RecordSplitter(Direction.TO_SERVER).feed(stream)[1][1]
    assert record is not None
    assert record.encrypted
    assert record.alert is None


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\n", b"\x16\x09\x01\x00\x01x", b"\x16\x03\x03\xff\xff"])
def test_what_is_not_tls_passes_unchanged(data: bytes) -> None:
    assert RecordSplitter(Direction.TO_SERVER).feed(data) == [(data, None)]


def test_an_incomplete_record_is_kept_as_rest() -> None:
    splitter = RecordSplitter(Direction.TO_SERVER)
    assert splitter.feed(HELLO[:20]) == []
    assert splitter.rest() == HELLO[:20]


def test_records_without_payload_are_records() -> None:
    [(data, record)] = RecordSplitter(Direction.TO_SERVER).feed(empty_record())
    assert data == b"\x17\x03\x03\x00\x00"
    assert record is not None
    assert record.length == 0


def test_unknown_alerts_are_numbers() -> None:
    assert Alert.parse(b"\x02\xfe") == Alert("fatal", "254")


def test_alerts_are_encoded_by_name() -> None:
    assert Alert("warning", "close_notify").encode() == b"\x01\x00"
    with pytest.raises(ValueError, match="'surprise' is none of"):
        Alert("fatal", "surprise").encode()
