# SPDX-License-Identifier: MIT
"""Certificates that are the same in every run, so that every run counts the same instructions.

The keys come from fixed seeds and anybody can compute them: they protect nothing. None is stored.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SERVER_NAME = "bench.test"
# The kinds of keys of a chain, from the CA's to the server's. "le" is as Let's Encrypt issues it.
LEVELS = {
    "p256": ("p256", "p256"),
    "rsa": ("rsa", "rsa"),
    "p384": ("p384", "p384"),
    "le": ("rsa4096", "p384", "p256"),
}
KINDS = tuple(LEVELS)
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
    """The CA's certificate in DER; the server's in DER, or in PEM with an intermediate behind it; its key in DER."""

    ca: bytes
    certificate: bytes
    key: bytes


@cache
def make_chain(kind: str) -> Chain:
    """A CA, what is between, and a server certificate. Raises ValueError for an unknown kind."""
    if kind not in LEVELS:
        raise ValueError(f"no chain of kind {kind!r}; there are: {', '.join(KINDS)}")
    names = ["mpy-ssl bench CA", "mpy-ssl bench intermediate", SERVER_NAME]
    purposes = ["ca", "intermediate", "server"]
    if len(LEVELS[kind]) == 2:
        del names[1], purposes[1]
    keys = [make_key(key_kind, purpose) for key_kind, purpose in zip(LEVELS[kind], purposes, strict=True)]
    certificates = [sign(1, names[0], keys[0], names[0], keys[0], is_ca=True)]
    for i in range(1, len(keys)):
        is_ca = i < len(keys) - 1
        certificates.append(sign(i + 1, names[i], keys[i], names[i - 1], keys[i - 1], is_ca=is_ca))
    encoding = serialization.Encoding.DER if len(keys) == 2 else serialization.Encoding.PEM
    shown = b"".join(certificate.public_bytes(encoding) for certificate in reversed(certificates[1:]))
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = keys[-1].private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    return Chain(certificates[0].public_bytes(serialization.Encoding.DER), shown, private)


def chains_for(call: str) -> dict[str, Chain]:
    """Those that a call of on_board.py names in its arguments."""
    return {kind: make_chain(kind) for kind in KINDS if f"{kind!r}" in call or f'"{kind}"' in call}


def make_key(kind: str, purpose: str) -> PrivateKey:
    """The key of that kind for that purpose, always the same one."""
    seed = hashlib.sha512(f"mpy-ssl bench {kind} {purpose}".encode()).digest()
    if kind == "p256":
        return ec.derive_private_key(int.from_bytes(seed[:31], "big"), ec.SECP256R1())
    if kind == "p384":
        return ec.derive_private_key(int.from_bytes(seed[:47], "big"), ec.SECP384R1())
    return make_rsa_key(random.Random(seed), 4096 if kind == "rsa4096" else 2048)


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
    is_p384 = isinstance(issuer_key, ec.EllipticCurvePrivateKey) and issuer_key.curve.key_size == 384
    digest = hashes.SHA384() if is_p384 else hashes.SHA256()
    return builder.sign(issuer_key, digest, ecdsa_deterministic=deterministic)
