// SPDX-License-Identifier: MIT
//
// What TLS 1.3 sends between data (RFC 8446, 4.6): a server's tickets, and new keys. Mbed TLS 3.6 keeps 2 KB of the handshake for the
// first and refuses the second, so both are handled here. In builds without TLS 1.3 there is nothing to do.
//
// Messages in one record after each other count as idle like records (MPY_SSL_IDLE_RECORDS), or a record full of them would be a long stall.
#ifndef MPY_SSL_AFTER_HANDSHAKE_H
#define MPY_SSL_AFTER_HANDSHAKE_H

#include "mbedtls/ssl.h"

#include "message_header.h"

struct mpy_ssl_session;

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)

// mbedtls_ssl_read(), and all that is no data. Returns what that does.
int mpy_ssl_after_handshake_read(struct mpy_ssl_session *session, void *buf, size_t len);

// To be called before data are written, with nothing unsent: answers the peer's request for new keys, once for all that have come
// (4.6.3). 0, MBEDTLS_ERR_SSL_WANT_WRITE (the answer is on its way), or another negative Mbed TLS error.
int mpy_ssl_after_handshake_write(struct mpy_ssl_session *session);

#else

#define mpy_ssl_after_handshake_read(session, buf, len) mpy_ssl_message_header_read(&(session)->ssl, buf, len)
#define mpy_ssl_after_handshake_write(session) (0)

#endif
#endif
