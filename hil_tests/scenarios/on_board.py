# SPDX-License-Identifier: MIT
# mypy: ignore-errors
# ruff: noqa: F401, F821
"""What every scenario's script finds on the board.

HOST, PORT, NAME, CA, CERT, KEY, VERIFY, CIPHERS, VERSIONS, SETTINGS are its values."""

import gc
import hashlib
import socket
import ssl


def context(protocol):
    c = ssl.SSLContext(protocol)
    if CA is not None:
        c.load_verify_locations(cadata=CA)
    if CERT is not None:
        c.load_cert_chain(CERT, KEY)
    if VERIFY is not None:
        c.verify_mode = VERIFY
    if CIPHERS is not None:
        c.set_ciphers(CIPHERS)
    if VERSIONS is not None:
        c.minimum_version, c.maximum_version = VERSIONS
    for name, value in SETTINGS.items():
        setattr(c, name, value)
    return c


def address(host, port):
    return socket.getaddrinfo(host, port)[0][-1]


def dial():
    s = socket.socket()
    s.connect(address(HOST, PORT))
    return s


def connect():
    c = context(ssl.PROTOCOL_TLS_CLIENT)
    return c.wrap_socket(dial(), server_hostname=NAME)


def listen():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address("0.0.0.0", PORT))
    s.listen(4)
    print("listening")
    return s


def accept():
    c = context(ssl.PROTOCOL_TLS_SERVER)
    l = listen()
    s = l.accept()[0]
    l.close()
    print("accepted")
    return c.wrap_socket(s, server_side=True)


def report(error):
    print("refused", (type(error).__name__, error.args))


def attempt(work):
    try:
        work()
        print("done")
    except OSError as error:
        report(error)
    finally:
        # A socket that is written in Python is not closed by a failure; one on a serial line does it here.
        if hasattr(socket, "hang_up"):
            socket.hang_up()


def pattern(size):
    return bytes(i * 7 + (i >> 8) & 255 for i in range(size))


def read_digest(s, size):
    h = hashlib.sha256()
    buffer = memoryview(bytearray(4096))
    while size > 0:
        n = s.readinto(buffer[: min(size, len(buffer))])
        if not n:
            raise ValueError("ended early, %d bytes missing" % size)
        h.update(buffer[:n])
        size -= n
    return h.digest().hex()


def tell_records(s, step, size=1 << 29):
    # The digest of what comes to the end, or of `size` bytes; and the most that the input buffer takes while records
    # are read in such steps. Steps that leave a part of each record there show its length.
    digest, longest = hashlib.sha256(), 0
    while size > 0:
        data = s.recv(min(step, size))
        if not data:
            break
        digest.update(data)
        size -= len(data)
        longest = max(longest, ssl.memory_info(s)["input"])
    print(digest.digest().hex())
    print(longest)


def write_blocks(s, size):
    h = hashlib.sha256()
    block = bytearray(4096)
    for i in range(len(block)):
        block[i] = i * 7 + (i >> 8) & 255
    for offset in range(0, size, len(block)):
        block[0] = offset >> 12 & 255
        block[1] = offset >> 20 & 255
        s.write(block)
        h.update(block)
    return h.digest().hex()
