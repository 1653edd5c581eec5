// SPDX-License-Identifier: MIT
//
// Long numbers word by word, for the files that have the arithmetic of a field: carries, and columns of products. Nothing here
// becomes a branch, given the options of the compiler that these files are compiled with.
#ifndef MPY_SSL_EC_WORD_H
#define MPY_SSL_EC_WORD_H

#include <stdint.h>

#ifndef MPY_SSL_EC_FIELD_ASM

#define UNROLL _Pragma("GCC unroll 12") // all words

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

#else

#define UNROLL _Pragma("GCC unroll 1")

// The same in sums of two words, for processors on which comparisons become branches.
static inline uint32_t add_carry(uint32_t a, uint32_t b, uint32_t *carry) {
    uint64_t sum = (uint64_t)a + b + *carry;
    *carry = (uint32_t)(sum >> 32);
    return (uint32_t)sum;
}

static inline uint32_t subtract_borrow(uint32_t a, uint32_t b, uint32_t *borrow) {
    uint64_t difference = (uint64_t)a - b - *borrow;
    *borrow = (uint32_t)(difference >> 32) & 1;
    return (uint32_t)difference;
}

#endif

// sum = a + b; returns the carry.
static inline uint32_t add_words(uint32_t *sum, const uint32_t *a, const uint32_t *b, int words) {
    uint32_t carry = 0;
    UNROLL for (int i = 0; i < words; i++) {
        sum[i] = add_carry(a[i], b[i], &carry);
    }
    return carry;
}

#ifndef MPY_SSL_EC_FIELD_ASM

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

// What column i + j of a * b and of a * a consists of, for words a[] and b[] and the column c.
#define P(i, j) add_product(&c, a[i], b[j], 0)

// Twice a product of two different words: a word times one of 2 a. F(i, j) is for j = i + 1, whose doubled word must not take
// over the topmost bit of a[i]; T(i) adds what 2 a has above its eight words.
#define DOUBLED(j) ((a[j] << 1) | (a[(j) - 1] >> 31))
#define S(i) add_product(&c, a[i], a[i], 0)
#define F(i, j) add_product(&c, a[i], a[j] << 1, 0)
#define D(i, j) add_product(&c, a[i], DOUBLED(j), 0)
#define T(i) add_word(&c, a[i] & top)

#endif
#endif
