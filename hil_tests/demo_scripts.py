# SPDX-License-Identifier: MIT
"""What the board runs in the demonstration. Values come in capitals; each script prints what the host compares."""

from __future__ import annotations

_CONNECT = """
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(cadata=CA)
transport = socket.socket()
transport.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
"""

_ACCEPT = """
import hashlib, socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
if CLIENT_CA:
    context.load_verify_locations(cadata=CLIENT_CA)
    context.verify_mode = ssl.CERT_REQUIRED
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(socket.getaddrinfo("0.0.0.0", PORT)[0][-1])
listener.listen(1)
print("listening")
stream = context.wrap_socket(listener.accept()[0], server_side=True)
"""

# Reads SIZE bytes, then sends as many, piece by piece: a small board does not hold all of it.
_SWAP = """
received = hashlib.sha256()
piece = bytearray(2048)
left = SIZE
while left:
    count = stream.readinto(memoryview(piece)[:min(left, len(piece))])
    received.update(memoryview(piece)[:count])
    left -= count
sent = hashlib.sha256()
for start in range(0, SIZE, len(piece)):
    piece[0] = start >> 8 & 255
    stream.write(piece)
    sent.update(piece)
print(received.digest().hex())
print(sent.digest().hex())
stream.close()
"""

CLIENT_ECHO = f"""{_CONNECT}
if CERT:
    context.load_cert_chain(CERT, KEY)
stream = context.wrap_socket(transport, server_hostname=NAME)
stream.write(b"ping")
print(stream.read(4).decode())
stream.close()
"""

CLIENT_BULK = f"""{_CONNECT}
import hashlib
stream = context.wrap_socket(transport, server_hostname=NAME)
{_SWAP}"""

CLIENT_REFUSES = f"""{_CONNECT}
try:
    context.wrap_socket(transport, server_hostname=NAME)
    print("accepted")
except OSError as error:
    print("refused:", error)
transport.close()
"""

SERVER_ECHO = f"""{_ACCEPT}
data = stream.read(SIZE)
stream.write(data)
for _ in range(2):
    print(hashlib.sha256(data).digest().hex())
stream.close()
listener.close()
"""

SERVER_SWAP = f"""{_ACCEPT}{_SWAP}listener.close()
"""

SERVER_HTTP = f"""{_ACCEPT}
while stream.readline() not in (b"\\r\\n", b""):
    pass
stream.write("HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(TEXT), TEXT))
stream.close()
listener.close()
"""
