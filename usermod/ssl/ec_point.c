// SPDX-License-Identifier: MIT
#include "ec_point.h"

#include <string.h>

#include "mbedtls/platform_util.h"
#include "ec_comb.h"

#define WINDOW 4                     // bits of a digit of a scalar
#define MULTIPLES (1 << (WINDOW - 1)) // the odd ones, 1 to 15
#define WORDS MPY_SSL_EC_WORDS

// Jacobian coordinates: (x / z^2, y / z^3), z = 0 at infinity; in Montgomery's form.
typedef struct {
    mpy_ssl_fe x, y, z;
} point;

const mpy_ssl_curve mpy_ssl_p256 = {
    .field = &mpy_ssl_field_p256,
    .order = {{0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff}},
    .b = {{0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d}},
    .generator = {
        {{0xd898c296, 0xf4a13945, 0x2deb33a0, 0x77037d81, 0x63a440f2, 0xf8bce6e5, 0xe12c4247, 0x6b17d1f2}},
        {{0x37bf51f5, 0xcbb64068, 0x6b315ece, 0x2bce3357, 0x7c0f9e16, 0x8ee7eb4a, 0xfe1a7f9b, 0x4fe342e2}},
    },
    .comb = mpy_ssl_comb_p256,
    .comb_distance = MPY_SSL_COMB_DISTANCE_P256,
};
const mpy_ssl_curve mpy_ssl_p384 = {
    .field = &mpy_ssl_field_p384,
    .order = {{0xccc52973, 0xecec196a, 0x48b0a77a, 0x581a0db2, 0xf4372ddf, 0xc7634d81,
          0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
    .b = {{0x9d412dcc, 0x08118871, 0x7a4c32ec, 0xf729add8, 0x1920022e, 0x77f2209b,
          0x94938ae2, 0xe3374bee, 0x1f022094, 0xb62b21f4, 0x604fbff9, 0xcd08114b}},
    .generator = {
        {{0x72760ab7, 0x3a545e38, 0xbf55296c, 0x5502f25d, 0x82542a38, 0x59f741e0,
          0x8ba79b98, 0x6e1d3b62, 0xf320ad74, 0x8eb1c71e, 0xbe8b0537, 0xaa87ca22}},
        {{0x90ea0e5f, 0x7a431d7c, 0x1d7e819d, 0x0a60b1ce, 0xb5f0b8c0, 0xe9da3113,
          0x289a147c, 0xf8f41dbd, 0x9292dc29, 0x5d9e98bf, 0x96262c6f, 0x3617de4a}},
    },
    .comb = mpy_ssl_comb_p384,
    .comb_distance = MPY_SSL_COMB_DISTANCE_P384,
};

// --- Numbers ---------------------------------------------------------------------------------------------------

// r = a - b; returns all ones if it borrowed, else 0.
static uint32_t subtract(mpy_ssl_fe *r, const mpy_ssl_fe *a, const mpy_ssl_fe *b, int words) {
    int64_t digit = 0;
    for (int i = 0; i < words; i++) {
        digit += (int64_t)a->word[i] - b->word[i];
        r->word[i] = (uint32_t)digit;
        digit >>= 32;
    }
    return (uint32_t)digit;
}

bool mpy_ssl_ec_is_scalar(const mpy_ssl_curve *curve, const mpy_ssl_fe *scalar) {
    mpy_ssl_fe rest;
    uint32_t below = subtract(&rest, scalar, &curve->order, curve->field->words);
    mbedtls_platform_zeroize(&rest, sizeof(rest));
    return (below & ~mpy_ssl_fe_is_zero(curve->field, scalar)) != 0;
}

// r = k if k is odd, else order - k, which is odd then. All ones if it was negated: the point has to be, too.
static uint32_t make_odd(const mpy_ssl_curve *curve, mpy_ssl_fe *r, const mpy_ssl_fe *k) {
    uint32_t odd = -(k->word[0] & 1);
    subtract(r, &curve->order, k, curve->field->words);
    mpy_ssl_fe_select(curve->field, r, k, odd);
    return ~odd;
}

// x / 2, or with `modulus` that of the one of x and x + modulus that is even.
static void halve(mpy_ssl_fe *x, const mpy_ssl_fe *modulus, int words) {
    uint64_t sum = 0;
    uint32_t above, odd = -(x->word[0] & 1);
    for (int i = 0; i < words; i++) {
        sum += (uint64_t)x->word[i] + (modulus->word[i] & odd);
        x->word[i] = (uint32_t)sum;
        sum >>= 32;
    }
    above = (uint32_t)sum;
    for (int i = words - 1; i >= 0; i--) {
        uint32_t word = x->word[i];
        x->word[i] = word >> 1 | above << 31;
        above = word;
    }
}

static void subtract_modulo(mpy_ssl_fe *x, const mpy_ssl_fe *y, const mpy_ssl_fe *modulus, int words) {
    if (subtract(x, x, y, words)) {
        uint64_t sum = 0;
        for (int i = 0; i < words; i++) {
            sum += (uint64_t)x->word[i] + modulus->word[i];
            x->word[i] = (uint32_t)sum;
            sum >>= 32;
        }
    }
}

// A number that is reduced to the greatest common divisor, and each numerator times that number by the divisor.
typedef struct {
    mpy_ssl_fe number, part[2];
} fraction;

// The binary algorithm (J. Stein, 1967), with what is done to the numbers done to their parts as well.
void mpy_ssl_ec_divide(const mpy_ssl_curve *curve, mpy_ssl_fe quotient[2], const mpy_ssl_fe numerator[2], const mpy_ssl_fe *divisor) {
    const mpy_ssl_fe *order = &curve->order;
    int words = curve->field->words;
    mpy_ssl_fe rest;
    fraction one = {*divisor, {numerator[0], numerator[1]}}, other = {*order, {{{0}}, {{0}}}};
    fraction *u = &one, *v = &other;
    while (!mpy_ssl_fe_is_zero(curve->field, &u->number)) {
        if (u->number.word[0] & 1) {
            if (subtract(&rest, &u->number, &v->number, words)) {
                fraction *smaller = u;
                u = v;
                v = smaller;
            }
            subtract(&u->number, &u->number, &v->number, words);
            subtract_modulo(&u->part[0], &v->part[0], order, words);
            subtract_modulo(&u->part[1], &v->part[1], order, words);
        } else {
            halve(&u->number, order, words);
            halve(&u->part[0], order, words);
            halve(&u->part[1], order, words);
        }
    }
    quotient[0] = v->part[0];
    quotient[1] = v->part[1];
}

// --- Points ----------------------------------------------------------------------------------------------------

// r = 2 a: "dbl-2001-b" of D. J. Bernstein, for curves with a = -3.
static void double_point(const mpy_ssl_field *f, point *r, const point *a) {
    mpy_ssl_fe delta, gamma, beta, alpha, t;
    f->sqr(&delta, &a->z);
    f->sqr(&gamma, &a->y);
    f->mul(&beta, &a->x, &gamma);
    f->sub(&t, &a->x, &delta);
    f->add(&delta, &a->x, &delta);
    f->mul(&t, &t, &delta);
    f->add(&alpha, &t, &t);
    f->add(&alpha, &alpha, &t);
    f->mul(&t, &a->y, &a->z);
    f->add(&r->z, &t, &t);
    f->add(&beta, &beta, &beta);
    f->add(&beta, &beta, &beta);
    f->sqr(&t, &alpha);
    f->sub(&t, &t, &beta);
    f->sub(&r->x, &t, &beta);
    f->sub(&beta, &beta, &r->x);
    f->mul(&beta, &alpha, &beta);
    f->add(&gamma, &gamma, &gamma);
    f->sqr(&gamma, &gamma);
    f->add(&gamma, &gamma, &gamma);
    f->sub(&r->y, &beta, &gamma);
}

// a += b, with y of b negated where the mask is all ones; b->z is not looked at when z_is_one. The branches are taken for
// a public start from infinity, for points that a scalar hits with a probability of 2^-250, and with public numbers.
static void add_point(const mpy_ssl_field *f, point *a, const point *b, bool z_is_one, uint32_t negate) {
    static const mpy_ssl_fe zero;
    mpy_ssl_fe y, u, s, h, r, t;
    f->sub(&y, &zero, &b->y);
    mpy_ssl_fe_select(f, &y, &b->y, ~negate);
    if (mpy_ssl_fe_is_zero(f, &a->z)) {
        *a = (point){b->x, y, z_is_one ? f->one : b->z};
        return;
    }
    f->sqr(&t, &a->z);
    f->mul(&u, &b->x, &t);
    f->mul(&t, &t, &a->z);
    f->mul(&s, &y, &t);
    if (!z_is_one) {
        f->sqr(&t, &b->z);
        f->mul(&a->x, &a->x, &t);
        f->mul(&t, &t, &b->z);
        f->mul(&a->y, &a->y, &t);
        f->mul(&a->z, &a->z, &b->z);
    }
    f->sub(&h, &u, &a->x);
    f->sub(&r, &s, &a->y);
    if (mpy_ssl_fe_is_zero(f, &h) & mpy_ssl_fe_is_zero(f, &r)) {
        double_point(f, a, a);
        return;
    }
    f->mul(&a->z, &a->z, &h);
    f->sqr(&t, &h);
    f->mul(&h, &h, &t);
    f->mul(&u, &a->x, &t);
    f->sqr(&t, &r);
    f->sub(&t, &t, &h);
    f->sub(&t, &t, &u);
    f->sub(&a->x, &t, &u);
    f->sub(&u, &u, &a->x);
    f->mul(&u, &u, &r);
    f->mul(&t, &a->y, &h);
    f->sub(&a->y, &u, &t);
}

// a becomes (x z^2, y z^3, z): the same point for any z but 0.
static void rescale(const mpy_ssl_field *f, point *a, const mpy_ssl_fe *blind) {
    mpy_ssl_fe square;
    mpy_ssl_fe_in(f, &a->z, blind);
    mpy_ssl_fe_select(f, &a->z, &f->one, mpy_ssl_fe_is_zero(f, &a->z));
    f->sqr(&square, &a->z);
    f->mul(&a->x, &a->x, &square);
    f->mul(&square, &square, &a->z);
    f->mul(&a->y, &a->y, &square);
}

static void point_in(const mpy_ssl_field *f, point *r, const mpy_ssl_ec_point *a) {
    mpy_ssl_fe_in(f, &r->x, &a->x);
    mpy_ssl_fe_in(f, &r->y, &a->y);
    r->z = f->one;
}

static void point_out(const mpy_ssl_field *f, mpy_ssl_ec_point *r, point *a) {
    mpy_ssl_fe inverse, square;
    mpy_ssl_fe_inv(f, &inverse, &a->z);
    f->sqr(&square, &inverse);
    f->mul(&a->x, &a->x, &square);
    f->mul(&square, &square, &inverse);
    f->mul(&a->y, &a->y, &square);
    mpy_ssl_fe_out(f, &r->x, &a->x);
    mpy_ssl_fe_out(f, &r->y, &a->y);
}

bool mpy_ssl_ec_is_on_curve(const mpy_ssl_curve *curve, const mpy_ssl_ec_point *a) {
    const mpy_ssl_field *f = curve->field;
    mpy_ssl_fe x, left, right;
    uint32_t below = subtract(&left, &a->x, &f->prime, f->words) & subtract(&right, &a->y, &f->prime, f->words);
    mpy_ssl_fe_in(f, &x, &a->x);
    mpy_ssl_fe_in(f, &left, &a->y);
    f->sqr(&left, &left);
    f->sqr(&right, &x);
    for (int i = 0; i < 3; i++) {
        f->sub(&right, &right, &f->one);
    }
    f->mul(&right, &right, &x);
    f->add(&right, &right, &curve->b);
    f->sub(&left, &left, &right);
    return (below & mpy_ssl_fe_is_zero(f, &left)) != 0;
}

// --- Multiplication ----------------------------------------------------------------------------------------------

// What is added up: digits of a scalar times a point, and bits of another one times the generator.
typedef struct {
    const mpy_ssl_curve *curve;
    uint32_t negate, generator_negate;     // all ones if the point, or the generator, is to be negated
    mpy_ssl_fe scalar, generator_scalar;
    const mpy_ssl_fe *blind;               // for what is added first, or NULL
    mpy_ssl_ec_room *room;                 // multiples of the point: 1, 3, ... 15
} task;

// The i-th odd multiple.
static point *multiple_of(const task *t, uint32_t i) {
    return (point *)(void *)(t->room->coordinate + 3 * i);
}

static void make_multiples(const task *t) {
    const mpy_ssl_field *f = t->curve->field;
    point twice;
    double_point(f, &twice, multiple_of(t, 0));
    for (uint32_t i = 1; i < MULTIPLES; i++) {
        *multiple_of(t, i) = *multiple_of(t, i - 1);
        add_point(f, multiple_of(t, i), &twice, false, 0);
    }
}

// All ones if a is b, for numbers below 2^31.
static inline uint32_t equal(uint32_t a, uint32_t b) {
    return (uint32_t)((int32_t)((a ^ b) - 1) >> 31);
}

// An odd scalar is a sum of odd digits from -15 to 15 (M. Joye, M. Tunstall, 2009): with e for the four bits above the
// lowest of a place, the digit is 2 e - 15, and in the top place, where three bits are left, 2 e + 1.
static void add_digit(point *a, const task *t, int place) {
    const mpy_ssl_field *f = t->curve->field;
    point chosen = *multiple_of(t, 0);
    uint32_t bits = t->scalar.word[place / 8] >> (place % 8 * WINDOW + 1);
    if (place % 8 == 7) {
        bits |= place == f->words * 8 - 1 ? 8 : t->scalar.word[place / 8 + 1] << 3;
    }
    uint32_t negative = (bits >> 3 & 1) - 1;
    uint32_t index = (bits ^ negative) & (MULTIPLES - 1);
    for (uint32_t i = 1; i < MULTIPLES; i++) {
        uint32_t mask = equal(i, index);
        mpy_ssl_fe_select(f, &chosen.x, &multiple_of(t, i)->x, mask);
        mpy_ssl_fe_select(f, &chosen.y, &multiple_of(t, i)->y, mask);
        mpy_ssl_fe_select(f, &chosen.z, &multiple_of(t, i)->z, mask);
    }
    add_point(f, a, &chosen, false, negative ^ t->negate);
    mbedtls_platform_zeroize(&chosen, sizeof(chosen));
}

// An odd scalar is a sum of all powers of two below 2^(teeth * distance), each plus or minus (M. Hedabou and others, 2005): plus
// where the bit above is set, and at the topmost. A column is what stands a comb's distance apart.
static uint32_t column_of(const task *t, int column) {
    int bits = t->curve->field->words * 32, distance = t->curve->comb_distance;
    uint32_t signs = 0;
    for (int tooth = 0; tooth < MPY_SSL_COMB_TEETH; tooth++) {
        int place = column + tooth * distance + 1;
        uint32_t bit = place < bits ? t->generator_scalar.word[place / 32] >> (place % 32) & 1
            : place == MPY_SSL_COMB_TEETH * distance;
        signs |= bit << tooth;
    }
    return signs;
}

static void add_column(point *a, const task *t, int column) {
    const mpy_ssl_field *f = t->curve->field;
    const uint32_t *entry = t->curve->comb;
    point chosen = {.z = f->one};
    uint32_t signs = column_of(t, column);
    uint32_t negative = (signs >> (MPY_SSL_COMB_TEETH - 1)) - 1;
    uint32_t index = (signs ^ negative) & (MPY_SSL_COMB_POINTS - 1);
    for (uint32_t i = 0; i < MPY_SSL_COMB_POINTS; i++) {
        uint32_t mask = equal(i, index);
        for (int j = 0; j < f->words; j++) {
            chosen.x.word[j] |= *entry++ & mask;
        }
        for (int j = 0; j < f->words; j++) {
            chosen.y.word[j] |= *entry++ & mask;
        }
    }
    bool first = t->blind && column == t->curve->comb_distance - 1;
    if (first) {
        rescale(f, &chosen, t->blind);
    }
    add_point(f, a, &chosen, !first, negative ^ t->generator_negate);
    mbedtls_platform_zeroize(&chosen, sizeof(chosen));
}

static void multiply_point(point *r, const task *t) {
    for (int i = t->curve->field->words * 32 - WINDOW; i >= 0; i--) {
        double_point(t->curve->field, r, r);
        if (i % WINDOW == 0) {
            add_digit(r, t, i / WINDOW);
        }
    }
}

static void multiply_generator(point *r, const task *t) {
    for (int i = t->curve->comb_distance - 1; i >= 0; i--) {
        double_point(t->curve->field, r, r);
        add_column(r, t, i);
    }
}

static void set_point(task *t, const mpy_ssl_ec_point *a) {
    const mpy_ssl_field *f = t->curve->field;
    point_in(f, multiple_of(t, 0), a);
    if (t->blind) {
        rescale(f, multiple_of(t, 0), t->blind);
    }
    make_multiples(t);
}

void mpy_ssl_ec_multiply(const mpy_ssl_curve *curve, mpy_ssl_ec_point *r, const mpy_ssl_fe *scalar,
    const mpy_ssl_ec_point *a, const mpy_ssl_fe *blind, mpy_ssl_ec_room *room) {
    task t = {.curve = curve, .blind = blind, .room = room};
    point sum = {{{0}}, {{0}}, {{0}}};
    if (a) {
        t.negate = make_odd(curve, &t.scalar, scalar);
        set_point(&t, a);
        multiply_point(&sum, &t);
    } else {
        t.generator_negate = make_odd(curve, &t.generator_scalar, scalar);
        multiply_generator(&sum, &t);
    }
    point_out(curve->field, r, &sum);
    mbedtls_platform_zeroize(&t, sizeof(t));
    mbedtls_platform_zeroize(&sum, sizeof(sum));
}

// --- With public numbers ------------------------------------------------------------------------------------------

#define SLIDING 5 // places that a digit covers: it is odd, from -15 to 15

typedef struct {
    int value, place;
    int free; // the topmost place that no digit covers yet
} digit;

// SLIDING + 1 bits of the scalar, of which the lowest is at `place`; outside of it there are zeros.
static int bits_from(const task *t, int place) {
    int bits = 0;
    for (int i = place + SLIDING; i >= place; i--) {
        bool inside = i >= 0 && i < t->curve->field->words * 32;
        bits = bits << 1 | (inside ? (int)(t->scalar.word[i / 32] >> (i % 32) & 1) : 0);
    }
    return bits;
}

// A scalar is the sum of (bit below i - bit i) 2^i over all places i (K. Okeya and others, 2004). Where that is not zero a digit
// begins, which is added at the place where it is odd.
static void slide(point *a, const task *t, digit *d, int i) {
    int bits = bits_from(t, i - SLIDING);
    if (i <= d->free && bits >> SLIDING != (bits >> (SLIDING - 1) & 1)) {
        d->value = (bits & ((1 << SLIDING) - 1)) - (bits >> 1);
        d->free = i - SLIDING;
        for (d->place = d->free + 1; d->value % 2 == 0; d->place++) {
            d->value /= 2;
        }
    }
    if (i == d->place) {
        uint32_t negative = -(uint32_t)(d->value < 0);
        add_point(t->curve->field, a, multiple_of(t, (uint32_t)(d->value < 0 ? -d->value : d->value) / 2), false, negative);
    }
}

bool mpy_ssl_ec_multiply_add(const mpy_ssl_curve *curve, mpy_ssl_ec_point *r, const mpy_ssl_fe *u, const mpy_ssl_fe *v,
    const mpy_ssl_ec_point *a, mpy_ssl_ec_room *room) {
    task t = {.curve = curve, .scalar = *v, .room = room};
    bool has_generator = !mpy_ssl_fe_is_zero(curve->field, u);
    int bits = curve->field->words * 32;
    digit next = {0, -1, bits};
    point sum = {{{0}}, {{0}}, {{0}}};
    t.generator_negate = make_odd(curve, &t.generator_scalar, u);
    set_point(&t, a);
    for (int i = bits; i >= 0; i--) {
        double_point(curve->field, &sum, &sum);
        if (has_generator && i < curve->comb_distance) {
            add_column(&sum, &t, i);
        }
        slide(&sum, &t, &next, i);
    }
    bool finite = !mpy_ssl_fe_is_zero(curve->field, &sum.z);
    if (finite) {
        point_out(curve->field, r, &sum);
    }
    return finite;
}

// a becomes a modulo the order, which is more than half of 2^(32 words) and of the prime.
static void reduce(const mpy_ssl_curve *curve, mpy_ssl_fe *a) {
    mpy_ssl_fe less;
    if (!subtract(&less, a, &curve->order, curve->field->words)) {
        *a = less;
    }
}

bool mpy_ssl_ec_verify(const mpy_ssl_curve *curve, const mpy_ssl_fe *hash, const mpy_ssl_fe *r, const mpy_ssl_fe *s,
    const mpy_ssl_ec_point *a, mpy_ssl_ec_room *room) {
    mpy_ssl_fe scalar[2] = {*hash, *r};
    mpy_ssl_ec_point sum;
    if (!mpy_ssl_ec_is_scalar(curve, r) || !mpy_ssl_ec_is_scalar(curve, s)) {
        return false;
    }
    reduce(curve, &scalar[0]);
    mpy_ssl_ec_divide(curve, scalar, scalar, s);
    if (!mpy_ssl_ec_multiply_add(curve, &sum, &scalar[0], &scalar[1], a, room)) {
        return false;
    }
    reduce(curve, &sum.x);
    return memcmp(&sum.x, r, 4 * (size_t)curve->field->words) == 0;
}
