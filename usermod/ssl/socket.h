// SPDX-License-Identifier: MIT
//
// ssl.SSLSocket: a stream whose bytes travel through TLS.
#ifndef MPY_SSL_SOCKET_H
#define MPY_SSL_SOCKET_H

#include <stdbool.h>

#include "py/obj.h"

#include "session.h"

extern const mp_obj_type_t mpy_ssl_type_socket;

// What an SSLSocket tells about itself, and how it begins.
typedef struct {
    mp_obj_t context;         // the SSLContext
    mp_obj_t sni_callback;    // of a server's context, or None
    mp_obj_t server_hostname; // str or None
    mp_obj_t session;         // SSLSession or None
    mp_obj_t client_id;       // bytes-like or None
    uint32_t timeout;         // milliseconds for the whole handshake, 0: none
    bool do_handshake;
} mpy_ssl_wrapping_t;

// Milliseconds of a timeout in seconds, int or float; 0 for None. Raises ValueError unless 0 <= seconds < 24 days, TypeError.
uint32_t mpy_ssl_timeout_ms(mp_obj_t seconds);

// Wraps `stream`. With do_handshake the handshake is completed before it returns, except over a socket that is set not
// to block: that one goes on with its first read or write. With a timeout it is completed in any case, or fails. Raises OSError, ValueError or what the stream raises; a native
// stream is closed then, unless the arguments were at fault, and one that is written in Python stays open.
mp_obj_t mpy_ssl_socket_new(mp_obj_t stream, const mpy_ssl_options_t *options, const mpy_ssl_wrapping_t *wrapping);

// The connection of an SSLSocket.
const mpy_ssl_session_t *mpy_ssl_socket_session(mp_obj_t socket);

#endif
