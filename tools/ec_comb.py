#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints usermod/ssl/ec_comb.c: the multiples of both generators that a multiplication by a comb adds up.

Entry i is the sum of plus or minus 2^(distance * tooth) times the generator over all teeth: plus for the topmost, for
the others plus where bit `tooth` of i is set. Coordinates are affine, in Montgomery's form, lowest word first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

TEETH = 5
A = -3
Point = tuple[int, int]


@dataclass(frozen=True)
class Curve:
    """What the table needs of y^2 = x^3 - 3 x + b modulo a prime of `bits` bits."""

    name: str
    bits: int
    prime: int
    generator: Point

    @property
    def distance(self) -> int:
        """Bits from one tooth to the next."""
        return self.bits // TEETH + 1

    def add(self, a: Point, b: Point) -> Point:
        """The sum of two points neither of which is the other's negative."""
        if a == b:
            slope = (3 * a[0] * a[0] + A) * pow(2 * a[1], -1, self.prime) % self.prime
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.prime) % self.prime
        x = (slope * slope - a[0] - b[0]) % self.prime
        return x, (slope * (a[0] - x) - a[1]) % self.prime

    def negative(self, a: Point) -> Point:
        """The point that added to `a` gives infinity."""
        return a[0], -a[1] % self.prime


P256 = Curve(
    "p256",
    256,
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
P384 = Curve(
    "p384",
    384,
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    (
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
)


def tooth_points(curve: Curve) -> list[Point]:
    """2^(distance * tooth) times the generator, for each tooth."""
    points = [curve.generator]
    while len(points) < TEETH:
        point = points[-1]
        for _ in range(curve.distance):
            point = curve.add(point, point)
        points.append(point)
    return points


def comb(curve: Curve) -> list[Point]:
    """All entries of the table."""
    *teeth, top = tooth_points(curve)
    entries = []
    for index in range(2 ** (TEETH - 1)):
        entry = top
        for tooth, point in enumerate(teeth):
            entry = curve.add(entry, point if index >> tooth & 1 else curve.negative(point))
        entries.append(entry)
    return entries


def words(curve: Curve, coordinate: int) -> Iterator[str]:
    """A coordinate in lines of initialisers."""
    number = coordinate * 2**curve.bits % curve.prime
    digits = [f"0x{number >> 32 * i & 0xFFFFFFFF:08x}" for i in range(curve.bits // 32)]
    for i in range(0, len(digits), 6 if len(digits) % 6 == 0 else 8):
        yield "    " + ", ".join(digits[i : i + (6 if len(digits) % 6 == 0 else 8)]) + ","


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield "// SPDX-License-Identifier: MIT"
    yield "//"
    yield "// Made by tools/ec_comb.py; do not edit."
    yield '#include "ec_comb.h"'
    for curve in (P256, P384):
        yield ""
        yield f"const uint32_t mpy_ssl_comb_{curve.name}[MPY_SSL_COMB_POINTS * 2 * {curve.bits // 32}] = {{"
        for point in comb(curve):
            for coordinate in point:
                yield from words(curve, coordinate)
        yield "};"


def main() -> None:
    """Entry point."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print("\n".join(lines()))


if __name__ == "__main__":
    main()
