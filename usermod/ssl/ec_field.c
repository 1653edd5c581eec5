// SPDX-License-Identifier: MIT
#include "ec_field.h"

#include <stddef.h>

#include "ec_word.h"

#define ALL_ONES 0xffffffff

// r = sum modulo p, for sum + carry * 2^(32 words) < 2 p.
static inline void reduce_once(mpy_ssl_fe *r, const uint32_t *sum, uint32_t carry, const uint32_t *p, int words) {
    uint32_t less[MPY_SSL_EC_WORDS];
    uint32_t borrow = 0;
    UNROLL for (int i = 0; i < words; i++) {
        less[i] = subtract_borrow(sum[i], p[i], &borrow);
    }
    uint32_t keep = -(borrow & ~carry);
    UNROLL for (int i = 0; i < words; i++) {
        r->word[i] = less[i] ^ ((less[i] ^ sum[i]) & keep);
    }
}

// r = a - b modulo p.
static inline void subtract_modulo(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b, const uint32_t *p, int words) {
    uint32_t difference[MPY_SSL_EC_WORDS];
    uint32_t borrow = 0, carry = 0;
    UNROLL for (int i = 0; i < words; i++) {
        difference[i] = subtract_borrow(a->word[i], b->word[i], &borrow);
    }
    borrow = -borrow;
    UNROLL for (int i = 0; i < words; i++) {
        r->word[i] = add_carry(difference[i], p[i] & borrow, &carry);
    }
}

// --- P-256 -------------------------------------------------------------------------------------------------------

#define WORDS 8

#ifndef MPY_SSL_EC_FIELD_ASM

static void reduce_once_256(mpy_ssl_fe *r, const uint32_t sum[WORDS], uint32_t carry) {
    reduce_once(r, sum, carry, mpy_ssl_field_p256.prime.word, WORDS);
}

static void add_256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t sum[WORDS];
    uint32_t carry = add_words(sum, a->word, b->word, WORDS);
    reduce_once_256(r, sum, carry);
}

static void sub_256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    subtract_modulo(r, a, b, mpy_ssl_field_p256.prime.word, WORDS);
}

// Montgomery's reduction (P. Montgomery, 1985) goes along with the columns. The multiple m of p that makes column k zero is
// that column's own word, m[k]; times p it comes back, with the signs of p, in the columns k+3, k+6, k+7 and k+8.
#define LOW(k) m[k] = next_column(&c)
#define HIGH(k) sum[(k) - WORDS] = next_column(&c)
#define MINUS(k) subtract_word(&c, m[k])
#define PLUS(k) add_word(&c, m[k])

#define PM(i, j, k) add_product(&c, a[i], b[j], m[k])

static void mul_256(mpy_ssl_fe *r, const mpy_ssl_fe *left, const mpy_ssl_fe *right) {
    const uint32_t *a = left->word, *b = right->word;
    uint32_t m[WORDS], sum[WORDS];
    column c = {0, 0, 0};
    P(0, 0), LOW(0);
    P(0, 1), P(1, 0), LOW(1);
    P(0, 2), P(1, 1), P(2, 0), LOW(2);
    PM(0, 3, 0), P(1, 2), P(2, 1), P(3, 0), LOW(3);
    PM(0, 4, 1), P(1, 3), P(2, 2), P(3, 1), P(4, 0), LOW(4);
    PM(0, 5, 2), P(1, 4), P(2, 3), P(3, 2), P(4, 1), P(5, 0), LOW(5);
    PM(0, 6, 3), PM(1, 5, 0), P(2, 4), P(3, 3), P(4, 2), P(5, 1), P(6, 0), LOW(6);
    PM(0, 7, 4), PM(1, 6, 1), P(2, 5), P(3, 4), P(4, 3), P(5, 2), P(6, 1), P(7, 0), MINUS(0), LOW(7);
    PM(1, 7, 5), PM(2, 6, 2), PM(3, 5, 0), P(4, 4), P(5, 3), P(6, 2), P(7, 1), MINUS(1), HIGH(8);
    PM(2, 7, 6), PM(3, 6, 3), PM(4, 5, 1), P(5, 4), P(6, 3), P(7, 2), MINUS(2), HIGH(9);
    PM(3, 7, 7), PM(4, 6, 4), PM(5, 5, 2), P(6, 4), P(7, 3), MINUS(3), HIGH(10);
    PM(4, 7, 5), PM(5, 6, 3), P(6, 5), P(7, 4), MINUS(4), HIGH(11);
    PM(5, 7, 6), PM(6, 6, 4), P(7, 5), MINUS(5), HIGH(12);
    PM(6, 7, 7), PM(7, 6, 5), MINUS(6), HIGH(13);
    PM(7, 7, 6), MINUS(7), HIGH(14);
    PLUS(7), HIGH(15);
    reduce_once_256(r, sum, c.low);
}

