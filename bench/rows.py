# SPDX-License-Identifier: MIT
"""What is measured: calls of on_board.py, and the rows of the table that are read from their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

P256 = {"p256": "P-256"}
CHAINS = {**P256, "rsa": "RSA-2048"}
GCM256 = {
    "p256": "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
    "rsa": "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
}
SUITES = {
    "aes256gcm": ("AES-256-GCM", "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"),
    "aes128gcm": ("AES-128-GCM", "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"),
    "aes128cbc": ("AES-128-CBC, SHA-256", "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256"),
    "chacha20": ("ChaCha20-Poly1305", "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"),
    "default": ("each one's own choice", None),
}
SUITES_1_3 = {
    "aes256gcm": ("AES-256-GCM", "TLS1-3-AES-256-GCM-SHA384"),
    "aes128gcm": ("AES-128-GCM", "TLS1-3-AES-128-GCM-SHA256"),
    "default": ("own choice", None),
}

# Results of one boot: what each call gave, by the call.
Results = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """What sessions speak. The keys of their rows have `prefix`, their calls a function of on_board.py around them."""

    name: str
    suites: Mapping[str, tuple[str, str | None]]
    prefix: str = ""
    wrapper: str | None = None

    def call(self, function: str, *arguments: object) -> str:
        """The Python expression that is evaluated on the board."""
        expression = f"{function}({', '.join(map(repr, arguments))})"
        return f"{self.wrapper}(lambda: {expression})" if self.wrapper else expression


TLS12 = Version("TLS 1.2", SUITES)
TLS13 = Version("TLS 1.3", SUITES_1_3, "tls13.", "tls13")
# The client is as a program gets it and offers 1.3, too; its server has 1.2.
UNTOLD = Version("TLS 1.2", SUITES, "untold.", "untold")


@dataclass(frozen=True)
class Row:
    """One line of the table. `calls` are needed for it; `read` takes their results and gives the value in `unit`."""

    key: str
    group: str
    title: str
    unit: str
    calls: tuple[str, ...]
    read: Callable[[Results], float | None]


def field(key: str, group: str, title: str, unit: str, expression: str, name: str) -> Row:
    """A row that is one field of one result; without a value where the result is None."""

    def read(results: Results) -> float | None:
        result = results[expression]
        return None if result is None else result[name]

    return Row(key, group, title, unit, (expression,), read)


def handshakes(version: Version) -> Iterator[Row]:
    """A full handshake with verification, wrap_socket() included."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            yield handshake(version, role, chain, f"{role}, {label} chain, own choice of suite")


def handshake(version: Version, role: str, chain: str, title: str, choice: str = "default") -> Row:
    """One of them; with "aes256gcm" as `choice` that suite alone is offered."""
    expression = version.call("handshake", role, chain, None if choice == "default" else GCM256[chain])
    key = f"{version.prefix}handshake.{role}.{chain}.{choice}"
    return field(key, f"Full handshake, {version.name}", title, "instructions", expression, "instructions")


def handshakes_with_gcm() -> Iterator[Row]:
    """The same suite for both."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            yield handshake(TLS12, role, chain, f"{role}, {label} chain, AES-256-GCM", "aes256gcm")


def untold_handshake() -> Iterator[Row]:
    """What the offer of TLS 1.3 costs where it is not taken."""
    yield handshake(UNTOLD, "client", "p256", "client as it is made, P-256 chain, server of TLS 1.2")


def resumptions(version: Version, chains: Mapping[str, str]) -> Iterator[Row]:
    """A handshake that goes on with an old session, by ticket; stock has none."""
    for role in ("client", "server"):
        for chain, label in chains.items():
            title = f"{role}, {label} chain, own choice of suite"
            expression = version.call("resumed", role, chain)
            key = f"{version.prefix}resumed.{role}.{chain}"
            yield field(key, f"Resumed handshake, {version.name}", title, "instructions", expression, "instructions")


def stall_group(version: Version) -> str:
    """The heading of these rows."""
    return f"Longest stall of a handshake, {version.name}"


def stalls(version: Version) -> Iterator[Row]:
    """How long a handshake holds up a loop: the longest call with sockets that do not block."""
    for role in ("client", "server"):
        for chain, label in {**CHAINS, "p384": "P-384"}.items():
            title = f"{role}, {label} chain, own choice of suite"
            expression, key = version.call("stall", role, chain), f"{version.prefix}stall.{role}.{chain}"
            yield field(key, stall_group(version), title, "instructions", expression, "longest")


def stall_with_openssl() -> Iterator[Row]:
    """Stock's server takes no such chain that could be loaded here, so its server is OpenSSL's, on the host."""
    title = "client, P-256 by P-384 by RSA-4096 (Let's Encrypt), OpenSSL's server"
    expression = TLS12.call("stall_openssl", "le")
    yield field("openssl.stall.client.le", stall_group(TLS12), title, "instructions", expression, "longest")


def setups() -> Iterator[Row]:
    """Making a context and loading what belongs into it, once for many connections."""
    for role, what in (("client", "CA"), ("server", "certificate and key")):
        for chain, label in CHAINS.items():
            expression = TLS12.call("setup", role, chain, None)
            title = f"{role}, load {label} {what}"
            yield field(f"setup.{role}.{chain}", "Context", title, "instructions", expression, "instructions")


def transfers(version: Version) -> Iterator[Row]:
    """Bulk data on the client, in records of 4 KB."""
    for suite_key, (label, suite) in version.suites.items():
        for direction, title in (("send", "sent"), ("receive", "received")):
            expression = version.call("transfer", "p256", suite)
            key, group = f"{version.prefix}transfer.{suite_key}.{direction}", f"Data, {version.name}"
            yield field(key, group, f"{title}, {label}", "instructions/KB", expression, direction)


def heaps(version: Version) -> Iterator[Row]:
    """The GC heap that a connection takes, context and socket together."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            yield from heap(version, role, chain, f"{role}, {label} chain")


