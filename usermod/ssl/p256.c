// SPDX-License-Identifier: MIT
#include "p256.h"

#include <string.h>

#include "mbedtls/platform_util.h"
#include "p256_comb.h"

#define WORDS MPY_SSL_P256_WORDS
#define WINDOW 4                     // bits of a digit of a scalar
#define DIGITS (256 / WINDOW)
#define MULTIPLES (1 << (WINDOW - 1)) // the odd ones, 1 to 15

// Jacobian coordinates: (x / z^2, y / z^3), z = 0 at infinity; in Montgomery's form.
typedef struct {
    mpy_ssl_fe x, y, z;
} point;

const mpy_ssl_p256_point mpy_ssl_p256_generator = {
    {0xd898c296, 0xf4a13945, 0x2deb33a0, 0x77037d81, 0x63a440f2, 0xf8bce6e5, 0xe12c4247, 0x6b17d1f2},
    {0x37bf51f5, 0xcbb64068, 0x6b315ece, 0x2bce3357, 0x7c0f9e16, 0x8ee7eb4a, 0xfe1a7f9b, 0x4fe342e2},
};
const uint32_t mpy_ssl_p256_order[WORDS] = {
    0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff,
};
static const mpy_ssl_fe curve_b = {{ // in Montgomery's form
    0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d,
}};

// --- Numbers ---------------------------------------------------------------------------------------------------

// r = a - b; returns the borrow, 0 or 1.
static uint32_t subtract(uint32_t r[WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS]) {
    uint32_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint64_t difference = (uint64_t)a[i] - b[i] - borrow;
        r[i] = (uint32_t)difference;
        borrow = (uint32_t)(difference >> 32) & 1;
    }
    return borrow;
}

static bool is_zero(const uint32_t a[WORDS]) {
    mpy_ssl_fe number;
    memcpy(&number, a, sizeof(number));
    return mpy_ssl_fe_is_zero(&number) != 0;
}

bool mpy_ssl_p256_is_scalar(const uint32_t scalar[WORDS]) {
    uint32_t rest[WORDS];
    bool below = subtract(rest, scalar, mpy_ssl_p256_order) != 0;
    mbedtls_platform_zeroize(rest, sizeof(rest));
    return below & !is_zero(scalar);
}

static inline uint32_t bit(const uint32_t a[WORDS], unsigned int i) {
    return a[i / 32] >> (i % 32) & 1;
}

// r = k if k is odd, else order - k, which is odd then. All ones if it was negated: the point has to be, too.
static uint32_t make_odd(uint32_t r[WORDS], const uint32_t k[WORDS]) {
    uint32_t even = (k[0] & 1) - 1;
    subtract(r, mpy_ssl_p256_order, k);
    for (int i = 0; i < WORDS; i++) {
        r[i] = k[i] ^ ((k[i] ^ r[i]) & even);
    }
    return even;
}

// --- Points ----------------------------------------------------------------------------------------------------

// r = 2 a: "dbl-2001-b" of D. J. Bernstein, for curves with a = -3.
static void double_point(point *r, const point *a) {
    mpy_ssl_fe delta, gamma, beta, alpha, t;
    mpy_ssl_fe_sqr(&delta, &a->z);
    mpy_ssl_fe_sqr(&gamma, &a->y);
    mpy_ssl_fe_mul(&beta, &a->x, &gamma);
    mpy_ssl_fe_sub(&t, &a->x, &delta);
    mpy_ssl_fe_add(&delta, &a->x, &delta);
    mpy_ssl_fe_mul(&t, &t, &delta);
    mpy_ssl_fe_add(&alpha, &t, &t);
    mpy_ssl_fe_add(&alpha, &alpha, &t);
    mpy_ssl_fe_mul(&t, &a->y, &a->z);
    mpy_ssl_fe_add(&r->z, &t, &t);
    mpy_ssl_fe_add(&beta, &beta, &beta);
    mpy_ssl_fe_add(&beta, &beta, &beta);
    mpy_ssl_fe_sqr(&t, &alpha);
    mpy_ssl_fe_sub(&t, &t, &beta);
    mpy_ssl_fe_sub(&r->x, &t, &beta);
    mpy_ssl_fe_sub(&beta, &beta, &r->x);
    mpy_ssl_fe_mul(&beta, &alpha, &beta);
    mpy_ssl_fe_add(&gamma, &gamma, &gamma);
    mpy_ssl_fe_sqr(&gamma, &gamma);
    mpy_ssl_fe_add(&gamma, &gamma, &gamma);
    mpy_ssl_fe_sub(&r->y, &beta, &gamma);
}