#define SM(i, k) add_product(&c, a[i], a[i], m[k])
#define FM(i, j, k) add_product(&c, a[i], a[j] << 1, m[k])
#define DM(i, j, k) add_product(&c, a[i], DOUBLED(j), m[k])

static void sqr_256(mpy_ssl_fe *r, const mpy_ssl_fe *element) {
    const uint32_t *a = element->word;
    uint32_t m[WORDS], sum[WORDS];
    uint32_t top = -(a[7] >> 31);
    column c = {0, 0, 0};
    S(0), LOW(0);
    F(0, 1), LOW(1);
    D(0, 2), S(1), LOW(2);
    DM(0, 3, 0), F(1, 2), LOW(3);
    DM(0, 4, 1), D(1, 3), S(2), LOW(4);
    DM(0, 5, 2), D(1, 4), F(2, 3), LOW(5);
    DM(0, 6, 3), DM(1, 5, 0), D(2, 4), S(3), LOW(6);
    DM(0, 7, 4), DM(1, 6, 1), D(2, 5), F(3, 4), MINUS(0), LOW(7);
    T(0), DM(1, 7, 5), DM(2, 6, 2), DM(3, 5, 0), S(4), MINUS(1), HIGH(8);
    T(1), DM(2, 7, 6), DM(3, 6, 3), FM(4, 5, 1), MINUS(2), HIGH(9);
    T(2), DM(3, 7, 7), DM(4, 6, 4), SM(5, 2), MINUS(3), HIGH(10);
    T(3), DM(4, 7, 5), FM(5, 6, 3), MINUS(4), HIGH(11);
    T(4), DM(5, 7, 6), SM(6, 4), MINUS(5), HIGH(12);
    T(5), FM(6, 7, 7), PLUS(5), MINUS(6), HIGH(13);
    T(6), SM(7, 6), MINUS(7), HIGH(14);
    PLUS(7), HIGH(15);
    reduce_once_256(r, sum, c.low);
}

#else

#define add_256 mpy_ssl_ec_add_p256
#define sub_256 mpy_ssl_ec_sub_p256

static void mul_256(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t t[2 * WORDS];
    mpy_ssl_ec_product(t, a->word, b->word, 4 * WORDS);
    mpy_ssl_ec_reduce_p256(r, t);
}

static void sqr_256(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    uint32_t t[2 * WORDS];
    mpy_ssl_ec_square(t, a->word, 4 * WORDS);
    mpy_ssl_ec_reduce_p256(r, t);
}

#endif
#undef WORDS

// p - 2 is, from the top: 32 ones, 31 zeros, 1, 96 zeros, 94 ones, 0, 1. Numbers 1 to 5 keep 2, 4, 8, 16 and 32 ones.
static const mpy_ssl_fe_step inversion_256[] = {
    {1, 0, 1}, {2, 1, 2}, {4, 2, 3}, {8, 3, 4}, {16, 4, 5}, {32, 0, 6}, {128, 5, 6}, {32, 5, 6}, {16, 4, 6}, {8, 3, 6},
    {4, 2, 6}, {2, 1, 6}, {2, 0, 6}, {0, 0, 0},
};

const mpy_ssl_field mpy_ssl_field_p256 = {
    .words = 8,
    .prime = {{ALL_ONES, ALL_ONES, ALL_ONES, 0, 0, 0, 1, ALL_ONES}},
    .one = {{1, 0, 0, ALL_ONES, ALL_ONES, ALL_ONES, 0xfffffffe, 0}},
    .square = {{3, 0, ALL_ONES, 0xfffffffb, 0xfffffffe, ALL_ONES, 0xfffffffd, 4}},
    .mul = mul_256,
    .sqr = sqr_256,
    .add = add_256,
    .sub = sub_256,
    .inversion = inversion_256,
};

