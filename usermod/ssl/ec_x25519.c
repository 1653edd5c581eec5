// SPDX-License-Identifier: MIT
#include "ec_x25519.h"

#include <string.h>

#include "ec_word.h"
#include "mbedtls/platform_util.h"

#if MPY_SSL_X25519

#define WORDS 8
#define BITS 255
#define BASE 9
#define A24 121665 // (486662 - 2) / 4: RFC 7748, 4.1
#define TOP_BIT 0x80000000

// --- The field -----------------------------------------------------------------------------------------------------

// r = sum + carry * 2^256, for a carry below 2^18: what is above bit 254 comes back 19 times. r is below 2^255 + 2^23.
static void fold(mpy_ssl_fe *r, const uint32_t sum[WORDS], uint32_t carry) {
    uint32_t again = 19 * (carry << 1 | sum[WORDS - 1] >> 31);
    carry = 0;
    r->word[0] = add_carry(sum[0], again, &carry);
    UNROLL for (int i = 1; i < WORDS; i++) {
        r->word[i] = add_carry(i < WORDS - 1 ? sum[i] : sum[i] & ~TOP_BIT, 0, &carry);
    }
}

// r = a * factor + b, for a factor below 2^18. Not inlined, because it would be six times.
__attribute__((noinline)) static void multiply_word(mpy_ssl_fe *r, const uint32_t *a, uint32_t factor, const uint32_t *b) {
    uint32_t sum[WORDS];
    uint64_t column = 0;
    UNROLL for (int i = 0; i < WORDS; i++) {
        column += (uint64_t)a[i] * factor + b[i];
        sum[i] = (uint32_t)column;
        column >>= 32;
    }
    fold(r, sum, (uint32_t)column);
}

// 2^256 = 38
static void reduce(mpy_ssl_fe *r, const uint32_t t[2 * WORDS]) {
    multiply_word(r, t + WORDS, 38, t);
}

static void add(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t carry = add_words(r->word, a->word, b->word, WORDS);
    r->word[0] += 38 * carry; // with a carry the rest is below 2^24
}

static void sub(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t borrow = 0;
    UNROLL for (int i = 0; i < WORDS; i++) {
        r->word[i] = subtract_borrow(a->word[i], b->word[i], &borrow);
    }
    uint32_t again = 38 * borrow;
    borrow = 0;
    UNROLL for (int i = 0; i < WORDS; i++) {
        r->word[i] = subtract_borrow(r->word[i], i == 0 ? again : 0, &borrow);
    }
}

#ifndef MPY_SSL_EC_FIELD_ASM

#define COLUMN(k) t[k] = next_column(&c)

static void mul(mpy_ssl_fe *r, const mpy_ssl_fe *left, const mpy_ssl_fe *right) {
    const uint32_t *a = left->word, *b = right->word;
    uint32_t t[2 * WORDS];
    column c = {0, 0, 0};
    P(0, 0), COLUMN(0);
    P(0, 1), P(1, 0), COLUMN(1);
    P(0, 2), P(1, 1), P(2, 0), COLUMN(2);
    P(0, 3), P(1, 2), P(2, 1), P(3, 0), COLUMN(3);
    P(0, 4), P(1, 3), P(2, 2), P(3, 1), P(4, 0), COLUMN(4);
    P(0, 5), P(1, 4), P(2, 3), P(3, 2), P(4, 1), P(5, 0), COLUMN(5);
    P(0, 6), P(1, 5), P(2, 4), P(3, 3), P(4, 2), P(5, 1), P(6, 0), COLUMN(6);
    P(0, 7), P(1, 6), P(2, 5), P(3, 4), P(4, 3), P(5, 2), P(6, 1), P(7, 0), COLUMN(7);
    P(1, 7), P(2, 6), P(3, 5), P(4, 4), P(5, 3), P(6, 2), P(7, 1), COLUMN(8);
    P(2, 7), P(3, 6), P(4, 5), P(5, 4), P(6, 3), P(7, 2), COLUMN(9);
    P(3, 7), P(4, 6), P(5, 5), P(6, 4), P(7, 3), COLUMN(10);
    P(4, 7), P(5, 6), P(6, 5), P(7, 4), COLUMN(11);
    P(5, 7), P(6, 6), P(7, 5), COLUMN(12);
    P(6, 7), P(7, 6), COLUMN(13);
    P(7, 7), COLUMN(14);
    COLUMN(15);
    reduce(r, t);
}

static void sqr(mpy_ssl_fe *r, const mpy_ssl_fe *element) {
    const uint32_t *a = element->word;
    uint32_t t[2 * WORDS];
    uint32_t top = -(a[7] >> 31);
    column c = {0, 0, 0};
    S(0), COLUMN(0);
    F(0, 1), COLUMN(1);
    D(0, 2), S(1), COLUMN(2);
    D(0, 3), F(1, 2), COLUMN(3);
    D(0, 4), D(1, 3), S(2), COLUMN(4);
    D(0, 5), D(1, 4), F(2, 3), COLUMN(5);
    D(0, 6), D(1, 5), D(2, 4), S(3), COLUMN(6);
    D(0, 7), D(1, 6), D(2, 5), F(3, 4), COLUMN(7);
    T(0), D(1, 7), D(2, 6), D(3, 5), S(4), COLUMN(8);
    T(1), D(2, 7), D(3, 6), F(4, 5), COLUMN(9);
    T(2), D(3, 7), D(4, 6), S(5), COLUMN(10);
    T(3), D(4, 7), F(5, 6), COLUMN(11);
    T(4), D(5, 7), S(6), COLUMN(12);
    T(5), F(6, 7), COLUMN(13);
    T(6), S(7), COLUMN(14);
    COLUMN(15);
    reduce(r, t);
}

