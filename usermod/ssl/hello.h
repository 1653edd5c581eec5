// SPDX-License-Identifier: MIT
//
// Reads what Mbed TLS does not tell of a ClientHello or ServerHello (RFC 5246, 7.4.1): extensions and suites. Pure functions over a
// handshake message with its 4-byte header; whatever is malformed counts as absent, since Mbed TLS refuses it anyway.
#ifndef MPY_SSL_HELLO_H
#define MPY_SSL_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"

#define MPY_SSL_EXTENSION_SERVER_NAME 0             // RFC 6066, 3
#define MPY_SSL_EXTENSION_MAX_FRAGMENT_LENGTH 1     // RFC 6066, 4
#define MPY_SSL_EXTENSION_ALPN 16                   // RFC 7301, 3.1
#define MPY_SSL_EXTENSION_EXTENDED_MASTER_SECRET 23 // RFC 7627, 5.1

// True if the hello has the extension; *body is its content then.
bool mpy_ssl_hello_extension(const uint8_t *hello, size_t len, uint16_t type, mpy_ssl_span_t *body);

// The extensions of a ClientHello, a ServerHello or EncryptedExtensions. False if the lengths in the message are not those of its parts.
// Without extensions: true, and nothing. Only in builds with MPY_SSL_MESSAGE_CHECKS.
bool mpy_ssl_hello_extensions(const uint8_t *message, size_t len, mpy_ssl_span_t *extensions);

// Takes the next extension off. False if there is none; what is left then is no extension.
bool mpy_ssl_hello_next(mpy_ssl_span_t *extensions, uint16_t *type, mpy_ssl_span_t *body);

// The host name of a ClientHello's server_name extension, or nothing.
mpy_ssl_span_t mpy_ssl_hello_server_name(const uint8_t *hello, size_t len);

// True if a ClientHello offers the suite.
bool mpy_ssl_hello_offers_suite(const uint8_t *hello, size_t len, int suite);

#endif
