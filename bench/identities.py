# SPDX-License-Identifier: MIT
"""Certificates that are the same in every run, so that every run counts the same instructions.

The keys come from fixed seeds and anybody can compute them: they protect nothing. None is stored.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SERVER_NAME = "bench.test"
KINDS = ("p256", "rsa")
# The board's clock in a run, and what surrounds it.
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2035, 1, 1, tzinfo=UTC)
# Rounds of Miller-Rabin: for random 1024-bit candidates an error is less likely than 2^-80 (FIPS 186-5, table B.1).
PRIME_ROUNDS = 5
EXPONENT = 65537

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Chain:
    """DER: the CA's certificate, the server's, and the server's key (SEC 1 or PKCS #1)."""

    ca: bytes
    certificate: bytes
    key: bytes


def make_chain(kind: str) -> Chain:
    """A CA and a server certificate below it, both with keys of `kind`. Raises ValueError for an unknown kind."""
    ca_key, key = make_key(kind, "ca"), make_key(kind, "server")
    ca = sign(1, "mpy-ssl bench CA", ca_key, "mpy-ssl bench CA", ca_key, is_ca=True)
    certificate = sign(2, SERVER_NAME, key, "mpy-ssl bench CA", ca_key, is_ca=False)
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(encoding, form, serialization.NoEncryption())
    return Chain(ca.public_bytes(encoding), certificate.public_bytes(encoding), private)


def make_key(kind: str, purpose: str) -> PrivateKey:
    """The key of that kind for that purpose, always the same one."""
    seed = hashlib.sha512(f"mpy-ssl bench {kind} {purpose}".encode()).digest()
    if kind == "p256":
        return ec.derive_private_key(int.from_bytes(seed[:31], "big"), ec.SECP256R1())
    if kind == "rsa":
        return make_rsa_key(random.Random(seed))
    raise ValueError(f"no chain of kind {kind!r}; there are: {', '.join(KINDS)}")


def make_rsa_key(source: random.Random, bits: int = 2048) -> rsa.RSAPrivateKey:
    """An RSA key from a seeded source."""
    p, q = find_prime(source, bits // 2), find_prime(source, bits // 2)
    d = rsa.rsa_recover_private_exponent(EXPONENT, p, q)
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, rsa.RSAPublicNumbers(EXPONENT, p * q)).private_key()


def find_prime(source: random.Random, bits: int) -> int:
    """A prime of exactly that size, with its two highest bits set so that a product of two has full size."""
    while True:
        candidate = source.getrandbits(bits) | 3 << bits - 2 | 1
        if candidate % EXPONENT != 1 and is_prime(candidate, source):
            return candidate


def is_prime(n: int, source: random.Random) -> bool:
    """Miller-Rabin, after a trial division that spares most of it. `n` is odd and greater than 10000."""
    if any(n % divisor == 0 for divisor in range(3, 2000, 2)):
        return False
    twos = (n - 1 & 1 - n).bit_length() - 1
    return all(passes(n, twos, source.randrange(2, n - 1)) for _ in range(PRIME_ROUNDS))


def passes(n: int, twos: int, base: int) -> bool:
    """One round of Miller-Rabin; n - 1 = 2^twos times an odd number."""
    x = pow(base, (n - 1) >> twos, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def sign(
    serial: int, subject: str, key: PrivateKey, issuer: str, issuer_key: PrivateKey, *, is_ca: bool
) -> x509.Certificate:
    """A certificate, the same bytes every time: ECDSA signs deterministically (RFC 6979)."""
    builder = (
        x509.CertificateBuilder(serial_number=serial, not_valid_before=NOT_BEFORE, not_valid_after=NOT_AFTER)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    deterministic = True if isinstance(issuer_key, ec.EllipticCurvePrivateKey) else None
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=deterministic)