#else

static void mul(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t t[2 * WORDS];
    mpy_ssl_ec_product(t, a->word, b->word, 4 * WORDS);
    reduce(r, t);
}

static void sqr(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    uint32_t t[2 * WORDS];
    mpy_ssl_ec_square(t, a->word, 4 * WORDS);
    reduce(r, t);
}

#endif

// p - 2 is, from the top: 250 ones, 0, 1, 0, 1, 1. Numbers 1 to 5 keep 2, 4, 5, then 10 to 250, and 20 to 200 ones.
static const mpy_ssl_fe_step inversion[] = {
    {1, 0, 1}, {2, 1, 2}, {1, 0, 3}, {5, 3, 4}, {10, 4, 5}, {20, 5, 3}, {10, 4, 2}, {50, 2, 4}, {100, 4, 5}, {50, 2, 3},
    {2, 0, 3}, {3, 1, 3}, {0, 0, 0},
};

const mpy_ssl_field mpy_ssl_field_25519 = {
    .words = WORDS,
    .prime = {{0xffffffed, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~TOP_BIT}},
    .one = {{1}},
    .mul = mul,
    .sqr = sqr,
    .add = add,
    .sub = sub,
    .inversion = inversion,
};

// r = a modulo p, for a below 2^256: folded it is below p + 2^7, and at least p if bit 255 is set when 19 are added.
static void freeze(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    uint32_t sum[WORDS];
    uint32_t more[WORDS] = {19};
    fold(r, a->word, 0);
    add_words(sum, r->word, more, WORDS);
    more[0] = 19 * (sum[WORDS - 1] >> 31);
    add_words(r->word, r->word, more, WORDS);
    r->word[WORDS - 1] &= ~TOP_BIT;
}

// --- The ladder ----------------------------------------------------------------------------------------------------

// Two points by u = x / z, whose difference is the given point.
typedef struct {
    mpy_ssl_fe x2, z2, x3, z3;
} ladder;

static inline void swap_numbers(mpy_ssl_fe *a, mpy_ssl_fe *b, uint32_t mask) {
    UNROLL for (int i = 0; i < WORDS; i++) {
        uint32_t changes = (a->word[i] ^ b->word[i]) & mask;
        a->word[i] ^= changes;
        b->word[i] ^= changes;
    }
}

__attribute__((noinline)) static void swap(ladder *l, uint32_t mask) {
    swap_numbers(&l->x2, &l->x3, mask);
    swap_numbers(&l->z2, &l->z3, mask);
}

// r = a * u, or 9 a
static void multiply_by_u(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *u) {
    static const uint32_t zero[WORDS];
    if (u) {
        mul(r, a, u);
    } else {
        multiply_word(r, a->word, BASE, zero);
    }
}

// RFC 7748, 5: doubles the first point and adds the second.
static void step(ladder *l, const mpy_ssl_fe *u) {
    mpy_ssl_fe a, b;
    add(&a, &l->x2, &l->z2);
    sub(&b, &l->x2, &l->z2);
    add(&l->x2, &l->x3, &l->z3);
    sub(&l->z2, &l->x3, &l->z3);
    mul(&l->x2, &l->x2, &b);
    mul(&l->z2, &l->z2, &a);
    add(&l->x3, &l->z2, &l->x2);
    sub(&l->z3, &l->z2, &l->x2);
    sqr(&l->x3, &l->x3);
    sqr(&l->z3, &l->z3);
    multiply_by_u(&l->z3, &l->z3, u);
    sqr(&a, &a);
    sqr(&b, &b);
    mul(&l->x2, &a, &b);
    sub(&b, &a, &b);
    multiply_word(&a, b.word, A24, a.word);
    mul(&l->z2, &b, &a);
}

static void climb(ladder *l, const mpy_ssl_fe *scalar, const mpy_ssl_fe *u) {
    uint32_t swapped = 0;
    for (int i = BITS - 1; i >= 0; i--) {
        uint32_t bit = -(scalar->word[i / 32] >> (i % 32) & 1);
        swap(l, swapped ^ bit);
        swapped = bit;
        step(l, u);
    }
    swap(l, swapped);
}

void mpy_ssl_x25519(mpy_ssl_fe *r, const mpy_ssl_fe *scalar, const mpy_ssl_fe *u, const mpy_ssl_fe *blind) {
    ladder l;
    mpy_ssl_fe point;
    memset(&l, 0, sizeof(l));
    l.x2.word[0] = 1;
    l.z3 = *blind;
    l.z3.word[0] |= 1;
    l.z3.word[WORDS - 1] &= ~TOP_BIT >> 1; // not zero, and below p
    if (u) {
        point = *u;
        point.word[WORDS - 1] &= ~TOP_BIT;
        u = &point;
    }
    multiply_by_u(&l.x3, &l.z3, u);
    climb(&l, scalar, u);
    mpy_ssl_fe_inv(&mpy_ssl_field_25519, &l.z2, &l.z2);
    mul(&l.x2, &l.x2, &l.z2);
    freeze(r, &l.x2);
    mbedtls_platform_zeroize(&l, sizeof(l));
}

#endif
