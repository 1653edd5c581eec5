// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_tls13_client.c (-include). A client that offers TLS 1.2, too, may ask for max_fragment_length, and servers
// of TLS 1.3 may grant it (RFC 8446, 4.2); Mbed TLS 3.6 does not note that it has asked, and would take the answer for unasked.
#ifndef MPY_SSL_TLS13_FRAGMENT_H
#define MPY_SSL_TLS13_FRAGMENT_H

#include "ssl_misc.h" // of Mbed TLS's library folder

#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)

static inline int mpy_ssl_check_received_extension(mbedtls_ssl_context *ssl, int message, unsigned type, uint32_t allowed) {
    if (type == MBEDTLS_TLS_EXT_MAX_FRAGMENT_LENGTH && ssl->conf->mfl_code != MBEDTLS_SSL_MAX_FRAG_LEN_NONE) {
        mbedtls_ssl_tls13_set_hs_sent_ext_mask(ssl, MBEDTLS_TLS_EXT_MAX_FRAGMENT_LENGTH);
    }
    return mbedtls_ssl_tls13_check_received_extension(ssl, message, type, allowed);
}
#define mbedtls_ssl_tls13_check_received_extension mpy_ssl_check_received_extension

#endif
#endif
