// SPDX-License-Identifier: MIT
#include "ec_mbedtls.h"

#include <string.h>

#include "accelerator.h"
#include "ec_point.h"
#include "ec_x25519.h"
#include "mbedtls/asn1.h"
#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"

#define BYTES (4 * MPY_SSL_EC_WORDS)

#ifdef MPY_SSL_EC_ONLY
#define OTHER_CURVE(call) MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE
#else
#define OTHER_CURVE(call) call
#endif

static const mpy_ssl_curve *curve_of(const mbedtls_ecp_group *grp) {
    switch (grp->id) {
        case MBEDTLS_ECP_DP_SECP256R1:
            return &mpy_ssl_p256;
        case MBEDTLS_ECP_DP_SECP384R1:
            return &mpy_ssl_p384;
        default:
            return NULL;
    }
}

static void words_of(mpy_ssl_fe *number, const unsigned char bytes[BYTES]) {
    for (int i = 0; i < MPY_SSL_EC_WORDS; i++) {
        const unsigned char *b = bytes + 4 * i;
        number->word[i] = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    }
}

// False for a number that is negative or has more words than the curve's field; `r` is defined in any case.
static bool number_in(const mpy_ssl_curve *curve, mpy_ssl_fe *r, const mbedtls_mpi *number) {
    unsigned char bytes[BYTES] = {0};
    size_t size = 4 * (size_t)curve->field->words;
    bool fits = mbedtls_mpi_cmp_int(number, 0) >= 0 && mbedtls_mpi_write_binary_le(number, bytes, size) == 0;
    words_of(r, bytes);
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    return fits;
}

static int number_out(const mpy_ssl_curve *curve, mbedtls_mpi *number, const mpy_ssl_fe *a) {
    unsigned char bytes[BYTES];
    for (int i = 0; i < BYTES; i++) {
        bytes[i] = (unsigned char)(a->word[i / 4] >> (i % 4 * 8));
    }
    return mbedtls_mpi_read_binary_le(number, bytes, 4 * (size_t)curve->field->words);
}

// True for a point on the curve.
static bool point_in(const mpy_ssl_curve *curve, mpy_ssl_ec_point *r, const mbedtls_ecp_point *a) {
    return mbedtls_mpi_cmp_int(&a->MBEDTLS_PRIVATE(Z), 1) == 0 && number_in(curve, &r->x, &a->MBEDTLS_PRIVATE(X))
           && number_in(curve, &r->y, &a->MBEDTLS_PRIVATE(Y)) && mpy_ssl_ec_is_on_curve(curve, r);
}

static int point_out(const mpy_ssl_curve *curve, mbedtls_ecp_point *r, const mpy_ssl_ec_point *a) {
    int error = number_out(curve, &r->MBEDTLS_PRIVATE(X), &a->x);
    if (error == 0) {
        error = number_out(curve, &r->MBEDTLS_PRIVATE(Y), &a->y);
    }
    return error ? error : mbedtls_mpi_lset(&r->MBEDTLS_PRIVATE(Z), 1);
}

static bool is_generator(const mpy_ssl_curve *curve, const mpy_ssl_ec_point *a) {
    return memcmp(a, &curve->generator, sizeof(*a)) == 0;
}

// Room for the multiples of a point; NULL if there is no memory.
static mpy_ssl_ec_room *take_room(void) {
    return mbedtls_calloc(1, sizeof(mpy_ssl_ec_room));
}

static void give_room(mpy_ssl_ec_room *room) {
    if (room) {
        mbedtls_platform_zeroize(room, sizeof(*room));
    }
    mbedtls_free(room);
}

// R = scalar * point, both of them checked.
static int multiply_checked(const mpy_ssl_curve *curve, mbedtls_ecp_point *R, const mpy_ssl_fe *scalar,
    mpy_ssl_ec_point *point, mpy_ssl_rng *f_rng, void *p_rng) {
    unsigned char random[BYTES];
    mpy_ssl_fe blind;
    bool generator = is_generator(curve, point);
    mpy_ssl_ec_room *room = generator ? NULL : take_room();
    int error = generator || room ? f_rng(p_rng, random, sizeof(random)) : MBEDTLS_ERR_ECP_ALLOC_FAILED;
    if (error == 0) {
        words_of(&blind, random);
        mpy_ssl_ec_multiply(curve, point, scalar, generator ? NULL : point, &blind, room);
        error = point_out(curve, R, point);
    }
    give_room(room);
    mbedtls_platform_zeroize(random, sizeof(random));
    mbedtls_platform_zeroize(&blind, sizeof(blind));
    return error;
}

