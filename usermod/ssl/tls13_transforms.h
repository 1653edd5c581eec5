// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_tls13_keys.c (-include). When memory is short while it sets a connection's keys up, Mbed TLS 3.6.6 frees
// the structure but not the first of the two cipher contexts in it. All that this file frees are such structures.
#ifndef MPY_SSL_TLS13_TRANSFORMS_H
#define MPY_SSL_TLS13_TRANSFORMS_H

#include "ssl_misc.h" // of Mbed TLS's library folder; before its public headers

#include "mbedtls/platform.h"

#if defined(MBEDTLS_USE_PSA_CRYPTO)
#error "with it ssl_tls13_keys.c frees other things, too"
#endif

static inline void mpy_ssl_tls13_transform_free(mbedtls_ssl_transform *transform) {
    mbedtls_ssl_transform_free(transform);
    mbedtls_free(transform);
}

#undef mbedtls_free
#define mbedtls_free mpy_ssl_tls13_transform_free

#endif
