// SPDX-License-Identifier: MIT
#include "p256_mbedtls.h"

#include <string.h>

#include "mbedtls/platform_util.h"
#include "accelerator.h"
#include "p256.h"

#define WORDS MPY_SSL_P256_WORDS
#define BYTES (4 * WORDS)

static void words_of(uint32_t words[WORDS], const unsigned char bytes[BYTES]) {
    for (int i = 0; i < WORDS; i++) {
        const unsigned char *b = bytes + 4 * i;
        words[i] = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    }
}

// False for a number that is negative or has more than 256 bits.
static bool number_in(uint32_t words[WORDS], const mbedtls_mpi *number) {
    unsigned char bytes[BYTES];
    bool fits = mbedtls_mpi_cmp_int(number, 0) >= 0 && mbedtls_mpi_write_binary_le(number, bytes, BYTES) == 0;
    if (fits) {
        words_of(words, bytes);
    }
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    return fits;
}

static int number_out(mbedtls_mpi *number, const uint32_t words[WORDS]) {
    unsigned char bytes[BYTES];
    for (int i = 0; i < BYTES; i++) {
        bytes[i] = (unsigned char)(words[i / 4] >> (i % 4 * 8));
    }
    return mbedtls_mpi_read_binary_le(number, bytes, BYTES);
}

static bool point_in(mpy_ssl_p256_point *r, const mbedtls_ecp_point *a) {
    return mbedtls_mpi_cmp_int(&a->MBEDTLS_PRIVATE(Z), 1) == 0
           && number_in(r->x, &a->MBEDTLS_PRIVATE(X)) && number_in(r->y, &a->MBEDTLS_PRIVATE(Y));
}

static int point_out(mbedtls_ecp_point *r, const mpy_ssl_p256_point *a) {
    int error = number_out(&r->MBEDTLS_PRIVATE(X), a->x);
    if (error == 0) {
        error = number_out(&r->MBEDTLS_PRIVATE(Y), a->y);
    }
    return error ? error : mbedtls_mpi_lset(&r->MBEDTLS_PRIVATE(Z), 1);
}

static bool is_generator(const mpy_ssl_p256_point *a) {
    return memcmp(a, &mpy_ssl_p256_generator, sizeof(*a)) == 0;
}

static bool is_below_order(const uint32_t scalar[WORDS]) {
    static const uint32_t zero[WORDS];
    return mpy_ssl_p256_is_scalar(scalar) || memcmp(scalar, zero, sizeof(zero)) == 0;
}

// True if `scalar` and `point` hold what is allowed, and the multiplication is ours.
static bool multiply_in(uint32_t scalar[WORDS], mpy_ssl_p256_point *point, const mbedtls_ecp_group *grp,
    const mbedtls_mpi *m, const mbedtls_ecp_point *P) {
    return !MPY_SSL_ENGINE_MULTIPLIES_POINTS && grp->id == MBEDTLS_ECP_DP_SECP256R1
           && number_in(scalar, m) && mpy_ssl_p256_is_scalar(scalar)
           && point_in(point, P) && mpy_ssl_p256_is_on_curve(point);
}

int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx) {
    uint32_t scalar[WORDS], blind[WORDS];
    unsigned char random[BYTES];
    mpy_ssl_p256_point point;
    int error;
    if (!f_rng || !multiply_in(scalar, &point, grp, m, P)) {
        error = __real_mbedtls_ecp_mul_restartable(grp, R, m, P, f_rng, p_rng, rs_ctx);
    } else if ((error = f_rng(p_rng, random, sizeof(random))) == 0) {
        words_of(blind, random);
        mpy_ssl_p256_multiply(&point, scalar, is_generator(&point) ? NULL : &point, blind);
        error = point_out(R, &point);
    }
    mbedtls_platform_zeroize(scalar, sizeof(scalar));
    mbedtls_platform_zeroize(blind, sizeof(blind));
    mbedtls_platform_zeroize(random, sizeof(random));
    mbedtls_platform_zeroize(&point, sizeof(point));
    return error;
}

int __wrap_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng) {
    return __wrap_mbedtls_ecp_mul_restartable(grp, R, m, P, f_rng, p_rng, NULL);
}

int __wrap_mbedtls_ecp_muladd_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, const mbedtls_mpi *n, const mbedtls_ecp_point *Q, mbedtls_ecp_restart_ctx *rs_ctx) {
    uint32_t u[WORDS], v[WORDS];
    mpy_ssl_p256_point point;
    bool ours = grp->id == MBEDTLS_ECP_DP_SECP256R1 && point_in(&point, P) && is_generator(&point)
        && number_in(u, m) && is_below_order(u) && number_in(v, n) && is_below_order(v)
        && point_in(&point, Q) && mpy_ssl_p256_is_on_curve(&point);
    if (!ours) {
        return __real_mbedtls_ecp_muladd_restartable(grp, R, m, P, n, Q, rs_ctx);
    }
    return mpy_ssl_p256_multiply_add(&point, u, v, &point) ? point_out(R, &point) : mbedtls_ecp_set_zero(R);
}

// The two public halves are the same, and the private one times the generator gives them.
int __wrap_mbedtls_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub, const mbedtls_ecp_keypair *prv,
    mpy_ssl_rng *f_rng, void *p_rng) {
    mbedtls_ecp_group grp;
    mbedtls_ecp_point Q;
    const mbedtls_ecp_point *public = &pub->MBEDTLS_PRIVATE(Q);
    const mbedtls_ecp_group *curve = &prv->MBEDTLS_PRIVATE(grp);
    if (curve->id != MBEDTLS_ECP_DP_SECP256R1 || pub->MBEDTLS_PRIVATE(grp).id != curve->id) {
        return __real_mbedtls_ecp_check_pub_priv(pub, prv, f_rng, p_rng);
    }
    mbedtls_ecp_group_init(&grp);
    mbedtls_ecp_point_init(&Q);
    int error = mbedtls_ecp_group_copy(&grp, curve);
    if (error == 0) {
        error = __wrap_mbedtls_ecp_mul(&grp, &Q, &prv->MBEDTLS_PRIVATE(d), &curve->G, f_rng, p_rng);
    }
    if (error == 0 && (mbedtls_ecp_point_cmp(&Q, public) || mbedtls_ecp_point_cmp(&prv->MBEDTLS_PRIVATE(Q), public))) {
        error = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    }
    mbedtls_ecp_point_free(&Q);
    mbedtls_ecp_group_free(&grp);
    return error;
}
