# SPDX-License-Identifier: MIT
"""`SSLContext.load_cert_chain()`: every accepted form, every refused one, and that a refusal changes nothing."""

from __future__ import annotations

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script

# Loads each pair into a fresh context, which checks that they match, and connects with the last.
LOAD_ALL = """
for cert, key in CASES:
    server = ssl.SSLContext(SERVER)
    server.load_cert_chain(cert, key)
print(len(CASES), works(client_context(ID), server))
"""
# Tries each pair on a working context, which must still work at the end.
REFUSE_ALL = """
server = server_context(ID)
for cert, key in CASES:
    print(attempt(server.load_cert_chain, cert, key))
print(works(client_context(ID), server))
"""


# Forms of data


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])
def test_keys_are_accepted_in_all_their_formats(script: Script, authority: Authority, kind: str) -> None:
    # "traditional" is PKCS#1 for RSA and SEC1 for EC.
    own = authority.issue(kind)
    forms = [(form, encoding) for form in ("pkcs8", "traditional") for encoding in ("PEM", "DER")]
    cases = [(cert, own.key(*form)) for form in forms for cert in (own.chain_der, own.chain_pem)]
    assert len(cases) == 8
    assert script(LOAD_ALL, ID=own, CASES=cases) == ["8 True"]


@pytest.mark.parametrize("make", ["bytes", "bytearray", "memoryview"])
def test_data_may_be_any_bytes_like_object(script: Script, authority: Authority, make: str) -> None:
    own = authority.p256
    cases = [(own.chain_der, own.key_der()), (own.chain_pem, own.key_pem())]
    code = f"CASES = [({make}(cert), {make}(key)) for cert, key in CASES]\n{LOAD_ALL}"
    assert script(code, ID=own, CASES=cases) == ["2 True"]


def test_data_may_be_a_slice_of_a_memoryview(script: Script, authority: Authority) -> None:
    own = authority.p256
    cases = [(own.chain_der, own.key_der()), (own.chain_pem, own.key_pem())]
    code = f"""
def slices(cert, key):
    both = memoryview(b"junk" + cert + key + b"junk")
    return both[4 : 4 + len(cert)], both[4 + len(cert) : -4]
CASES = [slices(*case) for case in CASES]
{LOAD_ALL}"""
    assert script(code, ID=own, CASES=cases) == ["2 True"]


def test_a_str_with_pem_is_data(script: Script, authority: Authority) -> None:
    own = authority.p256
    assert script(LOAD_ALL, ID=own, CASES=[(own.chain_pem.decode(), own.key_pem().decode())]) == ["1 True"]


def test_pem_may_have_crlf_and_text_around_it(script: Script, authority: Authority) -> None:
    own = authority.p256
    cert = b"Subject: a test\r\n" + own.chain_pem.replace(b"\n", b"\r\n") + b"the end\r\n"
    key = b"Bag Attributes\n" + own.key_pem()
    assert script(LOAD_ALL, ID=own, CASES=[(cert, key)]) == ["1 True"]


def test_a_pem_bundle_may_hold_key_and_certificate(script: Script, authority: Authority) -> None:
    own = authority.p256
    both = own.key_pem() + own.chain_pem
    assert script(LOAD_ALL, ID=own, CASES=[(both, both)]) == ["1 True"]


def test_the_data_may_be_changed_after_the_call(script: Script, authority: Authority) -> None:
    code = """
    cert, key = bytearray(ID[0]), bytearray(ID[1])
    server = ssl.SSLContext(SERVER)
    server.load_cert_chain(cert, key)
    for data in (cert, key):
        for i in range(len(data)):
            data[i] = 0
    print(works(client_context(ID), server))
    """
    assert script(code, ID=authority.p256) == ["True"]


def test_arguments_may_be_given_by_name(script: Script, authority: Authority) -> None:
    code = """
    server = ssl.SSLContext(SERVER)
    server.load_cert_chain(keyfile=ID[1], certfile=ID[0])
    print(works(client_context(ID), server))
    """
    assert script(code, ID=authority.p256) == ["True"]


# Paths


def test_a_str_is_a_path(script: Script, authority: Authority) -> None:
    own = authority.p256
    for name, data in {
        "cert.pem": own.chain_pem,
        "cert.der": own.chain_der,
        "key.pem": own.key_pem(),
        "key.der": own.key_der(),
    }.items():
        script.board.put(data, name)
    cases = [("cert.pem", "key.pem"), ("cert.der", "key.der"), ("cert.pem", own.key_der()), (own.chain_der, "key.pem")]
    assert script(LOAD_ALL, ID=own, CASES=cases) == ["4 True"]


# Chains