def more_heaps() -> Iterator[Row]:
    """What else a program may do with a client."""
    yield from heap(TLS12, "client", "p256", "client, P-256 chain, no CA loaded", verify=False)
    yield from heap(UNTOLD, "client", "p256", "client as it is made, P-256 chain, server of TLS 1.2")


def heap(version: Version, role: str, chain: str, label: str, *, verify: bool = True) -> Iterator[Row]:
    """The rows of one connection."""
    group, prefix = f"Heap, {version.name}", f"{version.prefix}heap.{role}.{chain}{'' if verify else '.unverified'}"
    expression = version.call("heap", role, chain, verify)
    for part, title, terms in (
        ("setup", "before the handshake", ("context", "wrapped")),
        ("peak", "peak in the handshake", ("context", "peak")),
        ("steady", "connected", ("context", "socket")),
    ):
        yield total(f"{prefix}.{part}", group, f"{label}: {title}", [(expression, term) for term in terms])
    yield field(f"{prefix}.largest", group, f"{label}: largest block", "bytes", expression, "largest")
    title = f"{label}: allocations in the handshake"
    yield field(f"{prefix}.allocations", group, title, "allocations", expression, "allocations")


def total(key: str, group: str, title: str, terms: list[tuple[str, str]]) -> Row:
    """A row of the heap that adds up fields of results; without a value where one of them is None."""

    def read(results: Results) -> float | None:
        if any(results[expression] is None for expression, _ in terms):
            return None
        return sum(float(results[expression][name]) for expression, name in terms)

    return Row(key, group, title, "bytes", tuple(dict.fromkeys(expression for expression, _ in terms)), read)


def bulks(version: Version) -> Iterator[Row]:
    """A client that receives records of 16 KB, as ordinary servers send them."""
    for chain, label in CHAINS.items():
        loaded, expression = version.call("heap", "client", chain, True), version.call("bulk", chain)
        title, prefix = f"client, {label} chain, records of 16 KB from OpenSSL", f"{version.prefix}bulk.client.{chain}"
        for part, what in (("peak", "peak"), ("steady", "after them")):
            terms = [(loaded, "context"), (expression, part)]
            yield total(f"{prefix}.{part}", f"Heap, {version.name}", f"{title}: {what}", terms)
        yield field(
            f"{prefix}.receive",
            f"Data, {version.name}",
            f"received, {label} chain, OpenSSL's choice, records of 16 KB, TCP/IP included",
            "instructions/KB",
            expression,
            "receive",
        )


def stacks(version: Version, chains: Mapping[str, str]) -> Iterator[Row]:
    """The deepest point of the stack in a handshake, counted from the Python function that calls."""
    for role in ("client", "server"):
        for chain, label in chains.items():
            expression, key = version.call("stack", role, chain), f"{version.prefix}stack.{role}.{chain}.handshake"
            title = f"{role}, {label}: handshake of {version.name}"
            yield field(key, "Stack", title, "bytes", expression, "handshake")


def stacks_of_loading() -> Iterator[Row]:
    """The same while certificates and key are loaded."""
    for role in ("client", "server"):
        for chain, label in CHAINS.items():
            title, expression = f"{role}, {label}: loading certificates", TLS12.call("stack", role, chain)
            yield field(f"stack.{role}.{chain}.load", "Stack", title, "bytes", expression, "load")


def flash() -> Iterator[Row]:
    """What the image grows by, against the same image without TLS. The expressions are no calls: see measure.py."""
    for key, title, expression in (
        ("tls", "as it is built", "size()"),
        ("plain", "without TLS 1.3 and PSK, which stock has not", "size_plain()"),
    ):
        yield field(f"flash.{key}", "Image", f"flash, {title}: code and constants", "bytes", expression, "flash")
    yield field("ram.tls", "Image", "static RAM", "bytes", "size()", "ram")


def hosts(version: Version) -> Iterator[Row]:
    """Sessions with OpenSSL on the host. Its randomness makes these vary: mean values, with their spread."""
    for chain, label in CHAINS.items():
        yield field(
            f"openssl.{version.prefix}client.{chain}",
            "Full handshake with OpenSSL on the host, TCP/IP included",
            f"client, {label} chain, {version.name}, OpenSSL's choice of suite",
            "instructions",
            version.call("host", chain),
            "instructions",
        )


def all_rows() -> tuple[Row, ...]:
    """Every row, in the order of the table: those of a group one after the other."""
    rows = (
        *handshakes(TLS12),
        *handshakes_with_gcm(),
        *untold_handshake(),
        *handshakes(TLS13),
        *resumptions(TLS12, CHAINS),
        *resumptions(TLS13, P256),
        *stalls(TLS12),
        *stall_with_openssl(),
        *stalls(TLS13),
        *transfers(TLS12),
        *transfers(TLS13),
        *setups(),
        *heaps(TLS12),
        *more_heaps(),
        *heaps(TLS13),
        *bulks(TLS12),
        *bulks(TLS13),
        *stacks(TLS12, CHAINS),
        *stacks(TLS13, P256),
        *stacks_of_loading(),
        *flash(),
        *hosts(TLS12),
        *hosts(TLS13),
    )
    groups = list(dict.fromkeys(row.group for row in rows))
    return tuple(sorted(rows, key=lambda row: groups.index(row.group)))
