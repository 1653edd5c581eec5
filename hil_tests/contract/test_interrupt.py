# SPDX-License-Identifier: MIT
"""Ctrl-C while a connection waits: the program gets its KeyboardInterrupt, and the board and the connection live on."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests import peers
from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script
from hil_tests.process import child_command

DIAL = """
import socket
s = socket.socket()
s.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
context = client_context((0, 0, CA))
"""
# Long enough that the board is inside the blocking call, which cannot be seen from outside.
INSIDE_SECONDS = 0.2


@pytest.mark.requires("network")
def test_ctrl_c_ends_a_blocking_handshake(
    script: Script, authority: Authority, raw_server: Callable[..., peers.RawServer]
) -> None:
    arrived = threading.Event()

    def hang(wire: peers.Wire) -> None:
        while wire.receive():
            arrived.set()

    server = raw_server(hang, patience=10)
    code = DIAL + "context.wrap_socket(s, server_hostname=NAME)"
    running = script.start(code, **server.values(script.board, authority.p256))
    assert arrived.wait(script.board.seconds(10)), "no ClientHello came"
    running.interrupt()
    assert running.wait(5, check=False).error.rstrip().endswith("KeyboardInterrupt:")
    server.finished(timeout=5)  # the connection was closed
    assert script("print(works(client_context(ID), server_context(ID)))", ID=authority.p256) == ["True"]


def test_ctrl_c_ends_a_handshake_over_a_stream_that_is_no_socket(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    waiting = []
    def peer():
        if not waiting:
            waiting.append(print("waiting"))
    client_context(ID).wrap_socket(PlainEnd(ends[0], peer), server_hostname="server.test")
    """
    running = script.start(code, ID=authority.p256)
    running.expect("waiting")
    running.interrupt()
    assert "KeyboardInterrupt" in running.wait(5, check=False).error
    assert script("print(works(client_context(ID), server_context(ID)))", ID=authority.p256) == ["True"]


def test_a_connection_survives_ctrl_c_in_a_read(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    go_on = threading.Event()

    def late(session: peers.Session) -> None:
        assert go_on.wait(script.board.seconds(10))
        session.write(b"hello")
        session.write(session.read_exactly(5))
        session.shutdown()

    server = tls_server(authority.p256, late, maximum="1.2")
    code = (
        DIAL
        + """
t = context.wrap_socket(s, server_hostname=NAME)
try:
    print("reading")
    print(t.read(5))
except KeyboardInterrupt:
    print("interrupted")
print(t.read(5), t.write(b"world"), t.read(5), t.read(5))
t.close()
"""
    )
    running = script.start(code, **server.values(script.board))
    running.expect("reading")
    time.sleep(INSIDE_SECONDS)
    running.interrupt()
    running.expect("interrupted", timeout=5)
    go_on.set()
    assert running.wait(10).lines[-1] == "b'hello' 5 b'world' b''"
    assert server.session().closed_cleanly


def test_ctrl_c_ends_a_blocking_write(
    script: Script, authority: Authority, tls_server: Callable[..., peers.TlsServer]
) -> None:
    go_on = threading.Event()

    def deaf(session: peers.Session) -> None:
        assert go_on.wait(script.board.seconds(20))

    server = tls_server(authority.p256, deaf, maximum="1.2")
    code = (
        DIAL
        + """
t = context.wrap_socket(s, server_hostname=NAME)
block = bytes(4096)
t.setblocking(False)
while t.write(block):
    pass
t.setblocking(True)
print("buffers are full")
while True:
    t.write(block)
"""
    )
    running = script.start(code, **server.values(script.board))
    running.expect("buffers are full")
    time.sleep(INSIDE_SECONDS)
    running.interrupt()
    assert "KeyboardInterrupt" in running.wait(5, check=False).error
    go_on.set()
    assert script("print(works(client_context(ID), server_context(ID)))", ID=authority.p256) == ["True"]


def test_ctrl_c_in_the_middle_of_a_record_loses_nothing(script: Script, authority: Authority) -> None:
    code = """
    ends = pipe()
    c, s = connect(client_context(ID), server_context(ID), ends=ends)
    s.write(b"0123456789")
    record, ends[0].inbox = ends[0].inbox, bytearray()
    def hook(operation):
        if operation == "read" and not ends[0].inbox:
            raise KeyboardInterrupt
    ends[0].hook = hook
    for i in range(len(record)):
        try:
            c.read(10)
            print("no interrupt at", i)
        except KeyboardInterrupt:
            pass
        ends[0].inbox.extend(record[i : i + 1])
    ends[0].hook = None
    print(c.read(10), talks(c, s))
    """
    assert script(code, ID=authority.p256) == ["b'0123456789' True"]


THREADS = """
import _thread, time
_thread.start_new_thread(time.sleep, (60,))
print("waiting")
time.sleep(60)
"""


def signal_thread(process: int, thread: int, number: signal.Signals) -> None:
    """Send a signal to one thread of another process, which os.kill() cannot: the kernel chooses a thread."""
    if ctypes.CDLL(None, use_errno=True).tgkill(process, thread, number):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@pytest.mark.requires("threads")
def test_ctrl_c_that_interrupts_no_system_call_is_not_missed(script: Script) -> None:
    command = child_command([str(script.board.image), "-c", THREADS])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None and program.stdout.readline() == b"waiting\n"
        time.sleep(INSIDE_SECONDS)
        (other,) = {int(task.name) for task in Path(f"/proc/{program.pid}/task").iterdir()} - {program.pid}
        signal_thread(program.pid, other, signal.SIGINT)
        try:
            _, error = program.communicate(timeout=script.board.seconds(10))
        except subprocess.TimeoutExpired:
            program.kill()
            raise
    assert error.decode().rstrip().endswith("KeyboardInterrupt:")
