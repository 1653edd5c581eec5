# SPDX-License-Identifier: MIT
"""The vectors of examples/selftest.py: the script itself on the host, over operations that OpenSSL does."""

from __future__ import annotations

import hashlib
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "selftest.py"
HASHES: dict[int, tuple[str, hashes.HashAlgorithm]] = {
    20: ("sha1", hashes.SHA1()),
    32: ("sha256", hashes.SHA256()),
    48: ("sha384", hashes.SHA384()),
    64: ("sha512", hashes.SHA512()),
}
CBC, CTR, GCM, CHACHAPOLY = range(4)
CURVES: dict[int, ec.EllipticCurve] = {23: ec.SECP256R1(), 24: ec.SECP384R1()}
X25519 = 29
SECOND = 1_000_000  # how long each operation says that it took, so that none is done again to measure it


def digest(size: int, data: bytes) -> tuple[bytes, int]:
    return hashlib.new(HASHES[size][0], data).digest(), SECOND


def crypt(mode: int, encrypt: bool, key: bytes, iv: bytes, data: bytes, aad: bytes) -> tuple[bytes, int]:
    if mode in (GCM, CHACHAPOLY):
        aead = AESGCM(key) if mode == GCM else ChaCha20Poly1305(key)
        try:
            return (aead.encrypt if encrypt else aead.decrypt)(iv, data, aad), SECOND
        except InvalidTag as error:
            raise OSError("tag") from error
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv) if mode == CBC else modes.CTR(iv))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(data) + context.finalize(), SECOND


def sign(key: bytes, hashed: bytes) -> tuple[bytes, int]:
    private = serialization.load_der_private_key(key, None)
    algorithm = HASHES[len(hashed)][1]
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(hashed, padding.PKCS1v15(), Prehashed(algorithm)), SECOND
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return private.sign(hashed, ec.ECDSA(Prehashed(algorithm), deterministic_signing=True)), SECOND


def verify(key: bytes, hashed: bytes, signature: bytes) -> tuple[bool, int]:
    private = serialization.load_der_private_key(key, None)
    algorithm = Prehashed(HASHES[len(hashed)][1])
    try:
        if isinstance(private, rsa.RSAPrivateKey):
            private.public_key().verify(signature, hashed, padding.PKCS1v15(), algorithm)
        else:
            assert isinstance(private, ec.EllipticCurvePrivateKey)
            private.public_key().verify(signature, hashed, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False, SECOND
    return True, SECOND


def agree(group: int, private: bytes, public: bytes) -> tuple[bytes, int]:
    if group == X25519:
        theirs = x25519.X25519PublicKey.from_public_bytes(public)
        return x25519.X25519PrivateKey.from_private_bytes(private).exchange(theirs), SECOND
    curve = CURVES[group]
    point = ec.EllipticCurvePublicKey.from_encoded_point(curve, public)
    return ec.derive_private_key(int.from_bytes(private, "big"), curve).exchange(ec.ECDH(), point), SECOND


def modules(
    engines: dict[str, str], counts: Callable[[], dict[str, int]], switched: list[str]
) -> dict[str, ModuleType]:
    """What the script imports on a board."""
    primitives, tls = ModuleType("_ssl_primitives"), ModuleType("ssl")
    functions = (digest, crypt, sign, verify, agree)
    vars(primitives).update({function.__name__: function for function in functions})
    vars(primitives).update(CBC=CBC, CTR=CTR, GCM=GCM, CHACHAPOLY=CHACHAPOLY, software_only=lambda flag: switched)
    vars(tls).update(engines=lambda: engines, engine_counts=counts)
    return {"_ssl_primitives": primitives, "ssl": tls}


SOFTWARE = dict.fromkeys(("AES", "ChaCha20-Poly1305", "ECC", "RSA", "SHA-1", "SHA-256", "SHA-512"), "software")


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], have: dict[str, ModuleType]) -> list[str]:
    """The lines that the script prints with these modules."""
    for name, module in have.items():
        monkeypatch.setitem(sys.modules, name, module)
    runpy.run_path(str(SCRIPT))
    return capsys.readouterr().out.splitlines()


def test_openssl_computes_every_vector(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(monkeypatch, capsys, modules(SOFTWARE, dict, []))
    assert lines[-1] == f"{len(lines) - 2} tests passed" and len(lines) > 30
    assert [line for line in lines[1:-1] if " ok " not in line] == []


def test_the_table_has_what_engines_did_and_the_time_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"AES": 0}

    def counts() -> dict[str, int]:
        done["AES"] += 3
        return dict(done)

    lines = run(monkeypatch, capsys, modules({**SOFTWARE, "RSA": "an MPI engine"}, counts, ["RSA"]))
    rsa_lines = [line for line in lines if line.startswith("RSA-2048 sign")]
    assert len(rsa_lines) == 1 and "an MPI engine; AES 3; software:" in rsa_lines[0]
    assert all("software:" not in line for line in lines if not line.startswith("RSA"))
