# SPDX-License-Identifier: MIT
"""The module's arithmetic of P-256, P-384 and X25519, compiled for the host and held against Python's integers."""

from __future__ import annotations

import ctypes
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ec_comb
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from ec_comb import P256, P384, Curve, Point

MODULE = Path(__file__).resolve().parents[2] / "usermod" / "ssl"
SOURCES = ("ec_point.c", "ec_comb.c", "ec_field.c", "ec_x25519.c")
# What it needs of Mbed TLS is one function.
STUB = "#include <stddef.h>\n#include <string.h>\nvoid mbedtls_platform_zeroize(void *buf, size_t len);\n"
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fsanitize=undefined")
WORDS = 12
ROOM = 24 * 4 * WORDS
Words = ctypes.c_uint32 * WORDS
ORDERS = {
    P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    P384: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
REFERENCES: dict[Curve, ec.EllipticCurve] = {P256: ec.SECP256R1(), P384: ec.SECP384R1()}
Operation = Callable[..., None]


class WordPoint(ctypes.Structure):
    """mpy_ssl_ec_point."""

    _fields_ = [("x", Words), ("y", Words)]


class WordField(ctypes.Structure):
    """mpy_ssl_field."""

    _fields_ = [
        ("words", ctypes.c_int),
        ("prime", Words),
        ("one", Words),
        ("square", Words),
        *((name, ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)) for name in ("mul", "sqr", "add", "sub")),
        ("inversion", ctypes.c_void_p),
    ]


def words(number: int) -> ctypes.Array[ctypes.c_uint32]:
    return Words(*(number >> 32 * i & 0xFFFFFFFF for i in range(WORDS)))


