# SPDX-License-Identifier: MIT
"""What is measured: calls of on_board.py, and the rows of the table that are read from their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GCM256 = "TLS-ECDHE-{}-WITH-AES-256-GCM-SHA384"
CHAINS = {"p256": "P-256", "rsa": "RSA-2048"}
AUTHENTICATION = {"p256": "ECDSA", "rsa": "RSA"}
SUITES = {
    "aes256gcm": ("AES-256-GCM", "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"),
    "aes128gcm": ("AES-128-GCM", "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"),
    "aes128cbc": ("AES-128-CBC, SHA-256", "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256"),
    "chacha20": ("ChaCha20-Poly1305", "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"),
    "default": ("each one's own choice", None),
}

# Results of one boot: what each call gave, by the call.
Results = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One line of the table. `calls` are needed for it; `read` takes their results and gives the value in `unit`."""

    key: str
    group: str
    title: str
    unit: str
    calls: tuple[str, ...]
    read: Callable[[Results], float | None]


def call(function: str, *arguments: object) -> str:
    """The Python expression that is evaluated on the board."""
    return f"{function}({', '.join(map(repr, arguments))})"


def field(key: str, group: str, title: str, unit: str, expression: str, name: str) -> Row:
    """A row that is one field of one result; without a value where the result is None."""

    def read(results: Results) -> float | None:
        result = results[expression]
        return None if result is None else result[name]

    return Row(key, group, title, unit, (expression,), read)


def handshakes() -> Iterator[Row]:
    """A full handshake with verification, wrap_socket() included."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            suite = GCM256.format(AUTHENTICATION[chain])
            for choice, name, note in (("aes256gcm", suite, "AES-256-GCM"), ("default", None, "own choice of suite")):
                yield field(
                    f"handshake.{role}.{chain}.{choice}",
                    "Full handshake",
                    f"{role}, {label} chain, {note}",
                    "instructions",
                    call("handshake", role, chain, name),
                    "instructions",
                )


def resumptions() -> Iterator[Row]:
    """A handshake that goes on with an old session, by ticket; stock has none."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            title = f"{role}, {label} chain, own choice of suite"
            expression = call("resumed", role, chain)
            key = f"resumed.{role}.{chain}"
            yield field(key, "Resumed handshake", title, "instructions", expression, "instructions")


def stalls() -> Iterator[Row]:
    """How long a handshake holds up a loop: the longest call with sockets that do not block."""
    for role in ("client", "server"):
        for chain, label in {**CHAINS, "p384": "P-384"}.items():
            title = f"{role}, {label} chain, own choice of suite"
            expression, key = call("stall", role, chain), f"stall.{role}.{chain}"
            yield field(key, "Longest stall of a handshake", title, "instructions", expression, "longest")
    # Stock's server takes no chain that could be loaded here, so this one is OpenSSL's, on the host.
    expression, title = "stall_openssl('le')", "client, P-256 by P-384 by RSA-4096 (Let's Encrypt), OpenSSL's server"
    key = "openssl.stall.client.le"
    yield field(key, "Longest stall of a handshake", title, "instructions", expression, "longest")


def setups() -> Iterator[Row]:
    """Making a context and loading what belongs into it, once for many connections."""
    for role, what in (("client", "CA"), ("server", "certificate and key")):
        for chain, label in CHAINS.items():
            expression = call("setup", role, chain, None)
            title = f"{role}, load {label} {what}"
            yield field(f"setup.{role}.{chain}", "Context", title, "instructions", expression, "instructions")


def transfers() -> Iterator[Row]:
    """Bulk data on the client, in records of 4 KB."""
    for key, (label, suite) in SUITES.items():
        for direction, title in (("send", "sent"), ("receive", "received")):
            expression = call("transfer", "p256", suite)
            unit = "instructions/KB"
            yield field(f"transfer.{key}.{direction}", "Data", f"{title}, {label}", unit, expression, direction)


