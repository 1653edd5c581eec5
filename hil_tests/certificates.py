# SPDX-License-Identifier: MIT
"""A certificate authority made for one run: roots, intermediates, leaves, and the ones that must be refused.

Nothing here outlives the run: keys are made fresh and files go to the run's own folder, readable by the owner only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "server.test"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_ENCODINGS = {"PEM": serialization.Encoding.PEM, "DER": serialization.Encoding.DER}
_FORMS = {
    "pkcs8": serialization.PrivateFormat.PKCS8,
    "traditional": serialization.PrivateFormat.TraditionalOpenSSL,
}


def make_key(kind: str) -> PrivateKey:
    """A fresh key: "rsa" (2048 bits), "rsa4096", "p256" or "p384". Raises ValueError for anything else."""
    if kind in ("rsa", "rsa4096"):
        return rsa.generate_private_key(public_exponent=65537, key_size=4096 if kind == "rsa4096" else 2048)
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    raise ValueError(f"unknown kind of key {kind!r}: rsa, rsa4096, p256, p384")


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, its chain and the root that it hangs on. Files are made on the first use."""

    name: str
    chain: tuple[x509.Certificate, ...]
    root: x509.Certificate
    private_key: PrivateKey = field(repr=False)
    folder: Path

    @property
    def certificate_pem(self) -> bytes:
        """The leaf."""
        return self.chain[0].public_bytes(serialization.Encoding.PEM)

    @property
    def certificate_der(self) -> bytes:
        """The leaf."""
        return self.chain[0].public_bytes(serialization.Encoding.DER)

    @property
    def chain_pem(self) -> bytes:
        """The leaf and its intermediates, leaf first, without the root."""
        return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in self.chain)

    @property
    def chain_der(self) -> bytes:
        """The same, concatenated."""
        return b"".join(item.public_bytes(serialization.Encoding.DER) for item in self.chain)

    @property
    def root_pem(self) -> bytes:
        """What the other end has to trust."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    @property
    def root_der(self) -> bytes:
        """What the other end has to trust."""
        return self.root.public_bytes(serialization.Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf, hex."""
        return self.chain[0].fingerprint(hashes.SHA256()).hex()

    def key(self, form: str = "pkcs8", encoding: str = "PEM", password: bytes | None = None) -> bytes:
        """The private key. `form` is "pkcs8" or "traditional": PKCS#1 for RSA, SEC1 for EC; `encoding` "PEM" or "DER".

        Raises KeyError for other words, ValueError when that form cannot be encrypted (traditional DER).
        """
        protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return self.private_key.private_bytes(_ENCODINGS[encoding], _FORMS[form], protection)

    def key_pem(self) -> bytes:
        """PKCS#8 in PEM."""
        return self.key()

    def key_der(self) -> bytes:
        """PKCS#8 in DER."""
        return self.key(encoding="DER")

    @property
    def chain_file(self) -> Path:
        """`chain_pem` in a file."""
        return self._file("chain.pem", self.chain_pem)

    @property
    def key_file(self) -> Path:
        """`key_pem()` in a file."""
        return self._file("key.pem", self.key_pem())

    @property
    def root_file(self) -> Path:
        """`root_pem` in a file."""
        return self._file("root.pem", self.root_pem)

    def _file(self, suffix: str, data: bytes) -> Path:
        path = self.folder / f"{self.fingerprint[:16]}.{suffix}"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(data)
        return path


@dataclass(frozen=True)
class _Issuer:
    certificate: x509.Certificate
    private_key: PrivateKey = field(repr=False)