// a += b, with y of b negated where the mask is all ones; b->z is not looked at when z_is_one. The branches are taken for
// a public start from infinity, for points that a scalar hits with a probability of 2^-250, and with public numbers.
static void add_point(point *a, const point *b, bool z_is_one, uint32_t negate) {
    static const mpy_ssl_fe zero;
    mpy_ssl_fe y, u, s, h, r, t;
    mpy_ssl_fe_sub(&y, &zero, &b->y);
    mpy_ssl_fe_select(&y, &b->y, ~negate);
    if (mpy_ssl_fe_is_zero(&a->z)) {
        *a = (point){b->x, y, z_is_one ? mpy_ssl_fe_one : b->z};
        return;
    }
    mpy_ssl_fe_sqr(&t, &a->z);
    mpy_ssl_fe_mul(&u, &b->x, &t);
    mpy_ssl_fe_mul(&t, &t, &a->z);
    mpy_ssl_fe_mul(&s, &y, &t);
    if (!z_is_one) {
        mpy_ssl_fe_sqr(&t, &b->z);
        mpy_ssl_fe_mul(&a->x, &a->x, &t);
        mpy_ssl_fe_mul(&t, &t, &b->z);
        mpy_ssl_fe_mul(&a->y, &a->y, &t);
        mpy_ssl_fe_mul(&a->z, &a->z, &b->z);
    }
    mpy_ssl_fe_sub(&h, &u, &a->x);
    mpy_ssl_fe_sub(&r, &s, &a->y);
    if (mpy_ssl_fe_is_zero(&h) & mpy_ssl_fe_is_zero(&r)) {
        double_point(a, a);
        return;
    }
    mpy_ssl_fe_mul(&a->z, &a->z, &h);
    mpy_ssl_fe_sqr(&t, &h);
    mpy_ssl_fe_mul(&h, &h, &t);
    mpy_ssl_fe_mul(&u, &a->x, &t);
    mpy_ssl_fe_sqr(&t, &r);
    mpy_ssl_fe_sub(&t, &t, &h);
    mpy_ssl_fe_sub(&t, &t, &u);
    mpy_ssl_fe_sub(&a->x, &t, &u);
    mpy_ssl_fe_sub(&u, &u, &a->x);
    mpy_ssl_fe_mul(&u, &u, &r);
    mpy_ssl_fe_mul(&t, &a->y, &h);
    mpy_ssl_fe_sub(&a->y, &u, &t);
}

// a becomes (x z^2, y z^3, z): the same point for any z but 0.
static void rescale(point *a, const uint32_t blind[WORDS]) {
    mpy_ssl_fe square;
    memcpy(&a->z, blind, sizeof(a->z));
    mpy_ssl_fe_in(&a->z, &a->z);
    mpy_ssl_fe_select(&a->z, &mpy_ssl_fe_one, mpy_ssl_fe_is_zero(&a->z));
    mpy_ssl_fe_sqr(&square, &a->z);
    mpy_ssl_fe_mul(&a->x, &a->x, &square);
    mpy_ssl_fe_mul(&square, &square, &a->z);
    mpy_ssl_fe_mul(&a->y, &a->y, &square);
}

static void point_in(point *r, const mpy_ssl_p256_point *a) {
    memcpy(&r->x, a->x, sizeof(r->x));
    memcpy(&r->y, a->y, sizeof(r->y));
    mpy_ssl_fe_in(&r->x, &r->x);
    mpy_ssl_fe_in(&r->y, &r->y);
    r->z = mpy_ssl_fe_one;
}

