// SPDX-License-Identifier: MIT
//
// Steps of TLS 1.3's key schedule (RFC 8446, 7) after the handshake. Mbed TLS 3.6 lacks them, or does them only with what a handshake
// leaves behind, so this file knows its structures: it is compiled with Mbed TLS's library folder and for 3.6.
#ifndef MPY_SSL_TLS13_SECRETS_H
#define MPY_SSL_TLS13_SECRETS_H

#include "mbedtls/ssl.h"

#include "span.h"

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)

// The pre-shared key that goes with a ticket (4.6.1), into the connection's session. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_tls13_ticket_key(mbedtls_ssl_context *ssl, mpy_ssl_span_t nonce);

// The next keys (7.2) for what the peer sends from the next record on. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_tls13_update_in(mbedtls_ssl_context *ssl);

// Says so to the peer, and takes the next keys for what is sent then. Returns 0, MBEDTLS_ERR_SSL_WANT_WRITE, in which case it is done and
// the message waits in the output buffer, or another negative Mbed TLS error.
int mpy_ssl_tls13_update_out(mbedtls_ssl_context *ssl);

#endif
#endif