// --- P-384: p = 2^384 - 2^128 - 2^96 + 2^32 - 1 --------------------------------------------------------------------

#define WORDS 12

static void reduce_once_384(mpy_ssl_fe *r, const uint32_t sum[WORDS], uint32_t carry) {
    reduce_once(r, sum, carry, mpy_ssl_field_p384.prime.word, WORDS);
}

static void add_384(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t sum[WORDS];
    uint32_t carry = add_words(sum, a->word, b->word, WORDS);
    reduce_once_384(r, sum, carry);
}

static void sub_384(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    subtract_modulo(r, a, b, mpy_ssl_field_p384.prime.word, WORDS);
}

// The same reduction as for P-256: m[k] comes back in the columns k+1, k+3, k+4 and k+12.
static void reduce_384(mpy_ssl_fe *r, const uint32_t t[2 * WORDS]) {
    uint32_t padded[4 + WORDS + 4], sum[WORDS];
    uint32_t *m = padded + 4;
    int64_t column = 0;
    UNROLL for (int k = 0; k < 4; k++) {
        padded[k] = 0;
        m[WORDS + k] = 0;
    }
    UNROLL for (int k = 0; k < WORDS; k++) {
        column += (int64_t)t[k] + m[k - 1] - m[k - 3] - m[k - 4];
        m[k] = (uint32_t)column;
        column >>= 32;
    }
    UNROLL for (int k = WORDS; k < 2 * WORDS; k++) {
        column += (int64_t)t[k] + m[k - WORDS];
        if (k < WORDS + 4) {
            column += (int64_t)m[k - 1] - m[k - 3] - m[k - 4];
        }
        sum[k - WORDS] = (uint32_t)column;
        column >>= 32;
    }
    reduce_once_384(r, sum, (uint32_t)column);
}

#ifndef MPY_SSL_EC_FIELD_ASM

// Numbers of six words, the halves of those with twelve. The sums below fit twelve words, as those of single words fit two.
#define HALF 6
#define NEXT(k) r[k] = next_column(&c)
#define PX(i, j) add_product(&c, a[i], b[j], x[(i) + (j)])
#define PY(i, j) add_product(&c, a[i], b[j], y[(i) + (j)])

// r = a * b + x + y; r may be x or y.
static void product_half(uint32_t *r, const uint32_t *restrict a, const uint32_t *restrict b, const uint32_t *x, const uint32_t *y) {
    column c = {y[0], 0, 0};
    PX(0, 0), NEXT(0);
    PX(0, 1), PY(1, 0), NEXT(1);
    PX(0, 2), PY(1, 1), P(2, 0), NEXT(2);
    PX(0, 3), PY(1, 2), P(2, 1), P(3, 0), NEXT(3);
    PX(0, 4), PY(1, 3), P(2, 2), P(3, 1), P(4, 0), NEXT(4);
    PX(0, 5), PY(1, 4), P(2, 3), P(3, 2), P(4, 1), P(5, 0), NEXT(5);
    P(1, 5), P(2, 4), P(3, 3), P(4, 2), P(5, 1), NEXT(6);
    P(2, 5), P(3, 4), P(4, 3), P(5, 2), NEXT(7);
    P(3, 5), P(4, 4), P(5, 3), NEXT(8);
    P(4, 5), P(5, 4), NEXT(9);
    P(5, 5), NEXT(10), NEXT(11);
}

// r = a * a
static void square_half(uint32_t *r, const uint32_t *restrict a) {
    uint32_t top = -(a[5] >> 31);
    column c = {0, 0, 0};
    S(0), NEXT(0);
    F(0, 1), NEXT(1);
    D(0, 2), S(1), NEXT(2);
    D(0, 3), F(1, 2), NEXT(3);
    D(0, 4), D(1, 3), S(2), NEXT(4);
    D(0, 5), D(1, 4), F(2, 3), NEXT(5);
    T(0), D(1, 5), D(2, 4), S(3), NEXT(6);
    T(1), D(2, 5), F(3, 4), NEXT(7);
    T(2), D(3, 5), S(4), NEXT(8);
    T(3), F(4, 5), NEXT(9);
    T(4), S(5), NEXT(10), NEXT(11);
}

static const uint32_t zero[HALF];

