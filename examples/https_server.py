# SPDX-License-Identifier: MIT
"""An HTTPS server that answers with a few facts about the board.

mpremote cp server.crt server.key : + run https_server.py
curl --cacert server.crt --resolve board.local:8443:<address> https://board.local:8443/

One client at a time; Ctrl-C ends it. examples/README.md shows how to make the certificate.
"""

import gc
import json
import socket
import ssl
import sys
import time

PORT = 8443
CERT_FILE = "server.crt"
KEY_FILE = "server.key"
TIMEOUT = 10  # seconds that a silent client may keep the others waiting

try:
    from example_config import *  # noqa: F403  # a file of the board with other values for the names above
except ImportError:
    pass


def facts():
    """What a GET shows."""
    return {"board": sys.platform, "uptime_ms": time.ticks_ms(), "heap_used": gc.mem_alloc()}


def answer(stream):
    """Read one request and answer it; gives the request line."""
    request = stream.readline().decode().strip()
    while stream.readline().strip():
        pass  # the headers end with an empty line; at the end of the stream a line is empty, too
    found = request.startswith("GET / ")
    body = json.dumps(facts() if found else {"error": "only GET / is served here"}).encode()
    status = "200 OK" if found else "404 Not Found"
    headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    stream.write(f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body)
    return f"{request}: {status}"


def serve_one(listener, context):
    """Accept a client and serve it. Whatever it does wrong ends its own connection only."""
    sock, address = listener.accept()
    sock.settimeout(TIMEOUT)
    stream = sock
    try:
        stream = context.wrap_socket(sock, server_side=True)
        print(answer(stream))
    except (OSError, ValueError) as error:
        print("client refused:", error)
    finally:
        stream.close()
        sock.close()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT_FILE, KEY_FILE)
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(socket.getaddrinfo("0.0.0.0", PORT)[0][-1])
        listener.listen(2)
        print(f"listening on port {PORT}")
        while True:
            serve_one(listener, context)
    finally:
        listener.close()


main()
