# SPDX-License-Identifier: MIT
"""MQTT 3.1.1 over TLS: subscribe to a topic, publish to it, and receive what was published.

TZ=UTC mpremote rtc --set + cp ca.pem : + run mqtt_tls.py
"""

import socket
import ssl
import struct

HOST = "test.mosquitto.org"
PORT = 8883
ADDRESS = ""  # where to connect when that is not HOST's own address
CA_FILE = "ca.pem"
CLIENT_ID = "micropython-tls"
TOPIC = "micropython/tls/example"
MESSAGE = "hello over TLS"

try:
    from example_config import *  # noqa: F403  # a file of the board with other values for the names above
except ImportError:
    pass

CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK, DISCONNECT = 0x10, 0x20, 0x30, 0x82, 0x90, 0xE0
KEEPALIVE = 60  # seconds of silence after which the broker may drop us


def text(value):
    """A string as MQTT writes it: two bytes of length, then UTF-8."""
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def send(stream, kind, body=b""):
    """Write a packet: its kind, the length in groups of seven bits (the top bit says that more follow), its body."""
    head, size = bytearray([kind]), len(body)
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    stream.write(bytes(head) + body)


def exactly(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise OSError("the broker closed the connection")
    return data


def receive(stream):
    """The next packet: its kind and its body."""
    kind, size, shift, more = exactly(stream, 1)[0], 0, 0, True
    while more:
        byte = exactly(stream, 1)[0]
        size |= (byte & 127) << shift
        shift, more = shift + 7, byte & 128
    return kind, exactly(stream, size)


def request(stream, kind, body, answer):
    """Send a packet and wait for its acknowledgement; that ends with 0 when the broker agrees."""
    send(stream, kind, body)
    got, reply = receive(stream)
    if got != answer or reply[-1] != 0:
        raise OSError(f"the broker refused packet {kind:#x}: {got:#x} {reply.hex()}")


def message(stream):
    """The topic and the payload of the next message for us."""
    kind, body = receive(stream)
    while kind & 0xF0 != PUBLISH:
        kind, body = receive(stream)
    end = 2 + struct.unpack_from("!H", body)[0]
    return body[2:end].decode(), body[end:].decode()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the broker
    context.load_verify_locations(cafile=CA_FILE)
    sock = socket.socket()
    try:
        sock.connect(socket.getaddrinfo(ADDRESS or HOST, PORT)[0][-1])
        stream = context.wrap_socket(sock, server_hostname=HOST)
        request(stream, CONNECT, text("MQTT") + struct.pack("!BBH", 4, 2, KEEPALIVE) + text(CLIENT_ID), CONNACK)
        print("connected to", HOST, "with", *stream.cipher()[:2])
        request(stream, SUBSCRIBE, struct.pack("!H", 1) + text(TOPIC) + b"\x00", SUBACK)
        send(stream, PUBLISH, text(TOPIC) + MESSAGE.encode())
        print("received", *message(stream))
        send(stream, DISCONNECT)
        stream.close()
    finally:
        sock.close()


main()
