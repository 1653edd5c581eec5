// SPDX-License-Identifier: MIT
//
// A session in the bytes of a server's ticket: as mbedtls_ssl_session_save() writes it. In a build with TLS 1.3 the peer's
// certificate stands before it, with its length in two bytes, because Mbed TLS keeps it in sessions of TLS 1.2 only.
#ifndef MPY_SSL_PACKED_H
#define MPY_SSL_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "mbedtls/ssl.h"

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE) && defined(MBEDTLS_SSL_SESSION_TICKETS)

// Into out[size]. Returns 0 or a negative Mbed TLS error, MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL among them. *len is what is needed either way.
int mpy_ssl_session_pack(const mbedtls_ssl_session *session, uint8_t *out, size_t size, size_t *len);

// Into a session that is initialised and empty, and on failure is empty again. Returns 0 or a negative Mbed TLS error (other firmware, no memory).
int mpy_ssl_session_unpack(const uint8_t *data, size_t len, mbedtls_ssl_session *session);

#else

#define mpy_ssl_session_pack(session, out, size, len) mbedtls_ssl_session_save(session, out, size, len)
#define mpy_ssl_session_unpack(data, len, session) mbedtls_ssl_session_load(session, data, len)

#endif
#endif
