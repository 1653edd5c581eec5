// SPDX-License-Identifier: MIT
//
// Puts ec_point.h and ec_x25519.h in the place of Mbed TLS's arithmetic for P-256, P-384 and Curve25519: 6 to 9 times fewer instructions,
// and no allocation in between where Mbed TLS makes thousands.
//
// The linker's --wrap=<function> gives these the calls that one object of Mbed TLS makes into another. Builds that compile
// Mbed TLS themselves rename instead: `ecp` is compiled with -D<function>=__real_<function>, and ec_mbedtls.c with
// -D__wrap_<function>=<function>. Other curves go to Mbed TLS's own function; with MPY_SSL_EC_ONLY in the configuration there
// are none, and the linker leaves Mbed TLS's functions out. All return 0 or a negative Mbed TLS error, as described in
// mbedtls/ecp.h; a restart context is left alone, because a call takes no longer than one of its steps.
#ifndef MPY_SSL_EC_MBEDTLS_H
#define MPY_SSL_EC_MBEDTLS_H

#include "mbedtls/ecdsa.h"
#include "mbedtls/ecp.h"

typedef int mpy_ssl_rng(void *context, unsigned char *output, size_t len);

// R = m * P. Needs random numbers from f_rng.
int __wrap_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng);
int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx);
int __real_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, mpy_ssl_rng *f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx);

// Is it a signature of that hash? An error of ASN.1 or ECP if not.
int __wrap_mbedtls_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash, size_t hlen,
    const unsigned char *sig, size_t slen);
int __real_mbedtls_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash, size_t hlen,
    const unsigned char *sig, size_t slen);

// Is a point on the curve?
int __wrap_mbedtls_ecp_check_pubkey(const mbedtls_ecp_group *grp, const mbedtls_ecp_point *pt);
int __real_mbedtls_ecp_check_pubkey(const mbedtls_ecp_group *grp, const mbedtls_ecp_point *pt);

// Does a private key belong to a public one?
int __wrap_mbedtls_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub, const mbedtls_ecp_keypair *prv,
    mpy_ssl_rng *f_rng, void *p_rng);
int __real_mbedtls_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub, const mbedtls_ecp_keypair *prv,
    mpy_ssl_rng *f_rng, void *p_rng);

#endif
