# SPDX-License-Identifier: MIT
"""What scripts about the length of records begin with: contexts, and functions that see and send records."""

from __future__ import annotations

# Bytes of a buffer beside the content of its record: header, nonce, tag, Mbed TLS's counter, and what CBC would need.
AROUND = 120

PRELUDE = """
client, server = client_context(ID), server_context(ID)
client.session_cache = False

def watched(step=None):
    "Two connected ends for `records()`; `step`: the most bytes that a write takes."
    ends = pipe()
    for end in ends:
        end.sent = []
        end.step = step
    return ends

def pair(step=None):
    "Two of them, and the client and the server that are connected by them."
    ends = watched(step)
    return ends + connect(client, server, ends=ends)

def records(end):
    "Type and length of the records that an end has sent since the last call."
    sent, end.sent[:] = b"".join(end.sent), []
    while sent:
        n = sent[3] << 8 | sent[4]
        yield sent[0], n
        sent = sent[5 + n :]

def refuse_longer(side, most):
    "Has a side read a record of `most` bytes, whose tag is wrong, and one that is longer; prints what it is for both."
    for extra, name in ((0, "INVALID_MAC"), (1, "INVALID_RECORD")):
        a, b, c, s = pair()
        victim, end, other = (c, a, s) if side == "client" else (s, b, c)
        n = most + extra
        end.inbox = bytearray(b"\\x17\\x03\\x03" + bytes((n >> 8, n & 255)) + bytes(n))
        print(name in attempt(victim.read, 1), attempt(other.read, 1).split("peer sent ")[1])

def buffers():
    "Bytes of a client's input and output while it has read and sent a part of a record."
    a, b, c, s = pair()
    s.write(bytes(8192))
    c.read(1)
    held = ssl.memory_info(c)["input"]
    a.room = 10
    c.send(bytes(8192))
    return held, ssl.memory_info(c)["output"]
"""
# What `refuse_longer` prints.
REFUSED = ["True bad_record_mac')", "True record_overflow')"]
