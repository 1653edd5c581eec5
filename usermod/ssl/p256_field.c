// SPDX-License-Identifier: MIT
#include "p256_field.h"

#define WORDS MPY_SSL_P256_WORDS

const mpy_ssl_fe mpy_ssl_fe_one = {{1, 0, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe, 0}};

static const mpy_ssl_fe prime = {{0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 1, 0xffffffff}};
static const mpy_ssl_fe square_of_2_256 = {{3, 0, 0xffffffff, 0xfffffffb, 0xfffffffe, 0xffffffff, 0xfffffffd, 4}};

// Sums and differences with a carry or borrow of 0 or 1, in comparisons of single words: those become no branches.
static inline uint32_t add_carry(uint32_t a, uint32_t b, uint32_t *carry) {
    uint32_t sum = a + b;
    uint32_t first = sum < b;
    sum += *carry;
    *carry = first | (sum < *carry);
    return sum;
}

static inline uint32_t subtract_borrow(uint32_t a, uint32_t b, uint32_t *borrow) {
    uint32_t difference = a - b;
    uint32_t first = a < b;
    uint32_t rest = difference - *borrow;
    *borrow = first | (difference < *borrow);
    return rest;
}

// r = sum modulo p, for sum + carry * 2^256 < 2 p.
static void reduce_once(mpy_ssl_fe *r, const uint32_t sum[WORDS], uint32_t carry) {
    uint32_t less[WORDS];
    uint32_t borrow = 0;
#pragma GCC unroll 8
    for (int i = 0; i < WORDS; i++) {
        less[i] = subtract_borrow(sum[i], prime.word[i], &borrow);
    }
    uint32_t keep = -(borrow & ~carry);
#pragma GCC unroll 8
    for (int i = 0; i < WORDS; i++) {
        r->word[i] = less[i] ^ ((less[i] ^ sum[i]) & keep);
    }
}

void mpy_ssl_fe_add(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t sum[WORDS];
    uint32_t carry = 0;
#pragma GCC unroll 8
    for (int i = 0; i < WORDS; i++) {
        sum[i] = add_carry(a->word[i], b->word[i], &carry);
    }
    reduce_once(r, sum, carry);
}

void mpy_ssl_fe_sub(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
    uint32_t difference[WORDS];
    uint32_t borrow = 0, carry = 0;
#pragma GCC unroll 8
    for (int i = 0; i < WORDS; i++) {
        difference[i] = subtract_borrow(a->word[i], b->word[i], &borrow);
    }
    borrow = -borrow;
#pragma GCC unroll 8
    for (int i = 0; i < WORDS; i++) {
        r->word[i] = add_carry(difference[i], prime.word[i] & borrow, &carry);
    }
}

#ifndef MPY_SSL_P256_FIELD_ASM

// A column of a product that is formed column by column: a sum of 96 bits in two's complement.
typedef struct {
    uint32_t low, middle, high;
} column;

static inline void add_word(column *c, uint32_t word) {
    c->low += word;
    uint32_t carry = c->low < word;
    c->middle += carry;
    c->high += c->middle < carry;
}

static inline void subtract_word(column *c, uint32_t word) {
    uint32_t borrow = c->low < word;
    c->low -= word;
    c->high -= c->middle < borrow;
    c->middle -= borrow;
}

// c += a * b + word. A product leaves room for two words above it: (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
static inline void add_product(column *c, uint32_t a, uint32_t b, uint32_t word) {
    uint64_t product = (uint64_t)a * b;
    uint32_t low = (uint32_t)product + word, high = (uint32_t)(product >> 32);
    high += low < word;
    c->low += low;
    high += c->low < low;
    c->middle += high;
    c->high += c->middle < high;
}

static inline uint32_t next_column(column *c) {
    uint32_t word = c->low;
    c->low = c->middle;
    c->middle = c->high;
    c->high = (uint32_t)((int32_t)c->high >> 31);
    return word;
}

// Montgomery's reduction (P. Montgomery, 1985) goes along with the columns. The multiple m of p that makes column k zero is
// that column's own word, m[k]; times p it comes back, with the signs of p, in the columns k+3, k+6, k+7 and k+8.
#define LOW(k) m[k] = next_column(&c)
#define HIGH(k) sum[(k) - WORDS] = next_column(&c)
#define MINUS(k) subtract_word(&c, m[k])
#define PLUS(k) add_word(&c, m[k])

