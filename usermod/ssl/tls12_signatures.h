// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_tls12_client.c (-include) in builds with TLS 1.3, whose clients offer RSASSA-PSS. RFC 8446, 4.2.3:
// "[they] MUST be prepared to accept a signature using that scheme even when TLS 1.2 is negotiated". Mbed TLS 3.6.6 can verify such
// a ServerKeyExchange, but refuses it with illegal_parameter, and with it TLS 1.2 servers that have RSA keys and prefer PSS, as OpenSSL
// does; mended upstream in Mbed-TLS/mbedtls pull request 10674. Whether it was offered is still looked at.
#ifndef MPY_SSL_TLS12_SIGNATURES_H
#define MPY_SSL_TLS12_SIGNATURES_H

#include "ssl_misc.h" // of Mbed TLS's library folder

static inline int mpy_ssl_tls12_signature_is_supported(const mbedtls_ssl_context *ssl, const uint16_t scheme) {
    int is_pss = scheme == MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256 || scheme == MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384
        || scheme == MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512;
    return is_pss || mbedtls_ssl_sig_alg_is_supported(ssl, scheme);
}

#define mbedtls_ssl_sig_alg_is_supported mpy_ssl_tls12_signature_is_supported

#endif
