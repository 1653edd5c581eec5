// SPDX-License-Identifier: MIT
//
// Arithmetic in the field of P-256, modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (FIPS 186-4, D.1.2.3).
//
// An element is eight words of 32 bits, the least significant first, and always smaller than p. It stands for itself
// times 2^256 (Montgomery's form): then a product is reduced by additions alone, because p = -1 modulo 2^96.
// A result may be the same object as an argument. Nothing here branches on, or is indexed by, an element's value.
#ifndef MPY_SSL_P256_FIELD_H
#define MPY_SSL_P256_FIELD_H

#include <stdint.h>

#define MPY_SSL_P256_WORDS 8

typedef struct {
    uint32_t word[MPY_SSL_P256_WORDS];
} mpy_ssl_fe;

extern const mpy_ssl_fe mpy_ssl_fe_one; // 1 in Montgomery's form, which is 2^256 - p

// r = a * b / 2^256 and r = a * a / 2^256: the product of two elements in Montgomery's form, in that form. A port may
// bring its own pair for its processor and define MPY_SSL_P256_FIELD_ASM; the portable pair costs 650 and 540
// instructions on RV32IM.
void mpy_ssl_fe_mul(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);
void mpy_ssl_fe_sqr(mpy_ssl_fe *r, const mpy_ssl_fe *a);

// r = a + b, r = a - b.
void mpy_ssl_fe_add(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);
void mpy_ssl_fe_sub(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);

// r = 1 / a by Fermat's theorem; 0 for 0.
void mpy_ssl_fe_inv(mpy_ssl_fe *r, const mpy_ssl_fe *a);

// Words of any value below p (for mpy_ssl_fe_in: below 2^256) to Montgomery's form, and back.
void mpy_ssl_fe_in(mpy_ssl_fe *r, const mpy_ssl_fe *a);
void mpy_ssl_fe_out(mpy_ssl_fe *r, const mpy_ssl_fe *a);

// All ones if a is 0, else 0.
uint32_t mpy_ssl_fe_is_zero(const mpy_ssl_fe *a);

// r = a where mask is all ones; r stays where it is 0.
void mpy_ssl_fe_select(mpy_ssl_fe *r, const mpy_ssl_fe *a, uint32_t mask);

#endif