@dataclass(frozen=True)
class Module:
    """The library, for one curve."""

    library: ctypes.CDLL
    curve: Curve

    @property
    def order(self) -> int:
        return ORDERS[self.curve]

    def number(self, array: ctypes.Array[ctypes.c_uint32]) -> int:
        """The words that the field has; the others may hold anything."""
        return sum(word << 32 * i for i, word in enumerate(array[: self.curve.bits // 32]))

    def field(self) -> WordField:
        return WordField.in_dll(self.library, f"mpy_ssl_field_{self.curve.name}")

    def _curve(self) -> object:
        return ctypes.byref(ctypes.c_char.in_dll(self.library, f"mpy_ssl_{self.curve.name}"))

    def operate(self, name: str, *values: int) -> int:
        result, arguments = Words(*[0xAAAAAAAA] * WORDS), [words(value) for value in values]
        getattr(self.field(), name)(*map(ctypes.addressof, [result, *arguments, result][:3]))
        return self.number(result)

    def invert(self, value: int) -> int:
        result = Words()
        self.library.mpy_ssl_fe_inv(ctypes.byref(self.field()), result, words(value))
        return self.number(result)

    def multiply(self, scalar: int, point: Point | None, blind: int = 1) -> Point:
        result = WordPoint()
        pointer = ctypes.byref(WordPoint(*map(words, point))) if point else None
        function, room = self.library.mpy_ssl_ec_multiply, ctypes.create_string_buffer(ROOM)
        function(self._curve(), ctypes.byref(result), words(scalar), pointer, words(blind), room)
        return self.number(result.x), self.number(result.y)

    def multiply_add(self, u: int, v: int, point: Point) -> Point | None:
        result, other = WordPoint(), WordPoint(*map(words, point))
        function = self.library.mpy_ssl_ec_multiply_add
        function.restype = ctypes.c_bool
        room = ctypes.create_string_buffer(ROOM)
        finite = function(self._curve(), ctypes.byref(result), words(u), words(v), ctypes.byref(other), room)
        return (self.number(result.x), self.number(result.y)) if finite else None

    def divide(self, numerators: tuple[int, int], divisor: int) -> tuple[int, int]:
        quotients = (Words * 2)()
        self.library.mpy_ssl_ec_divide(self._curve(), quotients, (Words * 2)(*map(words, numerators)), words(divisor))
        return self.number(quotients[0]), self.number(quotients[1])

    def verify(self, hashed: int, r: int, s: int, point: Point) -> bool:
        function = self.library.mpy_ssl_ec_verify
        function.restype = ctypes.c_bool
        public, room = WordPoint(*map(words, point)), ctypes.create_string_buffer(ROOM)
        return bool(function(self._curve(), words(hashed), words(r), words(s), ctypes.byref(public), room))

    def is_on_curve(self, x: int, y: int) -> bool:
        function = self.library.mpy_ssl_ec_is_on_curve
        function.restype = ctypes.c_bool
        return bool(function(self._curve(), ctypes.byref(WordPoint(words(x), words(y)))))

    def is_scalar(self, scalar: int) -> bool:
        function = self.library.mpy_ssl_ec_is_scalar
        function.restype = ctypes.c_bool
        return bool(function(self._curve(), words(scalar)))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The sources as a shared object."""
    folder = tmp_path_factory.mktemp("ec")
    (folder / "mbedtls").mkdir()
    (folder / "mbedtls" / "platform_util.h").write_text(STUB)
    (folder / "zeroize.c").write_text(STUB + "void mbedtls_platform_zeroize(void *b, size_t n) { memset(b, 0, n); }\n")
    sources = [str(MODULE / name) for name in SOURCES]
    out = folder / "ec.so"
    command = ["gcc", *FLAGS, f"-I{folder}", f"-I{MODULE}", "-o", str(out), *sources, str(folder / "zeroize.c")]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(out))


@pytest.fixture(params=[P256, P384], ids=["p256", "p384"])
def module(request: pytest.FixtureRequest, library: ctypes.CDLL) -> Module:
    return Module(library, request.param)


def times(curve: Curve, scalar: int) -> Point:
    """The generator times a scalar, by OpenSSL."""
    public = ec.derive_private_key(scalar, REFERENCES[curve]).public_key().public_numbers()
    return public.x, public.y


def scalars(module: Module) -> Iterator[int]:
    """Edges of the digits and the comb, and random ones."""
    order, bits = module.order, module.curve.bits
    yield from (1, 2, 3, 4, 5, 15, 16, 17, 31, order // 2, order // 2 + 1, 2 ** (bits - 1))
    yield from (order - i for i in (1, 2, 3, 4, 15, 16, 17))
    yield from (2 ** (module.curve.distance * tooth) + i for tooth in range(1, ec_comb.TEETH) for i in (0, 1))
    source = random.Random(1)
    yield from (source.randrange(1, order) for _ in range(20))


def elements(curve: Curve) -> Iterator[tuple[int, int]]:
    """Pairs of elements, many of them where carries run through all words."""
    p, r = curve.prime, 2**curve.bits
    edges = [0, 1, 2, p - 1, p - 2, r % p, r // 2 - 1, 2**96, 2**96 - 1, 2**224, 2**32 - 1, r - p, p // 2]
    yield from ((a, b) for a in edges for b in edges)
    source = random.Random(2)
    yield from ((source.randrange(p), source.randrange(p)) for _ in range(500))


def test_the_table_of_the_comb_is_what_its_program_makes() -> None:
    assert (MODULE / "ec_comb.c").read_text() == "\n".join(ec_comb.lines()) + "\n"


def test_products_are_montgomerys(module: Module) -> None:
    p, inverse = module.curve.prime, pow(2**module.curve.bits, -1, module.curve.prime)
    for a, b in elements(module.curve):
        assert module.operate("mul", a, b) == a * b * inverse % p, (hex(a), hex(b))


def test_squares_are_products(module: Module) -> None:
    for a, _ in elements(module.curve):
        assert module.operate("sqr", a) == module.operate("mul", a, a), hex(a)


def test_sums_and_differences_stay_below_the_prime(module: Module) -> None:
    p = module.curve.prime
    for a, b in elements(module.curve):
        assert module.operate("add", a, b) == (a + b) % p, (hex(a), hex(b))
        assert module.operate("sub", a, b) == (a - b) % p, (hex(a), hex(b))


def test_an_inverse_times_its_number_is_one(module: Module) -> None:
    one = module.number(module.field().one)
    for a, _ in list(elements(module.curve))[-20:]:
        assert module.operate("mul", a, module.invert(a)) == one, hex(a)


def test_the_inverse_of_zero_is_zero(module: Module) -> None:
    assert module.invert(0) == 0


def test_multiples_of_the_generator_are_openssls(module: Module) -> None:
    for scalar in scalars(module):
        assert module.multiply(scalar, None) == times(module.curve, scalar), hex(scalar)


def test_multiples_of_a_point_are_openssls(module: Module) -> None:
    source = random.Random(3)
    for scalar in scalars(module):
        private = source.randrange(1, module.order)
        expected = times(module.curve, scalar * private % module.order)
        assert module.multiply(scalar, times(module.curve, private)) == expected, (hex(scalar), hex(private))


def test_blinding_changes_no_result(module: Module) -> None:
    point = times(module.curve, 5)
    for blind in (0, 1, 2, module.curve.prime, 2**module.curve.bits - 1):
        assert module.multiply(7, point, blind) == times(module.curve, 35), hex(blind)
        assert module.multiply(7, None, blind) == times(module.curve, 7), hex(blind)


@pytest.mark.parametrize("private", [1, 2, 3, -1, -2, 12345])
def test_a_sum_of_two_multiples_is_openssls(module: Module, private: int) -> None:
    source = random.Random(private)
    order, private = module.order, private % module.order
    point = times(module.curve, private)
    for u in (0, 1, 2, order - 1, source.randrange(order)):
        for v in (0, 1, 2, order - 1, source.randrange(order)):
            total = (u + v * private) % order
            expected = times(module.curve, total) if total else None
            assert module.multiply_add(u, v, point) == expected, (hex(u), hex(v))


def test_a_sum_at_infinity_is_reported(module: Module) -> None:
    assert module.multiply_add(module.order - 6, 2, times(module.curve, 3)) is None


def test_quotients_times_their_divisor_are_the_numerators(module: Module) -> None:
    order, source = module.order, random.Random(5)
    for divisor in scalars(module):
        numerators = (source.randrange(order), source.choice([0, 1, order - 1, divisor]))
        quotients = module.divide(numerators, divisor)
        assert tuple(q * divisor % order for q in quotients) == numerators, hex(divisor)
        assert max(quotients) < order


def sign(module: Module, private: int, hashed: int, nonce: int) -> tuple[int, int]:
    """r and s of ECDSA (FIPS 186-4, 6.4), in Python's integers."""
    r = times(module.curve, nonce)[0] % module.order
    return r, pow(nonce, -1, module.order) * (hashed + r * private) % module.order


def test_signatures_are_accepted(module: Module) -> None:
    source, order, top = random.Random(6), module.order, 2**module.curve.bits - 1
    for hashed in (0, 1, order - 1, order, order + 1, top, source.randrange(top), source.randrange(top)):
        for private in (1, 2, order - 1, source.randrange(order)):
            r, s = sign(module, private, hashed, source.randrange(1, order))
            assert module.verify(hashed, r, s, times(module.curve, private)), (hex(hashed), hex(private))


def test_signatures_with_something_changed_are_refused(module: Module) -> None:
    order, top = module.order, 2**module.curve.bits - 1
    point = times(module.curve, 77)
    r, s = sign(module, 77, 12345, 678)
    assert module.verify(12345, r, s, point)
    for wrong in ((12344, r, s), (12345, r ^ 1, s), (12345, r, s ^ 1), (12345, s, r), (r, 12345, s)):
        assert not module.verify(*wrong, point), wrong
    assert not module.verify(12345, r, s, times(module.curve, 78))
    for edge in (0, order, top):
        assert not module.verify(12345, edge, s, point)
        assert not module.verify(12345, r, edge, point)


def test_a_signature_that_adds_up_to_infinity_is_refused(module: Module) -> None:
    hashed, r = 12345, 678  # hash + r * private = 0
    private = -hashed * pow(r, -1, module.order) % module.order
    assert not module.verify(hashed, r, 91011, times(module.curve, private))


def test_a_coordinate_above_the_order_is_reduced(module: Module) -> None:
    p, (gx, gy) = module.curve.prime, module.curve.generator
    squares = ((x, (x**3 - 3 * x + gy**2 - gx**3 + 3 * gx) % p) for x in range(module.order + 1, p))
    point = next((x, y) for x, square in squares if (y := pow(square, (p + 1) // 4, p)) ** 2 % p == square)
    r = point[0] - module.order
    assert module.verify(0, r, r, point)  # 0 times the generator and r / s = 1 times the point


def test_points_of_the_curve_are_accepted(module: Module) -> None:
    assert all(module.is_on_curve(*times(module.curve, scalar)) for scalar in scalars(module))


def test_points_off_the_curve_are_refused(module: Module) -> None:
    x, y = module.curve.generator
    assert not module.is_on_curve(x ^ 1, y)
    assert not module.is_on_curve(x, y ^ 1)
    assert not module.is_on_curve(0, 0)


def test_coordinates_above_the_prime_are_refused(module: Module) -> None:
    p, top = module.curve.prime, 2**module.curve.bits - 1
    x, y = module.curve.generator
    assert not module.is_on_curve(x, top)
    assert not module.is_on_curve(top, y)
    assert not module.is_on_curve(p, y)


def test_scalars_are_from_one_to_below_the_order(module: Module) -> None:
    order, top = module.order, 2**module.curve.bits - 1
    seen = [module.is_scalar(scalar) for scalar in (0, 1, order - 1, order, order + 1, top)]
    assert seen == [False, True, True, False, False, False]


# X25519

PRIME_25519 = 2**255 - 19


@dataclass(frozen=True)
class Curve25519:
    """The library, for X25519 and its field."""

    library: ctypes.CDLL

    def operate(self, name: str, *values: int) -> int:
        result, arguments = words(0), [words(value) for value in values]
        field = WordField.in_dll(self.library, "mpy_ssl_field_25519")
        getattr(field, name)(*map(ctypes.addressof, [result, *arguments, result][:3]))
        return sum(word << 32 * i for i, word in enumerate(result[:8]))

    def multiply(self, scalar: bytes, u: bytes | None, blind: int = 1) -> bytes:
        """RFC 7748's function: the scalar is any 32 bytes."""
        decoded = int.from_bytes(scalar, "little") & (2**255 - 8) | 2**254
        result, point = words(0), words(int.from_bytes(u, "little")) if u is not None else None
        self.library.mpy_ssl_x25519(result, words(decoded), point, words(blind))
        return b"".join(word.to_bytes(4, "little") for word in result[:8])


@pytest.fixture
def x25519(library: ctypes.CDLL) -> Curve25519:
    return Curve25519(library)


def residues(limit: int) -> Iterator[tuple[int, int]]:
    """Pairs of numbers below a limit that need not be reduced, many of them where carries run through all words."""
    edges = [0, 1, 18, 19, 37, 38, 2**32 - 1, 2**224, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 - 1, 2**255]
    edges = [edge for edge in [*edges, 2**255 + 2**23 - 1, 2**256 - 39, 2**256 - 38] if edge < limit] + [limit - 1]
    yield from ((a, b) for a in edges for b in edges)
    source = random.Random(5)
    yield from ((source.randrange(limit), source.randrange(limit)) for _ in range(500))


def test_products_modulo_2_255_less_19(x25519: Curve25519) -> None:
    for a, b in residues(2**256):
        product = x25519.operate("mul", a, b)
        assert product % PRIME_25519 == a * b % PRIME_25519, (hex(a), hex(b))
        assert product < 2**255 + 2**23


def test_squares_modulo_2_255_less_19(x25519: Curve25519) -> None:
    for a, _ in residues(2**256):
        assert x25519.operate("sqr", a) == x25519.operate("mul", a, a), hex(a)


def test_sums_and_differences_modulo_2_255_less_19(x25519: Curve25519) -> None:
    for a, b in residues(2**255 + 2**23):
        assert x25519.operate("add", a, b) % PRIME_25519 == (a + b) % PRIME_25519, (hex(a), hex(b))
    for a, b in residues(2**256 - 37):
        assert x25519.operate("sub", a, b) % PRIME_25519 == (a - b) % PRIME_25519, (hex(a), hex(b))


@pytest.mark.parametrize(
    "scalar, u, expected",
    [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
    ],
)
def test_x25519_gives_the_vectors_of_rfc_7748(x25519: Curve25519, scalar: str, u: str, expected: str) -> None:
    assert x25519.multiply(bytes.fromhex(scalar), bytes.fromhex(u)).hex() == expected


def test_x25519_repeated_gives_the_vectors_of_rfc_7748(x25519: Curve25519) -> None:
    scalar = u = (9).to_bytes(32, "little")
    seen = {}
    for i in range(1, 1001):
        scalar, u = x25519.multiply(scalar, u), scalar
        seen[i] = scalar.hex()
    assert seen[1] == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
    assert seen[1000] == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"


def test_x25519_is_openssls(x25519: Curve25519) -> None:
    source = random.Random(6)
    for _ in range(100):
        scalar, u, blind = source.randbytes(32), source.randbytes(32), source.getrandbits(256)
        private = X25519PrivateKey.from_private_bytes(scalar)
        expected = private.exchange(X25519PublicKey.from_public_bytes(u))
        assert x25519.multiply(scalar, u, blind) == expected, (scalar.hex(), u.hex())
        assert x25519.multiply(scalar, None, blind) == private.public_key().public_bytes_raw(), scalar.hex()


@pytest.mark.parametrize("blind", [0, 1, PRIME_25519, 2**256 - 1])
def test_blinding_changes_no_result_of_x25519(x25519: Curve25519, blind: int) -> None:
    scalar, u = bytes(range(32)), bytes(range(32, 64))
    assert x25519.multiply(scalar, u, blind) == x25519.multiply(scalar, u)


def test_a_point_of_small_order_gives_zero(x25519: Curve25519) -> None:
    for u in (0, 1, PRIME_25519 - 1, PRIME_25519, PRIME_25519 + 1, 2**255 + 1):
        assert x25519.multiply(bytes(range(32)), u.to_bytes(32, "little")) == bytes(32), hex(u)