def heaps() -> Iterator[Row]:
    """The GC heap that a connection takes, context and socket together."""
    cases = [("client", "p256", True, "client, P-256 chain"), ("client", "rsa", True, "client, RSA-2048 chain")]
    cases += [("client", "p256", False, "client, P-256 chain, no CA loaded")]
    cases += [("server", "p256", True, "server, P-256 chain"), ("server", "rsa", True, "server, RSA-2048 chain")]
    for role, chain, verify, label in cases:
        prefix = f"heap.{role}.{chain}{'' if verify else '.unverified'}"
        expression = call("heap", role, chain, verify)
        for part, title, terms in (
            ("setup", "before the handshake", ("context", "wrapped")),
            ("peak", "peak in the handshake", ("context", "peak")),
            ("steady", "connected", ("context", "socket")),
        ):
            yield total(f"{prefix}.{part}", f"{label}: {title}", expression, terms)
        yield field(f"{prefix}.largest", "Heap", f"{label}: largest block", "bytes", expression, "largest")
        title = f"{label}: allocations in the handshake"
        yield field(f"{prefix}.allocations", "Heap", title, "allocations", expression, "allocations")


def total(key: str, title: str, expression: str, terms: tuple[str, ...]) -> Row:
    """A row of the heap that adds up fields of one result."""

    def read(results: Results) -> float:
        return sum(float(results[expression][term]) for term in terms)

    return Row(key, "Heap", title, "bytes", (expression,), read)


def bulks() -> Iterator[Row]:
    """A client that receives records of 16 KB, as ordinary servers send them."""
    for chain, label in CHAINS.items():
        loaded, expression = call("heap", "client", chain, True), f"bulk({chain!r})"
        title = f"client, {label} chain, records of 16 KB from OpenSSL"
        for part, what in (("peak", "peak"), ("steady", "after them")):

            def read(
                results: Results, part: str = part, loaded: str = loaded, expression: str = expression
            ) -> float | None:
                return float(results[loaded]["context"] + results[expression][part])

            yield Row(f"bulk.client.{chain}.{part}", "Heap", f"{title}: {what}", "bytes", (loaded, expression), read)
        yield field(
            f"bulk.client.{chain}.receive",
            "Data",
            f"received, {label} chain, OpenSSL's choice, records of 16 KB, TCP/IP included",
            "instructions/KB",
            expression,
            "receive",
        )


def stacks() -> Iterator[Row]:
    """The deepest point of the stack, counted from the Python function that calls."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            expression = call("stack", role, chain)
            for part, title in (("handshake", "handshake"), ("load", "loading certificates")):
                yield field(
                    f"stack.{role}.{chain}.{part}", "Stack", f"{role}, {label}: {title}", "bytes", expression, part
                )


def flash() -> Iterator[Row]:
    """What the image grows by, against the same image without TLS. "size()" is not a call: see images.py."""
    yield field("flash.tls", "Image", "flash: code and constants", "bytes", "size()", "flash")
    yield field("ram.tls", "Image", "static RAM", "bytes", "size()", "ram")


def hosts() -> Iterator[Row]:
    """Sessions with OpenSSL on the host. Its randomness makes these vary: mean values, with their spread."""
    for chain, label in CHAINS.items():
        expression = f"host({chain!r})"
        yield Row(
            f"openssl.client.{chain}",
            "Full handshake with OpenSSL on the host, TCP/IP included",
            f"client, {label} chain, OpenSSL's choice of suite",
            "instructions",
            (expression,),
            lambda results, expression=expression: mean(results[expression]["counts"]),  # type: ignore[misc]
        )


def mean(values: list[float]) -> float:
    """The arithmetic mean. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values to take the mean of")
    return sum(values) / len(values)


def all_rows() -> tuple[Row, ...]:
    """Every row, in the order of the table."""
    parts = (handshakes, resumptions, stalls, transfers, setups, heaps, bulks, stacks, flash, hosts)
    return tuple(row for part in parts for row in part())
