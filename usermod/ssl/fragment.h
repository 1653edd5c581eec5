// SPDX-License-Identifier: MIT
//
// The largest record that a connection of TLS 1.2 carries (RFC 6066, 4): a client asks for it, and a server that knows the extension has
// to grant it. Mbed TLS cuts what it writes; here is what it leaves out: whether it was granted, and that a peer keeps to it.
// The buffers are as large as the records (buffers.h), so it bounds them, and nothing is ever cut below what was granted.
// Not with MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH: that cuts a client's input to what it asked for, granted or not.
#ifndef MPY_SSL_FRAGMENT_H
#define MPY_SSL_FRAGMENT_H

#include <stdint.h>

#include "py/obj.h"

#include "mbedtls/ssl.h"

#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH) && !defined(MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH)
#define MPY_SSL_HAVE_FRAGMENT 1
#else
#define MPY_SSL_HAVE_FRAGMENT 0
#endif

struct mpy_ssl_session;

#if MPY_SSL_HAVE_FRAGMENT

// The code of 512, 1024, 2048 or 4096 (MBEDTLS_SSL_MAX_FRAG_LEN_*), or of None. Raises ValueError, TypeError.
uint8_t mpy_ssl_fragment_code(mp_obj_t length);

// The length in bytes that a code stands for, or 0 or None for none.
size_t mpy_ssl_fragment_bytes(uint8_t code);
mp_obj_t mpy_ssl_fragment_length(uint8_t code);

// A client of TLS 1.2 has read the ServerHello, which is still in its buffer: notes what is granted.
void mpy_ssl_fragment_answered(struct mpy_ssl_session *session);

// The handshake is complete: records of the peer are held to what was granted.
void mpy_ssl_fragment_done(struct mpy_ssl_session *session);

// What a ClientHello asks for; a session that was made with something else cannot be resumed.
uint8_t mpy_ssl_fragment_asked(const uint8_t *hello, size_t len);

#else
#define mpy_ssl_fragment_answered(session) ((void)(session))
#define mpy_ssl_fragment_done(session) ((void)(session))
#endif
#endif