@pytest.mark.parametrize("encoding", ["PEM", "DER"])
def test_intermediates_are_sent_along(script: Script, authority: Authority, encoding: str) -> None:
    own = authority.issue("p256", depth=2)
    chain = own.chain_pem if encoding == "PEM" else own.chain_der
    assert script(LOAD_ALL, ID=own, CASES=[(chain, own.key_der())]) == ["1 True"]


def test_without_its_intermediate_a_certificate_is_not_trusted(script: Script, authority: Authority) -> None:
    code = """
    server = ssl.SSLContext(SERVER)
    server.load_cert_chain(CERT, ID[1])
    print(type(outcome(*wrap(client_context(ID), server))[0]).__name__)
    """
    own = authority.intermediate
    assert script(code, ID=own, CERT=own.certificate_der) == ["SSLCertVerificationError"]


# Loading again


def test_the_last_identity_loaded_counts(script: Script, authority: Authority) -> None:
    code = """
    server = server_context(FIRST)
    server.load_cert_chain(SECOND[0], SECOND[1])
    print(works(client_context(SECOND), server))
    print(type(outcome(*wrap(client_context(FIRST), server))[0]).__name__)
    """
    lines = script(code, FIRST=authority.p256, SECOND=authority.stranger)
    assert lines == ["True", "SSLCertVerificationError"]


def test_loading_again_leaves_living_connections_alone(script: Script, authority: Authority) -> None:
    code = """
    server = server_context(FIRST)
    client = client_context(FIRST)
    connected = connect(client, server)
    begun = wrap(client, server)
    step(begun[0])
    server.load_cert_chain(SECOND[0], SECOND[1])
    collect()
    print(talks(*connected), talks(*shake(*begun)))
    print(works(client_context(SECOND), server))
    """
    assert script(code, FIRST=authority.p256, SECOND=authority.stranger) == ["True True", "True"]


def test_a_client_shows_its_identity(script: Script, authority: Authority) -> None:
    code = """
    client, server = client_context(ID), server_context(ID)
    authenticate(client, server, OWN)
    c, s = connect(client, server)
    print(s.getpeercert(True) == OWN[0], c.getpeercert(True) == ID[0])
    """
    assert script(code, ID=authority.p256, OWN=authority.client) == ["True True"]


# Passwords


def test_an_encrypted_key_is_opened_with_its_password(script: Script, authority: Authority) -> None:
    code = """
    for key, password in zip(KEYS, ("secret", b"secret", bytearray(b"secret"), memoryview(b"secret"))):
        server = ssl.SSLContext(SERVER)
        server.load_cert_chain(ID[0], key, password=password)
    print(works(client_context(ID), server))
    """
    own = authority.p256
    keys = [own.key(encoding=encoding, password=b"secret") for encoding in ("PEM", "DER", "PEM", "DER")]
    assert script(code, ID=own, KEYS=keys) == ["True"]


def test_a_wrong_password_is_refused(script: Script, authority: Authority) -> None:
    code = """
    server = server_context(ID)
    for key in KEYS:
        print(attempt(server.load_cert_chain, ID[0], key, password="wrong"))
    print(works(client_context(ID), server))
    """
    own = authority.p256
    keys = [own.key(encoding=encoding, password=b"secret") for encoding in ("PEM", "DER")]
    *errors, alive = script(code, ID=own, KEYS=keys)
    assert [error.startswith("ValueError('invalid key: wrong password") for error in errors] == [True] * 2, errors
    assert alive == "True"


def test_an_encrypted_key_without_password_is_refused(script: Script, authority: Authority) -> None:
    own = authority.p256
    cases = [(own.chain_der, own.key(encoding=encoding, password=b"secret")) for encoding in ("PEM", "DER")]
    error = "ValueError(\"invalid key: it is encrypted: give password= or decrypt it with 'openssl pkey'\",)"
    assert script(REFUSE_ALL, ID=own, CASES=cases) == [error, error, "True"]


def test_an_encrypted_pem_key_in_the_old_format_is_opened_with_its_password(
    script: Script, authority: Authority
) -> None:
    code = """
    server = ssl.SSLContext(SERVER)
    print(attempt(server.load_cert_chain, ID[0], KEY, password="wrong"))
    print(attempt(server.load_cert_chain, ID[0], KEY))
    server.load_cert_chain(ID[0], KEY, password="secret")
    print(works(client_context(ID), server))
    """
    own = authority.p256
    key = own.key("traditional", "PEM", password=b"secret")
    assert b"DEK-Info" in key
    wrong, missing, alive = script(code, ID=own, KEY=key)
    assert wrong.startswith("ValueError('invalid key: wrong password"), wrong
    assert missing.startswith('ValueError("invalid key: it is encrypted'), missing
    assert alive == "True"


