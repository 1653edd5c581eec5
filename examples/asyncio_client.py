# SPDX-License-Identifier: MIT
"""Two HTTPS requests at once with asyncio, while a ticker shows that waiting for one thing stops nothing else.

TZ=UTC mpremote rtc --set + cp ca.pem : + run asyncio_client.py

The loop stands still only while the board computes: the longest gap is that of the handshake's public-key arithmetic.
"""

import asyncio
import ssl
import time

HOST = "micropython.org"
PORT = 443
PATHS = ("/", "/download/")
ADDRESS = ""  # where to connect when that is not HOST's own address
CA_FILE = "ca.pem"
TICK_MS = 10

try:
    from example_config import *  # noqa: F403  # a file of the board with other values for the names above
except ImportError:
    pass


async def fetch(context, path):
    """GET a path on a connection of its own."""
    reader, writer = await asyncio.open_connection(ADDRESS or HOST, PORT, ssl=context, server_hostname=HOST)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
        await writer.drain()  # the handshake happens here, bit by bit, with the certificate verified
        status = (await reader.readline()).decode().strip()
        size = 0
        while data := await reader.read(512):
            size += len(data)
        print(f"{path}: {status}, {size} bytes with the headers")
    finally:
        writer.close()
        await writer.wait_closed()


async def tick(seen):
    """Count the turns of the loop, and the longest time between two."""
    last = time.ticks_ms()
    while True:
        await asyncio.sleep_ms(TICK_MS)
        now = time.ticks_ms()
        seen["ticks"] += 1
        seen["gap"] = max(seen["gap"], time.ticks_diff(now, last))
        last = now


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=CA_FILE)
    seen = {"ticks": 0, "gap": 0}
    ticker = asyncio.create_task(tick(seen))
    try:
        await asyncio.gather(*(fetch(context, path) for path in PATHS))
    finally:
        ticker.cancel()
    print(f"{seen['ticks']} ticks meanwhile, the longest gap was {seen['gap']} ms")


asyncio.run(main())