static void product_384(uint32_t t[2 * WORDS], const uint32_t *a, const uint32_t *b) {
    uint32_t middle[2 * HALF];
    product_half(t, a, b, zero, zero);
    product_half(middle, a + HALF, b, t + HALF, zero);
    product_half(t + HALF, a, b + HALF, middle, zero);
    product_half(t + WORDS, a + HALF, b + HALF, middle + HALF, t + WORDS);
}

static void square_384(uint32_t t[2 * WORDS], const uint32_t *a) {
    uint32_t middle[2 * HALF];
    uint32_t carry = 0, above = 0;
    square_half(t, a);
    square_half(t + WORDS, a + HALF);
    product_half(middle, a, a + HALF, zero, zero);
    UNROLL for (int i = 0; i < 2 * HALF; i++) {
        t[HALF + i] = add_carry(t[HALF + i], middle[i] << 1 | above, &carry);
        above = middle[i] >> 31;
    }
    carry += above;
    UNROLL for (int i = 3 * HALF; i < 4 * HALF; i++) {
        t[i] += carry;
        carry = t[i] < carry;
    }
}

#else

static void product_384(uint32_t t[2 * WORDS], const uint32_t *a, const uint32_t *b) {
    mpy_ssl_ec_product(t, a, b, 4 * WORDS);
}

static void square_384(uint32_t t[2 * WORDS], const uint32_t *a) {
    mpy_ssl_ec_square(t, a, 4 * WORDS);
}

#endif

static void mul_384(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t t[2 * WORDS];
    product_384(t, a->word, b->word);
    reduce_384(r, t);
}

static void sqr_384(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    uint32_t t[2 * WORDS];
    square_384(t, a->word);
    reduce_384(r, t);
}

// p - 2 is, from the top: 255 ones, 0, 32 ones, 64 zeros, 30 ones, 0, 1. Numbers 1 to 5 keep 2, 3, then 6 to 240, 15 and 30 ones.
static const mpy_ssl_fe_step inversion_384[] = {
    {1, 0, 1}, {1, 0, 2}, {3, 2, 3}, {6, 3, 3}, {3, 2, 4}, {15, 4, 5}, {30, 5, 3}, {60, 3, 3}, {120, 3, 3}, {15, 4, 3},
    {31, 5, 3}, {2, 1, 3}, {94, 5, 3}, {2, 0, 3}, {0, 0, 0},
};

const mpy_ssl_field mpy_ssl_field_p384 = {
    .words = WORDS,
    .prime = {{
        ALL_ONES, 0, 0, ALL_ONES, 0xfffffffe, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES,
    }},
    .one = {{1, ALL_ONES, ALL_ONES, 0, 1}},
    .square = {{1, 0xfffffffe, 0, 2, 0, 0xfffffffe, 0, 2, 1}},
    .mul = mul_384,
    .sqr = sqr_384,
    .add = add_384,
    .sub = sub_384,
    .inversion = inversion_384,
};

// --- Both ----------------------------------------------------------------------------------------------------------

void mpy_ssl_fe_inv(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    mpy_ssl_fe kept[MPY_SSL_FE_KEPT];
    mpy_ssl_fe power = *a;
    kept[0] = power;
    for (const mpy_ssl_fe_step *step = f->inversion; step->squares; step++) {
        for (int count = step->squares; count > 0; count--) {
            f->sqr(&power, &power);
        }
        f->mul(&power, &power, &kept[step->factor]);
        kept[step->keep] = power;
    }
    *r = power;
}

void mpy_ssl_fe_in(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    f->mul(r, a, &f->square);
}

void mpy_ssl_fe_out(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    static const mpy_ssl_fe one = {{1}};
    f->mul(r, a, &one);
}

uint32_t mpy_ssl_fe_is_zero(const mpy_ssl_field *f, const mpy_ssl_fe *a) {
    uint32_t bits = 0;
    for (int i = 0; i < f->words; i++) {
        bits |= a->word[i];
    }
    return ((bits | -bits) >> 31) - 1;
}

void mpy_ssl_fe_select(const mpy_ssl_field *f, mpy_ssl_fe *r, const mpy_ssl_fe *a, uint32_t mask) {
    for (int i = 0; i < f->words; i++) {
        r->word[i] ^= (r->word[i] ^ a->word[i]) & mask;
    }
}