def test_an_unsupported_encryption_says_what_to_use(script: Script, authority: Authority) -> None:
    code = """
    server = server_context(ID)
    print(attempt(server.load_cert_chain, ID[0], KEY, password="secret"))
    print(works(client_context(ID), server))
    """
    own = authority.p256
    command = ["openssl", "pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-passout", "pass:secret", "-outform", "DER"]
    key = subprocess.run(command, input=own.key_pem(), capture_output=True, check=True, timeout=10).stdout
    error, alive = script(code, ID=own, KEY=key)
    assert "encrypted in a way that this firmware does not have: use PKCS#8 with PBES2 and AES" in error
    assert error.startswith("ValueError("), error
    assert alive == "True"


def test_a_password_for_a_plain_key_does_no_harm(script: Script, authority: Authority) -> None:
    code = """
    server = ssl.SSLContext(SERVER)
    server.load_cert_chain(ID[0], ID[1], password="secret")
    server.load_cert_chain(ID[0], ID[1], password=None)
    print(works(client_context(ID), server))
    """
    assert script(code, ID=authority.p256) == ["True"]


# Refusals: what is wrong is said, and the context is as it was


def test_a_key_of_another_certificate_is_refused(script: Script, authority: Authority) -> None:
    own = authority.p256
    cases = [(own.chain_der, other.key_der()) for other in (authority.stranger, authority.p384, authority.rsa)]
    error = "ValueError('key does not match the certificate',)"
    assert script(REFUSE_ALL, ID=own, CASES=cases) == [error] * 3 + ["True"]


def test_malformed_keys_are_refused(script: Script, authority: Authority) -> None:
    own = authority.p256
    keys = {
        "cut DER": own.key_der()[:-10],
        "DER header only": b"\x30\x82\x01\x00",
        "changed PEM": own.key_pem().replace(b"\n", b"\n!!", 2),
        "PEM without end": own.key_pem().split(b"-----END")[0],
        "a certificate": own.certificate_der,
        "a certificate in PEM": own.certificate_pem,
        "a kind that is unknown": ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    *errors, alive = script(REFUSE_ALL, ID=own, CASES=[(own.chain_der, key) for key in keys.values()])
    expected = "ValueError('invalid key: malformed, or of a kind that this firmware does not have',)"
    assert dict(zip(keys, errors, strict=True)) == dict.fromkeys(keys, expected)
    assert alive == "True"


def test_malformed_certificates_are_refused(script: Script, authority: Authority) -> None:
    own = authority.p256
    certificates = {
        "cut DER": own.certificate_der[:-10],
        "DER and a tail": own.certificate_der + b"\x00",
        "changed DER": own.certificate_der[:8] + b"\xff\xff" + own.certificate_der[10:],
        "changed PEM": own.certificate_pem.replace(b"\n", b"\n!!", 2),
        "PEM without end": own.certificate_pem.split(b"-----END")[0],
        "PEM, second one cut": own.chain_pem + own.certificate_pem.split(b"-----END")[0],
        "a key": own.key_der(),
        "a key in PEM": own.key_pem(),
    }
    *errors, alive = script(REFUSE_ALL, ID=own, CASES=[(cert, own.key_der()) for cert in certificates.values()])
    seen = dict(zip(certificates, errors, strict=True))
    assert {how: error for how, error in seen.items() if not error.startswith("ValueError('invalid cert: ")} == {}
    assert alive == "True"


def test_data_that_is_neither_pem_nor_der_is_refused(script: Script, authority: Authority) -> None:
    own = authority.p256
    junk = (b"", b"\x00", b"hello", bytes(100))
    cases = [(data, own.key_der()) for data in junk] + [(own.chain_der, data) for data in junk]
    expected = ["ValueError('invalid cert',)"] * 4 + ["ValueError('invalid key',)"] * 4 + ["True"]
    assert script(REFUSE_ALL, ID=own, CASES=cases) == expected


def test_a_missing_file_is_named(script: Script, authority: Authority) -> None:
    own = authority.p256
    cases = [("no such cert", own.key_der()), (own.chain_der, "no such key")]
    expected = ["OSError(2, 'no such cert')", "OSError(2, 'no such key')", "True"]
    assert script(REFUSE_ALL, ID=own, CASES=cases) == expected


def test_arguments_of_other_types_are_type_errors(script: Script, authority: Authority) -> None:
    own = authority.p256
    others: tuple[object, ...] = (None, 5, [b"x"])
    cases = [(own.chain_der, other) for other in others] + [(other, own.key_der()) for other in others]
    *errors, alive = script(REFUSE_ALL, ID=own, CASES=cases)
    assert [error.split("(")[0] for error in errors] == ["TypeError"] * 6, errors
    assert alive == "True"


def test_a_certificate_without_key_is_a_type_error(script: Script, authority: Authority) -> None:
    (error,) = script("print(attempt(ssl.SSLContext(SERVER).load_cert_chain, ID[0]))", ID=authority.p256)
    assert error.startswith("TypeError("), error
