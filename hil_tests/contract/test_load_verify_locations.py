# SPDX-License-Identifier: MIT
"""`SSLContext.load_verify_locations()`: sources, bundles, accumulation, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from hil_tests.certificates import Authority, Identity
from hil_tests.contract.conftest import Script

# What a client thinks of a server: the handshake is made as far as that takes.
VERDICT = """
def verdict(client, identity):
    error = outcome(*wrap(client, server_context(identity)))[0]
    return type(error).__name__ if error else "trusted"
"""


def roots(authority: Authority) -> tuple[Identity, Identity]:
    return authority.p256, authority.stranger


# Arguments


def test_neither_and_both_are_value_errors(script: Script, authority: Authority) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    print(attempt(client.load_verify_locations))
    print(attempt(client.load_verify_locations, None, None))
    print(attempt(client.load_verify_locations, "file", ID[2]))
    """
    assert script(code, ID=authority.p256) == ["ValueError('give one of cafile and cadata',)"] * 3


def test_both_arguments_take_positions_and_names(script: Script, authority: Authority) -> None:
    code = """
    for args, kwargs in CASES:
        client = ssl.SSLContext(CLIENT)
        client.load_verify_locations(*args, **kwargs)
        print(verdict(client, ID))
    """
    own = authority.p256
    script.board.put(own.root_pem, "root.pem")
    cases: list[object] = [
        (("root.pem",), {}),
        (("root.pem", None), {}),
        ((None, own.root_der), {}),
        ((), {"cafile": "root.pem"}),
        ((), {"cadata": own.root_der}),
    ]
    assert script(VERDICT + dedent(code), ID=own, CASES=cases) == ["trusted"] * 5


def test_cafile_is_a_path(script: Script, authority: Authority) -> None:
    own = authority.p256
    script.board.put(own.root_pem, "root.pem")
    script.board.put(own.root_der, "root.der")
    code = """
    for path in ("root.pem", "root.der"):
        client = ssl.SSLContext(CLIENT)
        client.load_verify_locations(cafile=path)
        print(verdict(client, ID))
    """
    assert script(VERDICT + dedent(code), ID=own) == ["trusted", "trusted"]


@pytest.mark.parametrize("make", ["bytes", "bytearray", "memoryview"])
def test_cadata_may_be_any_bytes_like_object(script: Script, authority: Authority, make: str) -> None:
    code = f"""
    for data in CASES:
        client = ssl.SSLContext(CLIENT)
        client.load_verify_locations(cadata={make}(data))
        print(verdict(client, ID))
    """
    own = authority.p256
    assert script(VERDICT + dedent(code), ID=own, CASES=[own.root_pem, own.root_der]) == ["trusted", "trusted"]


def test_cadata_may_be_a_str_with_pem(script: Script, authority: Authority) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=CA)
    print(verdict(client, ID))
    """
    own = authority.p256
    assert script(VERDICT + dedent(code), ID=own, CA=own.root_pem.decode()) == ["trusted"]


def test_cadata_may_be_changed_after_the_call(script: Script, authority: Authority) -> None:
    code = """
    data = bytearray(ID[2])
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=data)
    for i in range(len(data)):
        data[i] = 0
    print(verdict(client, ID))
    """
    assert script(VERDICT + dedent(code), ID=authority.p256) == ["trusted"]


# Bundles


@pytest.mark.parametrize("encoding", ["PEM", "DER"])
def test_a_bundle_may_hold_several_authorities(script: Script, authority: Authority, encoding: str) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=CA)
    print(verdict(client, FIRST), verdict(client, SECOND))
    """
    first, second = roots(authority)
    pem, der = first.root_pem + second.root_pem, first.root_der + second.root_der
    assert script(VERDICT + dedent(code), FIRST=first, SECOND=second, CA=pem if encoding == "PEM" else der) == [
        "trusted trusted"
    ]


def test_a_bundle_of_the_size_of_a_public_one_is_accepted(script: Script, authority: Authority) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cafile="bundle.pem")
    print(verdict(client, FIRST), verdict(client, SECOND))
    """
    many = [authority.issue("p256", root=f"bundle {number}").root_pem for number in range(12)]
    first, second = roots(authority)
    script.board.put(first.root_pem + b"# comment\n\n".join(many) + second.root_pem, "bundle.pem")
    assert script(VERDICT + dedent(code), FIRST=first, SECOND=second) == ["trusted trusted"]


def test_a_leaf_may_be_trusted_by_itself(script: Script, authority: Authority) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=ID[0])
    print(works(client, server_context(ID)))
    """
    assert script(code, ID=authority.self_signed) == ["True"]


# Accumulation


