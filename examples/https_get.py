# SPDX-License-Identifier: MIT
"""An HTTPS GET from a server whose certificate is verified.

TZ=UTC mpremote rtc --set + cp ca.pem : + run https_get.py

The clock must be right, since certificates have dates. ca.pem holds the root certificates to trust, PEM or DER.
"""

import socket
import ssl
import time

HOST = "micropython.org"
PORT = 443
PATH = "/"
ADDRESS = ""  # where to connect when that is not HOST's own address
CA_FILE = "ca.pem"

try:
    from example_config import *  # noqa: F403  # a file of the board with other values for the names above
except ImportError:
    pass


def check_clock():
    if time.gmtime()[0] < 2024:
        raise RuntimeError("the clock is not set, and certificates have dates: run `mpremote rtc --set` first")


def connect():
    """A verified TLS connection; the socket is closed again when it cannot be made."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # such a context verifies, unless told otherwise
    context.load_verify_locations(cafile=CA_FILE)
    sock = socket.socket()
    try:
        sock.connect(socket.getaddrinfo(ADDRESS or HOST, PORT)[0][-1])
        return context.wrap_socket(sock, server_hostname=HOST)
    except BaseException:
        sock.close()
        raise


def get(stream, path):
    """The status line, the headers (lower-case names) and the body."""
    stream.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    status = stream.readline().decode().strip()
    headers = {}
    while line := stream.readline().strip():
        name, value = line.decode().split(":", 1)
        headers[name.lower()] = value.strip()
    # With a length, nothing can be cut off unseen; without one, TLS itself tells the end from a cut.
    length = headers.get("content-length")
    return status, headers, stream.read(int(length)) if length else stream.read()


def main():
    check_clock()
    stream = connect()
    try:
        today = "{:04}-{:02}-{:02}".format(*time.gmtime()[:3])
        suite, version = stream.cipher()[:2]
        print(f"verified: the certificate is for {HOST}, valid on {today}, and signed by a CA in {CA_FILE}")
        print(f"encrypted: {version}, {suite}")
        status, headers, body = get(stream, PATH)
        print(f"{status}: {len(body)} bytes of {headers.get('content-type', 'unknown type')}")
    finally:
        stream.close()


main()