static void point_out(mpy_ssl_p256_point *r, point *a) {
    mpy_ssl_fe inverse, square;
    mpy_ssl_fe_inv(&inverse, &a->z);
    mpy_ssl_fe_sqr(&square, &inverse);
    mpy_ssl_fe_mul(&a->x, &a->x, &square);
    mpy_ssl_fe_mul(&square, &square, &inverse);
    mpy_ssl_fe_mul(&a->y, &a->y, &square);
    mpy_ssl_fe_out(&a->x, &a->x);
    mpy_ssl_fe_out(&a->y, &a->y);
    memcpy(r->x, &a->x, sizeof(r->x));
    memcpy(r->y, &a->y, sizeof(r->y));
}

bool mpy_ssl_p256_is_on_curve(const mpy_ssl_p256_point *a) {
    static const uint32_t prime[WORDS] = {0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 1, 0xffffffff};
    point p;
    mpy_ssl_fe left, right;
    uint32_t rest[WORDS];
    bool below = (subtract(rest, a->x, prime) & subtract(rest, a->y, prime)) != 0;
    point_in(&p, a);
    mpy_ssl_fe_sqr(&left, &p.y);
    mpy_ssl_fe_sqr(&right, &p.x);
    for (int i = 0; i < 3; i++) {
        mpy_ssl_fe_sub(&right, &right, &mpy_ssl_fe_one);
    }
    mpy_ssl_fe_mul(&right, &right, &p.x);
    mpy_ssl_fe_add(&right, &right, &curve_b);
    mpy_ssl_fe_sub(&left, &left, &right);
    return below && mpy_ssl_fe_is_zero(&left);
}

// --- Multiplication ----------------------------------------------------------------------------------------------

// What is added up: digits of a scalar times a point, bits of another one times the generator, or one of them alone.
typedef struct {
    bool has_point, has_generator;
    uint32_t scalar[WORDS], negate;                     // odd, and all ones if the point is to be negated
    uint32_t generator_scalar[WORDS], generator_negate; // the same for the generator
    const uint32_t *blind;                              // for what is added first, or NULL
    point multiple[MULTIPLES];                          // of the point: 1, 3, ... 15
} task;

static void make_multiples(point multiple[MULTIPLES]) {
    point twice;
    double_point(&twice, &multiple[0]);
    for (int i = 1; i < MULTIPLES; i++) {
        multiple[i] = multiple[i - 1];
        add_point(&multiple[i], &twice, false, 0);
    }
}

// All ones if a is b, for numbers below 2^31.
static inline uint32_t equal(uint32_t a, uint32_t b) {
    return (uint32_t)((int32_t)((a ^ b) - 1) >> 31);
}

// An odd scalar is a sum of odd digits from -15 to 15 (M. Joye, M. Tunstall, 2009): with e for the four bits above the
// lowest of a place, the digit is 2 e - 15, and in the top place, where three bits are left, 2 e + 1.
static void add_digit(point *a, const task *t, int place) {
    point chosen = t->multiple[0];
    uint32_t bits = t->scalar[place / 8] >> (place % 8 * WINDOW + 1);
    if (place % 8 == 7) {
        bits |= place == DIGITS - 1 ? 8 : t->scalar[place / 8 + 1] << 3;
    }
    uint32_t negative = (bits >> 3 & 1) - 1;
    uint32_t index = (bits ^ negative) & (MULTIPLES - 1);
    for (uint32_t i = 1; i < MULTIPLES; i++) {
        uint32_t mask = equal(i, index);
        mpy_ssl_fe_select(&chosen.x, &t->multiple[i].x, mask);
        mpy_ssl_fe_select(&chosen.y, &t->multiple[i].y, mask);
        mpy_ssl_fe_select(&chosen.z, &t->multiple[i].z, mask);
    }
    add_point(a, &chosen, false, negative ^ t->negate);
    mbedtls_platform_zeroize(&chosen, sizeof(chosen));
}

