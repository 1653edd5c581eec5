// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_tls13_client.c (-include). A server's key share that is of another group than the client's, or no
// valid key, is answered by illegal_parameter (RFC 8446, 4.2.8 and 7.4.2); Mbed TLS 3.6 has handshake_failure, here and nowhere else in
// that file.
#ifndef MPY_SSL_TLS13_SERVER_HELLO_H
#define MPY_SSL_TLS13_SERVER_HELLO_H

#include "ssl_misc.h" // of Mbed TLS's library folder

#undef MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE
#define MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER

#endif
