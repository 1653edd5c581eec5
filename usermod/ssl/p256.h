// SPDX-License-Identifier: MIT
//
// Multiplication of points on P-256 (FIPS 186-4, D.1.2.3; SEC 2, 2.4.2), without memory from a heap.
//
// Numbers are eight words of 32 bits, the least significant first. Secret scalars: the sequence of instructions and of
// addresses does not depend on them, but for one event of probability 2^-250. About 1.6 KB of stack.
#ifndef MPY_SSL_P256_H
#define MPY_SSL_P256_H

#include <stdbool.h>
#include <stdint.h>

#include "p256_field.h"

// A point other than infinity, or a number of 256 bits in each coordinate that is still to be checked.
typedef struct {
    uint32_t x[MPY_SSL_P256_WORDS];
    uint32_t y[MPY_SSL_P256_WORDS];
} mpy_ssl_p256_point;

extern const mpy_ssl_p256_point mpy_ssl_p256_generator;
extern const uint32_t mpy_ssl_p256_order[MPY_SSL_P256_WORDS];

// True if both coordinates are below p and satisfy the curve's equation.
bool mpy_ssl_p256_is_on_curve(const mpy_ssl_p256_point *point);

// True if 0 < scalar < order, in constant time.
bool mpy_ssl_p256_is_scalar(const uint32_t scalar[MPY_SSL_P256_WORDS]);

// r = scalar * point, or scalar * generator where point is NULL, for 0 < scalar < order and a point on the curve. `blind` is
// random and scales the coordinates that are computed with, against measuring over many runs (J.-S. Coron, 1999, 5.3); a
// multiple of p there is used as 1.
void mpy_ssl_p256_multiply(mpy_ssl_p256_point *r, const uint32_t scalar[MPY_SSL_P256_WORDS],
    const mpy_ssl_p256_point *point, const uint32_t blind[MPY_SSL_P256_WORDS]);

// r = u * generator + v * point, for u and v below the order and a point on the curve. False for infinity, r is then
// unchanged. For public numbers only: its time depends on them.
bool mpy_ssl_p256_multiply_add(mpy_ssl_p256_point *r, const uint32_t u[MPY_SSL_P256_WORDS],
    const uint32_t v[MPY_SSL_P256_WORDS], const mpy_ssl_p256_point *point);

#endif
