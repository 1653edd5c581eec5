#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints usermod/ssl/p256_comb.c: the multiples of P-256's generator that a multiplication by a comb adds up.

Entry i is the sum of plus or minus 2^(DISTANCE * tooth) times the generator over all teeth: plus for the topmost, for the
others plus where bit `tooth` of i is set. Coordinates are affine, in Montgomery's form, words least significant first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
A = -3
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
TEETH = 5
DISTANCE = 52

Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """The sum of two points neither of which is the other's negative."""
    if a == b:
        slope = (3 * a[0] * a[0] + A) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def negative(a: Point) -> Point:
    """The point that added to `a` gives infinity."""
    return a[0], -a[1] % P


def tooth_points() -> list[Point]:
    """2^(DISTANCE * tooth) times the generator, for each tooth."""
    points = [G]
    while len(points) < TEETH:
        point = points[-1]
        for _ in range(DISTANCE):
            point = add(point, point)
        points.append(point)
    return points


def comb() -> list[Point]:
    """All entries of the table."""
    *teeth, top = tooth_points()
    entries = []
    for index in range(2 ** (TEETH - 1)):
        entry = top
        for tooth, point in enumerate(teeth):
            entry = add(entry, point if index >> tooth & 1 else negative(point))
        entries.append(entry)
    return entries


def words(coordinate: int) -> str:
    """A coordinate as an initialiser of mpy_ssl_fe."""
    number = coordinate * 2**256 % P
    return "{{" + ", ".join(f"0x{number >> 32 * i & 0xFFFFFFFF:08x}" for i in range(8)) + "}}"


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield "// SPDX-License-Identifier: MIT"
    yield "//"
    yield "// Made by tools/p256_comb.py; do not edit."
    yield '#include "p256_comb.h"'
    yield ""
    yield "const mpy_ssl_fe mpy_ssl_p256_comb[MPY_SSL_P256_COMB_POINTS][2] = {"
    for x, y in comb():
        yield f"    {{{words(x)},"
        yield f"     {words(y)}}},"
    yield "};"


def main() -> None:
    """Entry point."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print("\n".join(lines()))


if __name__ == "__main__":
    main()
