// SPDX-License-Identifier: MIT
//
// Handshake messages that are cut in their header. A message may be spread over records in any way (RFC 5246, 6.2.1; RFC 8446, 5.1),
// but Mbed TLS 3.6 refuses a first piece without the four bytes of type and length. Here they are collected first, as a message of four
// bytes that Mbed TLS is made to wait for; then it is told how long the message really is, and waits for that.
//
// The bytes of the header are where Mbed TLS puts messages together, and their number is in its count of such bytes: 1 to 3, which it
// has by itself never. So the wait may be interrupted by WANT_READ, costs no memory, and ends by what else than handshake comes between.
//
// Only for streams, and only in builds with MPY_SSL_MESSAGE_CHECKS.
#ifndef MPY_SSL_MESSAGE_HEADER_H
#define MPY_SSL_MESSAGE_HEADER_H

#include <stddef.h>

#include "mbedtls/ssl.h"

#define MPY_SSL_MESSAGE_HEADER 4       // type, length (3): RFC 5246, 7.4
#define MPY_SSL_MESSAGE_HEADER_DTLS 12 // and sequence (2), fragment offset (3), fragment length (3): RFC 6347, 4.2.2

#if defined(MPY_SSL_MESSAGE_CHECKS)

// mbedtls_ssl_read_record() without an update of the transcript. Returns what that does.
int mpy_ssl_message_header_read_record(mbedtls_ssl_context *ssl);

// mbedtls_ssl_read() for messages after the handshake. Returns what that does, or MBEDTLS_ERR_SSL_CONN_EOF.
int mpy_ssl_message_header_read(mbedtls_ssl_context *ssl, unsigned char *buf, size_t len);

#else
#define mpy_ssl_message_header_read mbedtls_ssl_read
#endif
#endif
