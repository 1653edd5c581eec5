# SPDX-License-Identifier: MIT
# mypy: ignore-errors
"""Runs on a board without a network, as module `socket`: TCP over a modem on UART1 (pins 4 and 5).

The modem takes ATD<host>:<port> and ATA, answers CONNECT, and a break hangs up in either direction. One connection at a
time. A break tells that the other end has closed, not whether it still reads: what is written then may be lost, and the
next read says so. What tests need of `socket` is here, and no more.
"""

import io
import time

import machine

AF_INET = 2
SOCK_STREAM = 1
SOL_SOCKET = 0xFFF
SO_REUSEADDR = 4
BAUD = 921600
RECEIVE_BUFFER = 8192
POLL = 3
CLOSE = 4
POLL_RD = 1
POLL_WR = 4
EBADF = 9
ECONNREFUSED = 111

_uart = None
_hung_up = False


def _break(uart):
    global _hung_up
    if uart.irq().flags() & machine.UART.IRQ_BREAK:
        _hung_up = True


def line():
    """UART1, the modem listening and nothing in the way."""
    global _uart, _hung_up
    if _uart is None:
        _uart = machine.UART(1, BAUD, tx=machine.Pin(4), rx=machine.Pin(5), rxbuf=RECEIVE_BUFFER, timeout=0)
        _uart.irq(_break, machine.UART.IRQ_BREAK)
    hang_up()
    while _uart.any():
        _uart.read()
    _hung_up = False
    return _uart


def hang_up():
    """End whatever connection there is; what was written is sent first."""
    if _uart is not None:
        _uart.flush()
        _uart.sendbreak()


def _ask(command, error):
    uart = line()
    uart.write(command)
    answer = b""
    while not answer.endswith(b"\r\n"):
        answer += uart.read(1) or b""
        time.sleep_ms(0)
    if answer != b"CONNECT\r\n":
        raise OSError(error)
    return uart


def getaddrinfo(host, port, *rest):
    return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]


class socket(io.IOBase):
    def __init__(self, *rest):
        self.uart = None
        self.blocking = True

    def setsockopt(self, *rest):
        pass

    def bind(self, address):
        pass

    def listen(self, backlog=1):
        pass

    def setblocking(self, flag):
        self.blocking = flag

    def settimeout(self, seconds):
        self.blocking = seconds != 0

    def connect(self, address):
        self.uart = _ask(f"ATD{address[0]}:{address[1]}\r", ECONNREFUSED)

    def accept(self):
        s = socket()
        s.uart = _ask("ATA\r", ECONNREFUSED)
        return s, ("127.0.0.1", 0)

    def readinto(self, buf):
        while True:
            n = self._uart().readinto(buf)
            if n is not None:
                return n
            if _hung_up and not self.uart.any():
                return 0
            if not self.blocking:
                return None
            time.sleep_ms(0)

    def write(self, data):
        data = memoryview(data)
        sent = 0
        while sent < len(data):
            n = self._uart().write(data[sent : sent + 256])
            if n is None and not self.blocking:
                return sent or None
            sent += n or 0
        return sent

    def _uart(self):
        if self.uart is None:
            raise OSError(EBADF)
        return self.uart

    def recv(self, size):
        data = bytearray(size)
        n = self.readinto(data)
        return None if n is None else bytes(data[:n])

    read = recv
    send = write
    sendall = write

    def ioctl(self, request, arg):
        if request == POLL:
            ready = POLL_WR
            if self.uart is None or _hung_up or self.uart.any():
                ready |= POLL_RD
            return ready & arg
        if request == CLOSE and self.uart is not None:
            self.uart = None
            hang_up()
        return 0

    def close(self):
        self.ioctl(CLOSE, 0)
