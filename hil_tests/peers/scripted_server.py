# SPDX-License-Identifier: MIT
"""A scripted TLS server. Steps that a script can change: hello_request, ServerHello, Certificate, ServerKeyExchange,
ServerHelloDone, NewSessionTicket, ChangeCipherSpec, Finished, data, close_notify; in TLS 1.3 HelloRetryRequest,
EncryptedExtensions and CertificateVerify, too."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tlslite.constants import (  # type: ignore[import-untyped]
    TLS_1_3_HRR,
    CertificateType,
    ExtensionType,
    SignatureScheme,
)
from tlslite.extensions import (  # type: ignore[import-untyped]
    HRRKeyShareExtension,
    KeyShareEntry,
    RenegotiationInfoExtension,
    ServerKeyShareExtension,
    SrvSupportedVersionsExtension,
)
from tlslite.keyexchange import (  # type: ignore[import-untyped]
    AECDHKeyExchange,
    ECDHE_RSAKeyExchange,
    ECDHKeyExchange,
    KeyExchange,
)
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
)

from hil_tests.certificates import Identity
from hil_tests.peers.scripted import (
    ANSWER,
    CBC,
    GCM,
    GREETING,
    HASH_SIZE,
    P256,
    TLS_1_2,
    TLS_1_3,
    Channel,
    Edits,
    Schedule,
    Seen,
    Touch,
    extension,
    master_secret,
)
from hil_tests.peers.tlslite_ng import chain_and_key
from hil_tests.peers.wire import Wire


@dataclass(frozen=True)
class ServerScript:
    """What a server does that is not as it should be; without arguments nothing.

    `parameters` changes a ServerKeyExchange before it is signed with ECDSA and the hash `signature`; `key_share` the
    public key of TLS 1.3. `retries`: groups that HelloRetryRequests ask for, 0: the one that is there. `ticket`: one is
    given (TLS 1.2), and recognised. `extensions`: more of them, in the ServerHello or the EncryptedExtensions.
    """

    version: tuple[int, int] = TLS_1_2
    suite: int = GCM
    edits: Edits = field(default_factory=dict)
    parameters: Touch | None = None
    signature: str = "sha256"
    key_share: Touch | None = None
    retries: tuple[int, ...] = ()
    ticket: bytes = b""
    extensions: Mapping[int, bytes] = field(default_factory=dict)


class ScriptedServer:
    """Serves one connection. `masters` are the secrets of tickets that were given before; it is added to."""

    def __init__(self, wire: Wire, identity: Identity, script: ServerScript, masters: dict[bytes, Any]) -> None:
        self._channel = Channel(wire, script.edits, client=False)
        self._script = script
        self._masters = masters
        self._chain, self._key = chain_and_key(identity)

    @property
    def seen(self) -> Seen:
        """What came of it, so far."""
        return self._channel.seen

    def run(self) -> Seen:
        """From the ClientHello to the end of the connection."""
        return self._channel.converse(self._handshake, GREETING, ANSWER)

    def _handshake(self) -> None:
        hello = self._channel.message(ClientHello())
        if self._script.version == TLS_1_2:
            self._handshake_1_2(hello)
        else:
            self._handshake_1_3(hello)

    # TLS 1.2

    def _handshake_1_2(self, hello: Any) -> None:
        channel, script = self._channel, self._script
        channel.say("hello_request")
        master = self._masters.get(bytes(_extension_content(hello, ExtensionType.session_ticket)))
        reply = self._hello_1_2(hello, resumed=master is not None)
        channel.say("ServerHello", reply)
        channel.agree_1_2(reply)
        resumed = master is not None
        if not resumed:
            master = self._full_handshake(hello, reply)
        channel.layer.calcPendingStates(script.suite, master, hello.random, reply.random, ["python"])
        if not resumed:
            channel.receive_finished_1_2()
        self._finish_1_2(master)
        if resumed:
            channel.receive_finished_1_2()

    def _hello_1_2(self, hello: Any, *, resumed: bool) -> Any:
        offered = {item.extType for item in hello.extensions}
        extensions = [RenegotiationInfoExtension().create(bytearray())]
        extensions += [extension(kind, content) for kind, content in self._script.extensions.items()]
        if ExtensionType.extended_master_secret in offered:
            extensions.append(extension(ExtensionType.extended_master_secret))
        if ExtensionType.encrypt_then_mac in offered and self._script.suite == CBC:
            extensions.append(extension(ExtensionType.encrypt_then_mac))
        if self._script.ticket and not resumed:
            extensions.append(extension(ExtensionType.session_ticket))
        session_id = hello.session_id if resumed else bytearray()
        random = bytearray(secrets.token_bytes(32))
        return ServerHello().create(TLS_1_2, random, session_id, self._script.suite, extensions=extensions)

    def _full_handshake(self, hello: Any, reply: Any) -> Any:
        channel, script = self._channel, self._script
        channel.say("Certificate", Certificate(CertificateType.x509, TLS_1_2).create(self._chain))
        exchange = ECDHE_RSAKeyExchange(script.suite, hello, reply, self._key, [P256])
        message = AECDHKeyExchange.makeServerKeyExchange(exchange)
        if script.parameters:
            script.parameters(message)
        exchange.signServerKeyExchange(message, script.signature)
        channel.say("ServerKeyExchange", message)
        channel.say("ServerHelloDone", ServerHelloDone().create())
        secret = exchange.processClientKeyExchange(channel.message(ClientKeyExchange(script.suite, TLS_1_2)))
        return master_secret(channel, script.suite, secret, hello, reply)

    def _finish_1_2(self, master: Any) -> None:
        channel, script = self._channel, self._script
        if script.ticket and script.ticket not in self._masters:
            self._masters[script.ticket] = master
            channel.say("NewSessionTicket", NewSessionTicket1_0().create(3600, bytearray(script.ticket)))
        channel.send_finished_1_2(master, script.suite)

    # TLS 1.3

    def _handshake_1_3(self, hello: Any) -> None:
        channel, script = self._channel, self._script
        channel.layer.version = TLS_1_3
        for group in script.retries:
            hello = self._retry(hello, group or _first_share(hello).group)
        theirs = _first_share(hello)
        exchange = ECDHKeyExchange(theirs.group, TLS_1_3)
        private = exchange.get_random_private_key()
        share = KeyShareEntry().create(theirs.group, bytearray(exchange.calc_public_value(private)))
        shared = exchange.calc_shared_key(private, theirs.key_exchange)
        if script.key_share:
            script.key_share(share)
        channel.say("ServerHello", self._hello_1_3(hello, ServerKeyShareExtension().create(share)))
        channel.layer.tls13record = True
        schedule = Schedule(channel, script.suite, shared)
        channel.say("ChangeCipherSpec", ChangeCipherSpec().create())
        schedule.use_handshake_keys()
        self._authenticate(schedule)
        schedule.derive_final()
        schedule.write_with_final_keys()
        channel.message(Finished(TLS_1_3, HASH_SIZE))
        schedule.read_with_final_keys()
        channel.say("NewSessionTicket")

    def _retry(self, hello: Any, group: int) -> Any:
        channel = self._channel
        channel.forget_first_hello()
        request = self._hello_1_3(hello, HRRKeyShareExtension().create(group))
        request.random = TLS_1_3_HRR
        channel.say("HelloRetryRequest", request)
        return channel.message(ClientHello())

    def _hello_1_3(self, hello: Any, share: Any) -> Any:
        random = bytearray(secrets.token_bytes(32))
        extensions = [SrvSupportedVersionsExtension().create(TLS_1_3), share]
        return ServerHello().create(TLS_1_2, random, hello.session_id, self._script.suite, extensions=extensions)

    def _authenticate(self, schedule: Schedule) -> None:
        channel = self._channel
        extensions = [extension(kind, content) for kind, content in self._script.extensions.items()]
        channel.say("EncryptedExtensions", EncryptedExtensions().create(extensions))
        channel.say("Certificate", Certificate(CertificateType.x509, TLS_1_3).create(self._chain))
        scheme = SignatureScheme.ecdsa_secp256r1_sha256
        covered = KeyExchange.calcVerifyBytes(
            TLS_1_3, channel.transcript, scheme, None, None, None, "sha256", b"server"
        )
        signature = self._key.sign(covered, None, "sha256", None)
        channel.say("CertificateVerify", CertificateVerify(TLS_1_3).create(signature, scheme))
        channel.say("Finished", Finished(TLS_1_3, HASH_SIZE).create(schedule.finished(schedule.server)))


def _first_share(hello: Any) -> Any:
    """Of the keys that a client of TLS 1.3 brings."""
    return hello.getExtension(ExtensionType.key_share).client_shares[0]


def _extension_content(hello: Any, kind: int) -> bytes:
    """Of the extension, or nothing."""
    found = hello.getExtension(kind)
    return bytes(found.extData) if found is not None else b""
