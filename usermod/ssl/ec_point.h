// SPDX-License-Identifier: MIT
//
// Multiplication of points on P-256 and P-384 (FIPS 186-4, D.1.2.3 and D.1.2.4), without memory from a heap.
//
// Numbers are as many words of 32 bits as the curve's field has, the least significant first. Secret scalars: the sequence of
// instructions and of addresses does not depend on them, but for one event of probability 2^-250. About 1.3 KB of stack.
#ifndef MPY_SSL_EC_POINT_H
#define MPY_SSL_EC_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "ec_field.h"

// A point other than infinity, or a number in each coordinate that is still to be checked.
typedef struct {
    mpy_ssl_fe x, y;
} mpy_ssl_ec_point;

// y^2 = x^3 - 3 x + b
typedef struct {
    const mpy_ssl_field *field;
    mpy_ssl_fe order;
    mpy_ssl_fe b;                // in Montgomery's form
    mpy_ssl_ec_point generator;
    const uint32_t *comb;        // see ec_comb.h
    int comb_distance;
} mpy_ssl_curve;

extern const mpy_ssl_curve mpy_ssl_p256, mpy_ssl_p384;

// Room for multiples of a point, 1.1 KB, which is too much for small stacks: the caller's, who clears it afterwards.
typedef struct {
    mpy_ssl_fe coordinate[24];
} mpy_ssl_ec_room;

// True if both coordinates are below p and satisfy the curve's equation.
bool mpy_ssl_ec_is_on_curve(const mpy_ssl_curve *curve, const mpy_ssl_ec_point *point);

// True if 0 < scalar < order, in constant time.
bool mpy_ssl_ec_is_scalar(const mpy_ssl_curve *curve, const mpy_ssl_fe *scalar);

// r = scalar * point, or scalar * generator where point is NULL, for 0 < scalar < order and a point on the curve. `blind` is
// random and scales the coordinates that are computed with, against measuring over many runs (J.-S. Coron, 1999, 5.3); a
// multiple of p there is used as 1. `room` is not needed for the generator.
void mpy_ssl_ec_multiply(const mpy_ssl_curve *curve, mpy_ssl_ec_point *r, const mpy_ssl_fe *scalar,
    const mpy_ssl_ec_point *point, const mpy_ssl_fe *blind, mpy_ssl_ec_room *room);

// r = u * generator + v * point, for u and v below the order and a point on the curve. False for infinity, r is then
// unchanged. For public numbers only: its time depends on them.
bool mpy_ssl_ec_multiply_add(const mpy_ssl_curve *curve, mpy_ssl_ec_point *r, const mpy_ssl_fe *u, const mpy_ssl_fe *v,
    const mpy_ssl_ec_point *point, mpy_ssl_ec_room *room);

// quotient[i] = numerator[i] / divisor modulo the order, for numerators below it and 0 < divisor < order. For public numbers only,
// too. The quotients may be the numerators.
void mpy_ssl_ec_divide(const mpy_ssl_curve *curve, mpy_ssl_fe quotient[2], const mpy_ssl_fe numerator[2], const mpy_ssl_fe *divisor);

// True if (r, s) is an ECDSA signature of `hash` for the public key `point`, which is on the curve (FIPS 186-4, 6.4). The hash has as
// many bits as the order, and any value; so have r and s.
bool mpy_ssl_ec_verify(const mpy_ssl_curve *curve, const mpy_ssl_fe *hash, const mpy_ssl_fe *r, const mpy_ssl_fe *s,
    const mpy_ssl_ec_point *point, mpy_ssl_ec_room *room);

#endif
