// SPDX-License-Identifier: MIT
//
// ssl.SSLSocket: a stream whose bytes travel through TLS.
#ifndef MPY_SSL_SOCKET_H
#define MPY_SSL_SOCKET_H

#include <stdbool.h>

#include "py/obj.h"

#include "session.h"

extern const mp_obj_type_t mpy_ssl_type_socket;

// Wraps `stream`. With do_handshake the handshake is completed before it returns, except over a socket that is set not
// to block: that one goes on with its first read or write. Raises OSError, ValueError or what the stream raises; a native
// stream is closed then, unless the arguments were at fault, and one that is written in Python stays open.
mp_obj_t mpy_ssl_socket_new(mp_obj_t stream, const mpy_ssl_options_t *options, bool do_handshake);

#endif
