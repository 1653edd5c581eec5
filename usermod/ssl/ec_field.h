// SPDX-License-Identifier: MIT
//
// Arithmetic in the prime fields of P-256 and P-384 (FIPS 186-4, D.1.2.3 and D.1.2.4).
//
// An element is eight or twelve words of 32 bits, the least significant first, and always smaller than p. It stands for
// itself times 2^(32 words) (Montgomery's form): then a product is reduced by additions alone, because p = -1 modulo 2^96
// or 2^32. A result may be the same object as an argument. Nothing here branches on, or is indexed by, an element's value.
#ifndef MPY_SSL_EC_FIELD_H
#define MPY_SSL_EC_FIELD_H

#include <stdint.h>

#define MPY_SSL_EC_WORDS 12

// Words beyond those of the field are not looked at.
typedef struct {
    uint32_t word[MPY_SSL_EC_WORDS];
} mpy_ssl_fe;

// A step of an inversion: the result so far is squared so many times, multiplied by a kept one, and kept itself.
typedef struct {
    uint8_t squares, factor, keep;
} mpy_ssl_fe_step;

#define MPY_SSL_FE_KEPT 7 // numbers of `factor` and `keep`; 0 holds what is inverted

typedef struct {
    int words;
    mpy_ssl_fe prime, one, square;      // p, 2^(32 words) mod p, and the latter's square mod p
    // r = a * b / 2^(32 words), r = a * a / 2^(32 words): products in Montgomery's form; r = a + b; r = a - b.
    void (*mul)(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);
    void (*sqr)(mpy_ssl_fe *r, const mpy_ssl_fe *a);
    void (*add)(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);
    void (*sub)(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);
    const mpy_ssl_fe_step *inversion;   // the steps that give a^(p - 2), ended by one with no squares
} mpy_ssl_field;

// P-256: 729, 559, 135 and 93 instructions on RV32IM; P-384: 1852, 1339, 216 and 156.
extern const mpy_ssl_field mpy_ssl_field_p256, mpy_ssl_field_p384;

// r = 1 / a by Fermat's theorem; 0 for 0.
void mpy_ssl_fe_inv(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a);

// Any value that fits the words to Montgomery's form, and an element back.
void mpy_ssl_fe_in(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a);
void mpy_ssl_fe_out(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a);

// All ones if a is 0, else 0.
uint32_t mpy_ssl_fe_is_zero(const mpy_ssl_field *f, const mpy_ssl_fe *a);

// r = a where mask is all ones; r stays where it is 0.
void mpy_ssl_fe_select(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a, uint32_t mask);

// What a port may bring for its processor, with MPY_SSL_EC_FIELD_ASM. It has to where the compiler makes branches of
// comparisons, as for Armv6-M (ec_field_thumb.S). t: twice as many words as a and b have; bytes: 4 a word.
void mpy_ssl_ec_product(uint32_t *t, const uint32_t *a, const uint32_t *b, uint32_t bytes);
void mpy_ssl_ec_square(uint32_t *t, const uint32_t *a, uint32_t bytes);
void mpy_ssl_ec_reduce_p256(mpy_ssl_fe *r, uint32_t t[16]); // r = t / 2^256 mod p; t is lost
void mpy_ssl_ec_add_p256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);
void mpy_ssl_ec_sub_p256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b);

#endif