static int multiply(const mpy_ssl_curve *curve, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
    mpy_ssl_rng *f_rng, void *p_rng) {
    mpy_ssl_fe scalar;
    mpy_ssl_ec_point point;
    int error = MBEDTLS_ERR_ECP_INVALID_KEY;
    if (!f_rng) {
        error = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    } else if (number_in(curve, &scalar, m) && mpy_ssl_ec_is_scalar(curve, &scalar) && point_in(curve, &point, P)) {
        error = multiply_checked(curve, R, &scalar, &point, f_rng, p_rng);
    }
    mbedtls_platform_zeroize(&scalar, sizeof(scalar));
    mbedtls_platform_zeroize(&point, sizeof(point));
    return error;
}

#if defined(MBEDTLS_ECP_DP_CURVE25519_ENABLED) && MPY_SSL_X25519

static bool is_x25519(const mbedtls_ecp_group *grp) {
    return grp->id == MBEDTLS_ECP_DP_CURVE25519;
}

// False for a number with more than 256 bits, or negative.
static bool u_in(mpy_ssl_fe *r, const mbedtls_ecp_point *a) {
    return mbedtls_mpi_cmp_int(&a->MBEDTLS_PRIVATE(Z), 1) == 0 && number_in(&mpy_ssl_p256, r, &a->MBEDTLS_PRIVATE(X));
}

// RFC 7748, 5: decodeScalar25519 has been applied; Mbed TLS does so when it reads or makes a key.
static bool is_decoded(const mpy_ssl_fe *scalar) {
    return (scalar->word[0] & 7) == 0 && scalar->word[7] >> 30 == 1;
}

// RFC 7748, 6.1: zero is the answer to a point of small order, and no secret.
static int u_out(mbedtls_ecp_point *R, const mpy_ssl_fe *u) {
    if (mpy_ssl_fe_is_zero(&mpy_ssl_field_25519, u)) {
        return MBEDTLS_ERR_ECP_INVALID_KEY;
    }
    mbedtls_mpi_free(&R->MBEDTLS_PRIVATE(Y));
    int error = number_out(&mpy_ssl_p256, &R->MBEDTLS_PRIVATE(X), u);
    return error ? error : mbedtls_mpi_lset(&R->MBEDTLS_PRIVATE(Z), 1);
}

static int x25519(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
    mpy_ssl_rng *f_rng, void *p_rng) {
    unsigned char random[BYTES];
    mpy_ssl_fe scalar, u, blind;
    bool generator = mbedtls_mpi_cmp_mpi(&P->MBEDTLS_PRIVATE(X), &grp->G.MBEDTLS_PRIVATE(X)) == 0;
    int error = MBEDTLS_ERR_ECP_INVALID_KEY;
    if (!f_rng) {
        error = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    } else if (number_in(&mpy_ssl_p256, &scalar, m) && is_decoded(&scalar) && u_in(&u, P)) {
        error = f_rng(p_rng, random, sizeof(random));
    }
    if (error == 0) {
        words_of(&blind, random);
        mpy_ssl_x25519(&u, &scalar, generator ? NULL : &u, &blind);
        error = u_out(R, &u);
        mbedtls_platform_zeroize(&blind, sizeof(blind));
    }
    mbedtls_platform_zeroize(random, sizeof(random));
    mbedtls_platform_zeroize(&scalar, sizeof(scalar));
    mbedtls_platform_zeroize(&u, sizeof(u));
    return error;
}

#else
#define is_x25519(grp) false
#define u_in(r, a) false
#define x25519(grp, R, m, P, f_rng, p_rng) MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE
#endif

int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx) {
    const mpy_ssl_curve *curve = curve_of(grp);
    bool engine = MPY_SSL_ENGINE_MULTIPLIES_POINTS && curve == &mpy_ssl_p256;
    (void)rs_ctx;
    if (is_x25519(grp)) {
        return x25519(grp, R, m, P, f_rng, p_rng);
    }
    return curve && !engine ? multiply(curve, R, m, P, f_rng, p_rng)
        : OTHER_CURVE(__real_mbedtls_ecp_mul_restartable(grp, R, m, P, f_rng, p_rng, rs_ctx));
}

int __wrap_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng) {
    return __wrap_mbedtls_ecp_mul_restartable(grp, R, m, P, f_rng, p_rng, NULL);
}

