# SPDX-License-Identifier: MIT
"""The certificate authority: what it makes verifies with OpenSSL, and what must be refused is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from hil_tests.certificates import Authority, Identity


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def verify(identity: Identity, root: Identity, *arguments: str) -> str:
    """What `openssl verify` says."""
    command = ["openssl", "verify", "-CAfile", str(root.root_file), "-untrusted", str(identity.chain_file)]
    done = subprocess.run([*command, *arguments, str(identity.chain_file)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["rsa", "p256", "p384", "intermediate", "self_signed"])
def test_good_chains_verify(authority: Authority, name: str) -> None:
    identity: Identity = getattr(authority, name)
    arguments = ("-purpose", "sslserver", "-verify_hostname", "server.test", "-x509_strict")
    assert verify(identity, identity, *arguments).endswith(": OK\n")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired", "certificate has expired"),
        ("not_yet_valid", "certificate is not yet valid"),
        ("stranger", "unable to get local issuer certificate"),
        ("client", "unsuitable certificate purpose"),
        ("wildcard", "hostname mismatch"),
    ],
)
def test_bad_chains_are_refused(authority: Authority, name: str, reason: str) -> None:
    identity: Identity = getattr(authority, name)
    arguments = ("-purpose", "sslserver", "-verify_hostname", "server.test")
    assert reason.lower() in verify(identity, authority.p256, *arguments).lower()


def test_a_wildcard_covers_one_label(authority: Authority) -> None:
    assert "OK" in verify(authority.wildcard, authority.p256, "-verify_hostname", "a.wild.test")
    assert "mismatch" in verify(authority.wildcard, authority.p256, "-verify_hostname", "a.b.wild.test")


def test_addresses_are_ip_names(authority: Authority) -> None:
    assert "OK" in verify(authority.address, authority.p256, "-verify_ip", "10.0.2.2")
    assert "mismatch" in verify(authority.address, authority.p256, "-verify_ip", "10.0.2.3")


def test_a_missing_intermediate_breaks_the_chain(authority: Authority) -> None:
    identity = authority.intermediate
    assert len(identity.chain) == 2
    path = identity.folder / "leaf-only.pem"
    path.write_bytes(identity.certificate_pem)
    command = ["openssl", "verify", "-CAfile", str(identity.root_file), str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    ("kind", "form", "marker"),
    [
        ("rsa", "pkcs8", b"BEGIN PRIVATE KEY"),
        ("rsa", "traditional", b"BEGIN RSA PRIVATE KEY"),
        ("p256", "pkcs8", b"BEGIN PRIVATE KEY"),
        ("p256", "traditional", b"BEGIN EC PRIVATE KEY"),
    ],
)
def test_keys_come_in_both_forms(authority: Authority, kind: str, form: str, marker: bytes) -> None:
    identity = authority.issue(kind)
    assert marker in identity.key(form)
    loaded = load_der_private_key(identity.key(form, "DER"), None)
    assert isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    assert loaded.private_numbers() == identity.private_key.private_numbers()


@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
def test_keys_can_be_encrypted(authority: Authority, form: str) -> None:
    pem = authority.p256.key(form, password=b"secret")
    with pytest.raises(TypeError):
        load_pem_private_key(pem, None)
    load_pem_private_key(pem, b"secret")


def test_equal_requests_give_the_same_identity(authority: Authority) -> None:
    assert authority.issue("p256") is authority.p256
    assert authority.stranger.root_der != authority.p256.root_der


def test_key_files_are_for_the_owner_only(authority: Authority) -> None:
    assert authority.p256.key_file.stat().st_mode & 0o077 == 0


def test_an_unknown_kind_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown kind of key .dsa.: rsa.*p256, p384"):
        Authority(tmp_path).issue("dsa")


def test_keys_are_not_shown_by_repr(authority: Authority) -> None:
    assert "private_key" not in repr(authority.p256)