// An odd scalar is a sum of all powers of two below 2^260, each plus or minus (M. Hedabou and others, 2005): plus where the
// bit above is set, and at 2^259. A column is what stands MPY_SSL_P256_COMB_DISTANCE places apart.
static uint32_t column_of(const uint32_t scalar[WORDS], unsigned int column) {
    uint32_t signs = 0;
    for (unsigned int tooth = 0; tooth < MPY_SSL_P256_COMB_TEETH; tooth++) {
        unsigned int place = column + tooth * MPY_SSL_P256_COMB_DISTANCE + 1;
        signs |= (place < 256 ? bit(scalar, place) : place == 260) << tooth;
    }
    return signs;
}

static void add_column(point *a, const task *t, unsigned int column) {
    point chosen = {mpy_ssl_p256_comb[0][0], mpy_ssl_p256_comb[0][1], mpy_ssl_fe_one};
    uint32_t signs = column_of(t->generator_scalar, column);
    uint32_t negative = (signs >> (MPY_SSL_P256_COMB_TEETH - 1)) - 1;
    uint32_t index = (signs ^ negative) & (MPY_SSL_P256_COMB_POINTS - 1);
    for (uint32_t i = 1; i < MPY_SSL_P256_COMB_POINTS; i++) {
        uint32_t mask = equal(i, index);
        mpy_ssl_fe_select(&chosen.x, &mpy_ssl_p256_comb[i][0], mask);
        mpy_ssl_fe_select(&chosen.y, &mpy_ssl_p256_comb[i][1], mask);
    }
    bool first = t->blind && column == MPY_SSL_P256_COMB_DISTANCE - 1;
    if (first) {
        rescale(&chosen, t->blind);
    }
    add_point(a, &chosen, !first, negative ^ t->generator_negate);
    mbedtls_platform_zeroize(&chosen, sizeof(chosen));
}

static void run(point *r, const task *t) {
    memset(r, 0, sizeof(*r));
    for (int i = t->has_point ? 256 - WINDOW : MPY_SSL_P256_COMB_DISTANCE - 1; i >= 0; i--) {
        double_point(r, r);
        if (t->has_point && i % WINDOW == 0) {
            add_digit(r, t, i / WINDOW);
        }
        if (t->has_generator && i < MPY_SSL_P256_COMB_DISTANCE) {
            add_column(r, t, (unsigned int)i);
        }
    }
}

static void set_point(task *t, const uint32_t scalar[WORDS], const mpy_ssl_p256_point *a, const uint32_t *blind) {
    t->has_point = true;
    t->negate = make_odd(t->scalar, scalar);
    point_in(&t->multiple[0], a);
    if (blind) {
        rescale(&t->multiple[0], blind);
    }
    make_multiples(t->multiple);
}

void mpy_ssl_p256_multiply(mpy_ssl_p256_point *r, const uint32_t scalar[WORDS], const mpy_ssl_p256_point *a,
    const uint32_t blind[WORDS]) {
    task t = {.has_generator = !a, .blind = blind};
    point sum;
    if (a) {
        set_point(&t, scalar, a, blind);
    } else {
        t.generator_negate = make_odd(t.generator_scalar, scalar);
    }
    run(&sum, &t);
    point_out(r, &sum);
    mbedtls_platform_zeroize(&t, sizeof(t));
    mbedtls_platform_zeroize(&sum, sizeof(sum));
}

bool mpy_ssl_p256_multiply_add(mpy_ssl_p256_point *r, const uint32_t u[WORDS], const uint32_t v[WORDS],
    const mpy_ssl_p256_point *a) {
    task t = {.has_generator = !is_zero(u)};
    point sum;
    t.generator_negate = make_odd(t.generator_scalar, u);
    if (!is_zero(v)) {
        set_point(&t, v, a, NULL);
    }
    run(&sum, &t);
    bool finite = !mpy_ssl_fe_is_zero(&sum.z);
    if (finite) {
        point_out(r, &sum);
    }
    return finite;
}