#define P(i, j) add_product(&c, a->word[i], b->word[j], 0)
#define PM(i, j, k) add_product(&c, a->word[i], b->word[j], m[k])

void mpy_ssl_fe_mul(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b) {
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
    reduce_once(r, sum, c.low);
}

// Twice a product of two different words: a word times one of 2 a. F(i, j) is for j = i + 1, whose doubled word must not take
// over the topmost bit of a[i]; T(i) adds what 2 a has above its eight words.
#define DOUBLED(j) ((a->word[j] << 1) | (a->word[(j) - 1] >> 31))
#define S(i) add_product(&c, a->word[i], a->word[i], 0)
#define F(i, j) add_product(&c, a->word[i], a->word[j] << 1, 0)
#define D(i, j) add_product(&c, a->word[i], DOUBLED(j), 0)
#define SM(i, k) add_product(&c, a->word[i], a->word[i], m[k])
#define FM(i, j, k) add_product(&c, a->word[i], a->word[j] << 1, m[k])
#define DM(i, j, k) add_product(&c, a->word[i], DOUBLED(j), m[k])
#define T(i) add_word(&c, a->word[i] & top)

void mpy_ssl_fe_sqr(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    uint32_t m[WORDS], sum[WORDS];
    uint32_t top = -(a->word[7] >> 31);
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
    reduce_once(r, sum, c.low);
}

#endif

// r = a^(2^count).
static void square_times(mpy_ssl_fe *r, const mpy_ssl_fe *a, int count) {
    *r = *a;
    while (count-- > 0) {
        mpy_ssl_fe_sqr(r, r);
    }
}

// r = a^(2^count) * b.
static void square_and_multiply(mpy_ssl_fe *r, const mpy_ssl_fe *a, int count, const mpy_ssl_fe *b) {
    mpy_ssl_fe power;
    square_times(&power, a, count);
    mpy_ssl_fe_mul(r, &power, b);
}

// The exponent p - 2 is, from the top: 32 ones, 31 zeros, 1, 96 zeros, 94 ones, 0, 1.
void mpy_ssl_fe_inv(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    mpy_ssl_fe ones_2, ones_4, ones_8, ones_16, ones_32, t;
    square_and_multiply(&ones_2, a, 1, a);
    square_and_multiply(&ones_4, &ones_2, 2, &ones_2);
    square_and_multiply(&ones_8, &ones_4, 4, &ones_4);
    square_and_multiply(&ones_16, &ones_8, 8, &ones_8);
    square_and_multiply(&ones_32, &ones_16, 16, &ones_16);
    square_and_multiply(&t, &ones_32, 32, a);
    square_and_multiply(&t, &t, 128, &ones_32);
    square_and_multiply(&t, &t, 32, &ones_32);
    square_and_multiply(&t, &t, 16, &ones_16);
    square_and_multiply(&t, &t, 8, &ones_8);
    square_and_multiply(&t, &t, 4, &ones_4);
    square_and_multiply(&t, &t, 2, &ones_2);
    square_and_multiply(r, &t, 2, a);
}

void mpy_ssl_fe_in(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    mpy_ssl_fe_mul(r, a, &square_of_2_256);
}

void mpy_ssl_fe_out(mpy_ssl_fe *r, const mpy_ssl_fe *a) {
    static const mpy_ssl_fe one = {{1}};
    mpy_ssl_fe_mul(r, a, &one);
}

uint32_t mpy_ssl_fe_is_zero(const mpy_ssl_fe *a) {
    uint32_t bits = 0;
    for (int i = 0; i < WORDS; i++) {
        bits |= a->word[i];
    }
    return ((bits | -bits) >> 31) - 1;
}

void mpy_ssl_fe_select(mpy_ssl_fe *r, const mpy_ssl_fe *a, uint32_t mask) {
    for (int i = 0; i < WORDS; i++) {
        r->word[i] ^= (r->word[i] ^ a->word[i]) & mask;
    }
}
