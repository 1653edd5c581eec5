// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_client.c (-include) in builds with TLS 1.3. A client that offers a session of TLS 1.3 goes on offering TLS
// 1.2, too, if it is allowed: RFC 8446, 4.2.1 and D.1. Mbed TLS 3.6 offers the session's version alone, so that a server that has gone back
// to TLS 1.2, or another one behind the same name, can only refuse. The ticket itself is for TLS 1.3 alone (4.6.1).
#ifndef MPY_SSL_TLS13_OFFER_H
#define MPY_SSL_TLS13_OFFER_H

#include "ssl_misc.h" // of Mbed TLS's library folder

static inline int mpy_ssl_tls13_start_hello(mbedtls_ssl_context *ssl, unsigned char type, unsigned char **buf, size_t *len) {
    if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
        ssl->handshake->min_tls_version = ssl->conf->min_tls_version;
    }
    return mbedtls_ssl_start_handshake_msg(ssl, type, buf, len);
}

static inline int mpy_ssl_tls13_write_tls12_exts(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, int uses_ec, size_t *len) {
    size_t ticket_len = ssl->session_negotiate->ticket_len;
    if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
        ssl->session_negotiate->ticket_len = 0;
    }
    int ret = mbedtls_ssl_tls12_write_client_hello_exts(ssl, buf, end, uses_ec, len);
    ssl->session_negotiate->ticket_len = ticket_len;
    return ret;
}

#define mbedtls_ssl_start_handshake_msg mpy_ssl_tls13_start_hello
#define mbedtls_ssl_tls12_write_client_hello_exts mpy_ssl_tls13_write_tls12_exts

#endif
