# SPDX-License-Identifier: MIT
"""A scripted TLS client. Steps that a script can change: ClientHello, ClientKeyExchange, ChangeCipherSpec, Finished,
data, close_notify; in TLS 1.3 also second ClientHello."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tlslite.constants import (  # type: ignore[import-untyped]
    CertificateType,
    CipherSuite,
    ExtensionType,
    HandshakeType,
    SignatureScheme,
)
from tlslite.extensions import (  # type: ignore[import-untyped]
    ClientKeyShareExtension,
    KeyShareEntry,
    PreSharedKeyExtension,
    PskIdentity,
    SignatureAlgorithmsExtension,
    SNIExtension,
    SupportedGroupsExtension,
    SupportedVersionsExtension,
)
from tlslite.keyexchange import AECDHKeyExchange, ECDHKeyExchange  # type: ignore[import-untyped]
from tlslite.messages import (  # type: ignore[import-untyped]
    Certificate,
    CertificateVerify,
    ChangeCipherSpec,
    ClientHello,
    ClientKeyExchange,
    EncryptedExtensions,
    Finished,
    NewSessionTicket1_0,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
)

from hil_tests.peers.scripted import (
    ANSWER,
    GCM,
    GCM_1_3,
    GREETING,
    HASH_SIZE,
    P256,
    TLS_1_2,
    TLS_1_3,
    Channel,
    Edits,
    Schedule,
    Seen,
    extension,
    master_secret,
)
from hil_tests.peers.wire import Wire

SHARE_SIZE = 56  # of x448
SCSV = CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV


@dataclass(frozen=True)
class ClientScript:
    """What a client does that is not as it should be; without arguments nothing.

    `extensions` are added to the ClientHello, in front of the others; `drops` are left out of it. `resumes`: the ticket
    of the connection before is offered. `share`: the group that TLS 1.3 brings a key for first.
    """

    version: tuple[int, int] = TLS_1_2
    suites: tuple[int, ...] = (GCM,)
    edits: Edits = field(default_factory=dict)
    extensions: Mapping[int, bytes] = field(default_factory=dict)
    drops: tuple[int, ...] = ()
    resumes: bool = False
    share: int = P256
    identity: bytes = b""


@dataclass
class Ticket:
    """What a client keeps of a connection of TLS 1.2 to resume it."""

    content: bytes = b""
    master: Any = None


class ScriptedClient:
    """Makes one connection. `ticket` is that of an earlier one, and is filled."""

    def __init__(self, wire: Wire, name: str, script: ClientScript, ticket: Ticket) -> None:
        self._channel = Channel(wire, script.edits, client=True)
        self._name = name
        self._script = script
        self._ticket = ticket

    @property
    def seen(self) -> Seen:
        """What came of it, so far."""
        return self._channel.seen

    def run(self) -> Seen:
        """From the ClientHello to the end of the connection."""
        shake_hands = self._handshake_1_2 if self._script.version == TLS_1_2 else self._handshake_1_3
        return self._channel.converse(shake_hands, ANSWER, GREETING)

    def _extensions(self, own: list[Any]) -> list[Any]:
        script = self._script
        added = [extension(kind, content) for kind, content in script.extensions.items()]
        return [*added, *(item for item in own if item.extType not in script.drops)]

    def _common(self) -> list[Any]:
        return [
            SNIExtension().create(bytearray(self._name.encode())),
            SupportedGroupsExtension().create([P256]),
            SignatureAlgorithmsExtension().create([SignatureScheme.ecdsa_secp256r1_sha256]),
        ]

    # TLS 1.2

    def _handshake_1_2(self) -> None:
        channel, script = self._channel, self._script
        hello = self._hello_1_2()
        channel.say("ClientHello", hello)
        reply = channel.message(ServerHello())
        channel.agree_1_2(reply)
        resumed = script.resumes and reply.session_id == hello.session_id
        master = self._ticket.master if resumed else self._full_handshake(hello, reply)
        channel.layer.calcPendingStates(reply.cipher_suite, master, hello.random, reply.random, ["python"])
        if not resumed:
            channel.send_finished_1_2(master, reply.cipher_suite)
        self._receive_finished(master, reply)
        if resumed:
            channel.send_finished_1_2(master, reply.cipher_suite)

    def _hello_1_2(self) -> Any:
        script = self._script
        own = [
            *self._common(),
            extension(ExtensionType.extended_master_secret),
            extension(ExtensionType.encrypt_then_mac),
            extension(ExtensionType.session_ticket, self._ticket.content if script.resumes else b""),
        ]
        session_id = secrets.token_bytes(32) if script.resumes else b""
        random = bytearray(secrets.token_bytes(32))
        hello = ClientHello().create(TLS_1_2, random, bytearray(session_id), [*script.suites, SCSV])
        hello.extensions = self._extensions(own)
        return hello

    def _full_handshake(self, hello: Any, reply: Any) -> Any:
        channel, suite = self._channel, reply.cipher_suite
        certificate = channel.message(Certificate(CertificateType.x509, TLS_1_2))
        parameters = channel.message(ServerKeyExchange(suite, TLS_1_2))
        channel.message(ServerHelloDone())
        exchange = AECDHKeyExchange(suite, hello, reply, [P256])
        key = certificate.cert_chain.getEndEntityPublicKey()
        secret = exchange.processServerKeyExchange(key, parameters)
        channel.say("ClientKeyExchange", ClientKeyExchange(suite, TLS_1_2).createECDH(exchange.ecdhYc))
        return master_secret(channel, suite, secret, hello, reply)

    def _receive_finished(self, master: Any, reply: Any) -> None:
        channel = self._channel
        if reply.getExtension(ExtensionType.session_ticket) is not None:
            given = channel.message(NewSessionTicket1_0())
            self._ticket.content, self._ticket.master = bytes(given.ticket), master
        channel.receive_finished_1_2()

    # TLS 1.3

    def _handshake_1_3(self) -> None:
        channel, script = self._channel, self._script
        exchange = ECDHKeyExchange(P256, TLS_1_3)
        private = exchange.get_random_private_key()
        own = KeyShareEntry().create(P256, bytearray(exchange.calc_public_value(private)))
        hello = self._hello_1_3(
            own if script.share == P256 else KeyShareEntry().create(script.share, bytearray(SHARE_SIZE))
        )
        channel.say("ClientHello", hello)
        if script.share != P256:
            self._answer_retry(hello, own)
        reply = channel.message(ServerHello())
        shared = exchange.calc_shared_key(
            private, reply.getExtension(ExtensionType.key_share).server_share.key_exchange
        )
        channel.layer.version = TLS_1_3
        channel.layer.tls13record = True
        schedule = Schedule(channel, reply.cipher_suite, shared)
        channel.say("ChangeCipherSpec", ChangeCipherSpec().create())
        schedule.use_handshake_keys()
        self._receive_authentication()
        schedule.derive_final()
        schedule.read_with_final_keys()
        channel.say("Finished", Finished(TLS_1_3, HASH_SIZE).create(schedule.finished(schedule.client)))
        schedule.write_with_final_keys()

    def _hello_1_3(self, share: Any) -> Any:
        own = [
            *self._common(),
            SupportedVersionsExtension().create([TLS_1_3]),
            ClientKeyShareExtension().create([share]),
        ]
        random, session_id = bytearray(secrets.token_bytes(32)), bytearray(secrets.token_bytes(32))
        suites = [GCM_1_3 if suite == GCM else suite for suite in self._script.suites]
        hello = ClientHello().create(TLS_1_2, random, session_id, suites)
        hello.extensions = self._extensions(own)
        if self._script.identity:
            entry = PskIdentity().create(bytearray(self._script.identity), 0)
            hello.extensions.append(PreSharedKeyExtension().create([entry], [bytearray(32)]))
        if self._script.share != P256:
            groups = hello.getExtension(ExtensionType.supported_groups)
            groups.groups = [self._script.share, P256]
        return hello

    def _answer_retry(self, hello: Any, share: Any) -> None:
        channel = self._channel
        channel.forget_first_hello()
        channel.message(ServerHello())
        hello.getExtension(ExtensionType.key_share).client_shares = [share]
        channel.say("second ClientHello", hello)

    def _receive_authentication(self) -> None:
        channel = self._channel
        channel.message(EncryptedExtensions())
        assert channel.next_is(HandshakeType.certificate), "a CertificateRequest is not understood"
        channel.message(Certificate(CertificateType.x509, TLS_1_3))
        channel.message(CertificateVerify(TLS_1_3))
        channel.message(Finished(TLS_1_3, HASH_SIZE))
