# SPDX-License-Identifier: MIT
"""The other end of a board's TLS connections, on OpenSSL."""

from __future__ import annotations

from hil_tests.peers.behaviours import (
    Behaviour,
    RawBehaviour,
    answer,
    echo,
    garbage,
    half_close,
    hang,
    http,
    pattern,
    reset,
    silent,
    sink,
    source,
    truncate,
    truncated_record,
)
from hil_tests.peers.client import TlsClient
from hil_tests.peers.commands import OpensslClient, OpensslServer, curl, openssl_client
from hil_tests.peers.datagrams import DatagramRelay
from hil_tests.peers.server import RawServer, TlsServer
from hil_tests.peers.session import Session
from hil_tests.peers.wire import Wire
from hil_tests.process import CommandResult, run_command

__all__ = [
    "Behaviour",
    "CommandResult",
    "DatagramRelay",
    "OpensslClient",
    "OpensslServer",
    "RawBehaviour",
    "RawServer",
    "Session",
    "TlsClient",
    "TlsServer",
    "Wire",
    "answer",
    "curl",
    "echo",
    "garbage",
    "half_close",
    "hang",
    "http",
    "openssl_client",
    "pattern",
    "reset",
    "run_command",
    "silent",
    "sink",
    "source",
    "truncate",
    "truncated_record",
]