// The lowest byte last. False for a number that has more words than the curve's field.
static bool bytes_in(const mpy_ssl_curve *curve, mpy_ssl_fe *r, const unsigned char *bytes, size_t size) {
    bool fits = true;
    memset(r, 0, sizeof(*r));
    for (; size > 0; size--, bytes++) {
        size_t word = (size - 1) / 4;
        if (word < (size_t)curve->field->words) {
            r->word[word] |= (uint32_t)*bytes << ((size - 1) % 4 * 8);
        } else {
            fits = fits && *bytes == 0;
        }
    }
    return fits;
}

// r and s of a signature in DER (RFC 3279, 2.2.3): 0, or an error if that is not what it is.
static int signature_in(const mpy_ssl_curve *curve, mpy_ssl_fe number[2], const unsigned char *sig, size_t slen) {
    unsigned char *p = (unsigned char *)sig;
    const unsigned char *end = sig + slen;
    size_t size;
    int error = mbedtls_asn1_get_tag(&p, end, &size, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    if (error == 0 && p + size != end) {
        error = MBEDTLS_ERR_ASN1_LENGTH_MISMATCH;
    }
    for (int i = 0; i < 2 && error == 0; i++) {
        error = mbedtls_asn1_get_tag(&p, end, &size, MBEDTLS_ASN1_INTEGER);
        if (error == 0) {
            error = bytes_in(curve, &number[i], p, size) ? 0 : MBEDTLS_ERR_ECP_VERIFY_FAILED;
            p += size;
        }
    }
    return error == 0 && p != end ? MBEDTLS_ERR_ECP_SIG_LEN_MISMATCH : error;
}

int __wrap_mbedtls_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash, size_t hlen,
    const unsigned char *sig, size_t slen) {
    const mpy_ssl_curve *curve = curve_of(&ctx->MBEDTLS_PRIVATE(grp));
    mpy_ssl_fe e, number[2];
    mpy_ssl_ec_point point;
    if (!curve) {
        return OTHER_CURVE(__real_mbedtls_ecdsa_read_signature(ctx, hash, hlen, sig, slen));
    }
    int error = signature_in(curve, number, sig, slen);
    if (error == 0 && !point_in(curve, &point, &ctx->MBEDTLS_PRIVATE(Q))) {
        error = MBEDTLS_ERR_ECP_INVALID_KEY;
    }
    mpy_ssl_ec_room *room = error == 0 ? take_room() : NULL;
    if (room) {
        size_t size = 4 * (size_t)curve->field->words;
        bytes_in(curve, &e, hash, hlen < size ? hlen : size); // the leftmost bits
        error = mpy_ssl_ec_verify(curve, &e, &number[0], &number[1], &point, room) ? 0 : MBEDTLS_ERR_ECP_VERIFY_FAILED;
    } else if (error == 0) {
        error = MBEDTLS_ERR_ECP_ALLOC_FAILED;
    }
    give_room(room);
    return error;
}

int __wrap_mbedtls_ecp_check_pubkey(const mbedtls_ecp_group *grp, const mbedtls_ecp_point *pt) {
    const mpy_ssl_curve *curve = curve_of(grp);
    mpy_ssl_ec_point point;
    if (is_x25519(grp)) {
        return u_in(&point.x, pt) ? 0 : MBEDTLS_ERR_ECP_INVALID_KEY; // the rest shows in u_out()
    }
    if (!curve) {
        return OTHER_CURVE(__real_mbedtls_ecp_check_pubkey(grp, pt));
    }
    return point_in(curve, &point, pt) ? 0 : MBEDTLS_ERR_ECP_INVALID_KEY;
}

// The two public halves are the same, and the private one times the generator gives them.
int __wrap_mbedtls_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub, const mbedtls_ecp_keypair *prv,
    mpy_ssl_rng *f_rng, void *p_rng) {
    const mbedtls_ecp_group *grp = &prv->MBEDTLS_PRIVATE(grp);
    const mbedtls_ecp_point *public = &pub->MBEDTLS_PRIVATE(Q);
    const mpy_ssl_curve *curve = curve_of(grp);
    mbedtls_ecp_point Q;
    if (!curve) {
        return OTHER_CURVE(__real_mbedtls_ecp_check_pub_priv(pub, prv, f_rng, p_rng));
    }
    if (pub->MBEDTLS_PRIVATE(grp).id != grp->id) {
        return MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    }
    mbedtls_ecp_point_init(&Q);
    int error = multiply(curve, &Q, &prv->MBEDTLS_PRIVATE(d), &grp->G, f_rng, p_rng);
    if (error == 0 && (mbedtls_ecp_point_cmp(&Q, public) || mbedtls_ecp_point_cmp(&prv->MBEDTLS_PRIVATE(Q), public))) {
        error = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    }
    mbedtls_ecp_point_free(&Q);
    return error;
}
