// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_tls12_server.c and ssl_tls13_server.c (-include). The version at the front of a ClientHello that is above
// TLS 1.2 stands for TLS 1.2: a server answers by the highest that it has (RFC 5246, E.1), and those above are in an extension, with
// which that at the front does not count (RFC 8446, 4.2.1). Mbed TLS 3.6 refuses what is not exactly TLS 1.2. The message itself
// stays as it is, in the transcript, too. (With RSA key exchange such a client fails later, because the version is in its secret.)
#ifndef MPY_SSL_HELLO_VERSION_H
#define MPY_SSL_HELLO_VERSION_H

#include "common.h" // of Mbed TLS's library folder, as the next; opens its structures
#include "ssl_misc.h"

// `version` is at the front of the newest message, or elsewhere, as in supported_versions. DTLS counts downwards and stays as it is.
static inline uint16_t mpy_ssl_hello_version(const mbedtls_ssl_context *ssl, const unsigned char *version) {
    uint16_t number = mbedtls_ssl_read_version(version, ssl->conf->transport);
    int at_front = version == ssl->in_msg + mbedtls_ssl_hs_hdr_len(ssl) && ssl->conf->transport == MBEDTLS_SSL_TRANSPORT_STREAM;
    return at_front && number > MBEDTLS_SSL_VERSION_TLS1_2 ? MBEDTLS_SSL_VERSION_TLS1_2 : number;
}
#define mbedtls_ssl_read_version(version, transport) mpy_ssl_hello_version(ssl, version)

#endif