class Authority:
    """Issues identities under roots that exist only in this run. Equal requests give the same identity.

    `now` is the middle of all validity periods: the time of the run.
    """

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self._issued: dict[tuple[object, ...], Identity] = {}
        self._issuers: dict[tuple[str, str, int], _Issuer] = {}

    def issue(
        self,
        kind: str = "p256",
        names: Sequence[str] = (SERVER_NAME,),
        addresses: Sequence[str] = (),
        *,
        days: tuple[float, float] = (-1, 30),
        depth: int = 0,
        client: bool = False,
        root: str = "main",
    ) -> Identity:
        """An identity: key of `kind`, DNS `names`, IP `addresses`, valid from days[0] to days[1] after now.

        `depth` is the number of intermediates; `client` is the only extended key usage that makes a client certificate;
        identities with another `root` are strangers to each other.
        """
        request = (kind, tuple(names), tuple(addresses), days, depth, client, root)
        if request not in self._issued:
            self._issued[request] = self._make(kind, names, addresses, days, depth, client, root)
        return self._issued[request]

    def _make(
        self,
        kind: str,
        names: Sequence[str],
        addresses: Sequence[str],
        days: tuple[float, float],
        depth: int,
        client: bool,
        root: str,
    ) -> Identity:
        issuers = [self._issuer(kind, root, level) for level in range(depth + 1)]
        key = make_key(kind)
        name = names[0] if names else addresses[0]
        builder = self._builder(name, issuers[-1].certificate.subject, key, days)
        builder = _add_leaf_extensions(builder, names, addresses, client)
        leaf = _sign(builder, key, issuers[-1])
        intermediates = tuple(issuer.certificate for issuer in reversed(issuers[1:]))
        return Identity(name, (leaf, *intermediates), issuers[0].certificate, key, self.folder)

    def _issuer(self, kind: str, root: str, level: int) -> _Issuer:
        if (kind, root, level) in self._issuers:
            return self._issuers[kind, root, level]
        key = make_key(kind)
        parent = self._issuer(kind, root, level - 1) if level else None
        title = f"{root} {kind} " + (f"intermediate {level}" if level else "root")
        subject = _name(title)
        builder = self._builder(title, parent.certificate.subject if parent else subject, key, (-365, 3650))
        builder = _add_issuer_extensions(builder)
        issuer = _Issuer(_sign(builder, key, parent), key)
        self._issuers[kind, root, level] = issuer
        return issuer

    def _builder(
        self, title: str, issuer: x509.Name, key: PrivateKey, days: tuple[float, float]
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(title))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=days[0]))
            .not_valid_after(self.now + timedelta(days=days[1]))
        )

    # The ones that tests ask for most

    @property
    def rsa(self) -> Identity:
        """RSA-2048."""
        return self.issue("rsa")

    @property
    def p256(self) -> Identity:
        """ECDSA P-256."""
        return self.issue("p256")

    @property
    def p384(self) -> Identity:
        """ECDSA P-384."""
        return self.issue("p384")

    @property
    def intermediate(self) -> Identity:
        """P-256 with one intermediate, which the peer sends along."""
        return self.issue("p256", depth=1)

    @property
    def expired(self) -> Identity:
        """Valid until yesterday."""
        return self.issue("p256", days=(-30, -1))

    @property
    def not_yet_valid(self) -> Identity:
        """Valid from tomorrow."""
        return self.issue("p256", days=(1, 30))

    @property
    def wildcard(self) -> Identity:
        """For *.wild.test."""
        return self.issue("p256", names=("*.wild.test",))

    @property
    def address(self) -> Identity:
        """For the two addresses of the host: 127.0.0.1, and 10.0.2.2 from inside QEMU. No DNS name."""
        return self.issue("p256", names=(), addresses=("127.0.0.1", "10.0.2.2"))

    @property
    def client(self) -> Identity:
        """A P-256 client certificate under the same root as `p256`."""
        return self.issue("p256", names=("client.test",), client=True)

    @property
    def rsa_client(self) -> Identity:
        """An RSA client certificate under the same root as `rsa`."""
        return self.issue("rsa", names=("client.test",), client=True)

    @property
    def expired_client(self) -> Identity:
        """A client certificate that ended yesterday."""
        return self.issue("p256", names=("client.test",), days=(-30, -1), client=True)

    @property
    def stranger(self) -> Identity:
        """For server.test too, but under a root that nobody here trusts."""
        return self.issue("p256", root="stranger")

    @property
    def stranger_client(self) -> Identity:
        """A client certificate under that root."""
        return self.issue("p256", names=("client.test",), client=True, root="stranger")

    @cached_property
    def self_signed(self) -> Identity:
        """A leaf (no authority) that signed itself; its `root` is itself."""
        key = make_key("p256")
        builder = self._builder(SERVER_NAME, _name(SERVER_NAME), key, (-1, 30))
        certificate = _sign(_add_leaf_extensions(builder, (SERVER_NAME,), (), False), key, None)
        return Identity(SERVER_NAME, (certificate,), certificate, key, self.folder)


def _name(title: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])


def _add_issuer_extensions(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
        _usage(authority=True), critical=True
    )


def _add_leaf_extensions(
    builder: x509.CertificateBuilder, names: Sequence[str], addresses: Sequence[str], client: bool
) -> x509.CertificateBuilder:
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    )


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(builder: x509.CertificateBuilder, key: PrivateKey, issuer: _Issuer | None) -> x509.Certificate:
    signer = issuer.private_key if issuer else key
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    curve = signer.curve if isinstance(signer, ec.EllipticCurvePrivateKey) else None
    digest = hashes.SHA384() if isinstance(curve, ec.SECP384R1) else hashes.SHA256()
    return builder.sign(signer, digest)