def test_calls_accumulate(script: Script, authority: Authority) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=FIRST[2])
    print(verdict(client, FIRST), verdict(client, SECOND))
    client.load_verify_locations(cadata=SECOND[2])
    print(verdict(client, FIRST), verdict(client, SECOND))
    """
    first, second = roots(authority)
    assert script(VERDICT + dedent(code), FIRST=first, SECOND=second) == [
        "trusted SSLCertVerificationError",
        "trusted trusted",
    ]


def test_loading_the_same_again_takes_no_memory(script: Script, authority: Authority) -> None:
    code = """
    client = client_context(ID)
    def load(n):
        for _ in range(n):
            client.load_verify_locations(cadata=ID[2])
            client.load_verify_locations(cadata=PEM)
    try:
        from _fault import live
    except ImportError:
        live = used
    load(2)
    used()
    before = live()
    load(50)
    used()
    print(live() == before, works(client, server_context(ID)))
    """
    own = authority.p256
    assert script(code, ID=own, PEM=own.root_pem) == ["True True"]


@pytest.mark.parametrize("count", [1, 12], ids=["few", "bundle"])
def test_loading_leaves_living_connections_alone(script: Script, authority: Authority, count: int) -> None:
    code = """
    client, server = client_context(FIRST), server_context(FIRST)
    connected = connect(client, server)
    begun = wrap(client, server)
    step(begun[0])
    client.load_verify_locations(cadata=MORE)
    collect()
    print(talks(*connected), talks(*shake(*begun)), works(client, server))
    """
    more = b"".join(authority.issue("p256", root=f"bundle {number}").root_der for number in range(count))
    assert script(code, FIRST=authority.p256, MORE=more) == ["True True True"]


# Refusals


def test_malformed_bundles_are_refused_as_a_whole(script: Script, authority: Authority) -> None:
    code = """
    client = client_context(FIRST)
    for data in CASES:
        print(attempt(client.load_verify_locations, cadata=data))
    print(verdict(client, FIRST), verdict(client, SECOND))
    """
    first, second = roots(authority)
    cases = {
        "cut DER": second.root_der[:-10],
        "second DER cut": second.root_der + second.root_der[:-10],
        "DER and a tail": second.root_der + b"\x00",
        "changed PEM": second.root_pem.replace(b"\n", b"\n!!", 2),
        "second PEM cut": second.root_pem + second.root_pem.split(b"-----END")[0],
        "a key": second.key_der(),
        "a key in PEM": second.key_pem(),
    }
    given = list(cases.values())
    *errors, verdicts = script(VERDICT + dedent(code), FIRST=first, SECOND=second, CASES=given)
    seen = dict(zip(cases, errors, strict=True))
    assert {how: error for how, error in seen.items() if not error.startswith("ValueError('invalid cert: ")} == {}
    assert verdicts == "trusted SSLCertVerificationError"


def test_the_malformed_certificate_of_a_bundle_is_numbered(script: Script, authority: Authority) -> None:
    code = """
    for data in CASES:
        print(attempt(ssl.SSLContext(CLIENT).load_verify_locations, cadata=data))
    """
    root = authority.p256.root_der
    lines = script(code, CASES=[root[:-10], root + root[:-10], root + root + root[:9]])
    for number, line in enumerate(lines, 1):
        assert f"certificate {number} is malformed" in line, line


def test_data_that_is_neither_pem_nor_der_is_refused(script: Script) -> None:
    code = """
    for data in (b"", b"\\x00", b"hello", bytes(100)):
        print(attempt(ssl.SSLContext(CLIENT).load_verify_locations, cadata=data))
    """
    assert script(code) == ["ValueError('invalid cert',)"] * 4


def test_a_missing_file_is_named(script: Script) -> None:
    code = "print(attempt(ssl.SSLContext(CLIENT).load_verify_locations, cafile='no such file'))"
    assert script(code) == ["OSError(2, 'no such file')"]


def test_arguments_of_other_types_are_type_errors(script: Script) -> None:
    code = """
    for argument in (5, [b"x"], True):
        print(attempt(ssl.SSLContext(CLIENT).load_verify_locations, cadata=argument))
        print(attempt(ssl.SSLContext(CLIENT).load_verify_locations, cafile=argument))
    """
    lines = script(code)
    assert [line.split("(")[0] for line in lines] == ["TypeError"] * 6, lines


def test_an_authority_with_an_unsupported_key_is_left_out_of_a_bundle(script: Script, authority: Authority) -> None:
    code = """
    client = ssl.SSLContext(CLIENT)
    client.load_verify_locations(cadata=CA)
    print(works(client, server_context(ID)))
    """
    own = authority.p256
    assert script(code, ID=own, CA=unsupported_root() + own.root_pem) == ["True"]


def test_an_authority_with_an_unsupported_key_alone_is_refused(script: Script) -> None:
    code = "print(attempt(ssl.SSLContext(CLIENT).load_verify_locations, cadata=CA))"
    (error,) = script(code, CA=unsupported_root())
    assert "has a key or signature that this firmware does not have" in error, error


def unsupported_root() -> bytes:
    """A root with an Ed25519 key, PEM."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Edwards root")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    return certificate.public_bytes(serialization.Encoding.PEM)
