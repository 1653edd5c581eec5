// SPDX-License-Identifier: MIT
//
// The longest record that each end takes, which it tells the other in a handshake of TLS 1.3 (RFC 8449). Mbed TLS 3.6 reads and writes the
// extension, and cuts data by what the peer says. Here is what it leaves out: the program chooses the value (Mbed TLS says 16384), wrong
// ones end with the alerts that the RFCs name, and a peer is held to the value. As with max_fragment_length the buffers are bounded by it.
//
// The value counts all plaintext of a record (RFC 8449, 4): in TLS 1.3 content, a byte for its type, and padding. It belongs to one
// connection, resumed or not. A client with TLS 1.3 offers it, also where a server of TLS 1.2 answers; our servers answer in TLS 1.3.
#ifndef MPY_SSL_RECORD_SIZE_LIMIT_H
#define MPY_SSL_RECORD_SIZE_LIMIT_H

#include <stdint.h>

#include "py/obj.h"

#include "mbedtls/ssl.h"

#include "fragment.h"

// MicroPython's CMake ports look for names without the configuration of Mbed TLS.
#if defined(MPY_SSL_OWN_CONFIG) && defined(MBEDTLS_SSL_RECORD_SIZE_LIMIT) && MPY_SSL_HAVE_FRAGMENT
#define MPY_SSL_HAVE_RECORD_SIZE_LIMIT 1
#elif defined(NO_QSTR) && defined(MPY_SSL_TLS1_3)
#define MPY_SSL_HAVE_RECORD_SIZE_LIMIT 1
#else
#define MPY_SSL_HAVE_RECORD_SIZE_LIMIT 0
#endif

struct mpy_ssl_session;
struct mpy_ssl_options;

// Part of a connection.
typedef struct {
    uint16_t own; // what we tell the peer
    bool agreed;  // both ends have told, and are held to it
} mpy_ssl_record_size_limit_t;

#if MPY_SSL_HAVE_RECORD_SIZE_LIMIT

// Bytes of content, 64 to 16384, or 0 for None. Raises ValueError, TypeError.
uint16_t mpy_ssl_record_size_limit_bytes(mp_obj_t value);

// Takes over what the program has chosen. Before the handshake.
void mpy_ssl_record_size_limit_configure(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);

// A client of TLS 1.2 has read the ServerHello, which is still in its buffer and may have the extension. 0 or a negative Mbed TLS error.
int mpy_ssl_record_size_limit_answered(struct mpy_ssl_session *session);

// The handshake is complete: records of the peer are held to what was agreed on, those of TLS 1.2, too.
void mpy_ssl_record_size_limit_done(struct mpy_ssl_session *session);

// Bytes of content that a record of the peer may have; None if it does not know the extension.
mp_obj_t mpy_ssl_record_size_limit_agreed(const struct mpy_ssl_session *session);

#else
#define mpy_ssl_record_size_limit_configure(session, options) ((void)(options))
#define mpy_ssl_record_size_limit_answered(session) ((void)(session), 0)
#define mpy_ssl_record_size_limit_done(session) ((void)(session))
#endif
#endif
