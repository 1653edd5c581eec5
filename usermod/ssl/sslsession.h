// SPDX-License-Identifier: MIT
//
// ssl.SSLSession: a session that can be resumed, as an object: from SSLSocket.session, for wrap_socket(session=), and as bytes to
// be kept over a reset. The bytes hold the master secret. They are sealed (seal.h) under a key that the program gives; without
// one the key is known to everybody, and the seal tells damage and nothing else: whoever reads them can read the connections of the
// session, and whoever can change them can make the board trust a server of his.
#ifndef MPY_SSL_SSLSESSION_H
#define MPY_SSL_SSLSESSION_H

#include "py/obj.h"

#include "saved.h"

extern const mp_obj_type_t mpy_ssl_type_session;

// An SSLSession, or None for NULL. Takes a reference of its own. May raise MemoryError.
mp_obj_t mpy_ssl_sslsession_new(mpy_ssl_saved_t *saved);

// What is in an SSLSession, still its own. NULL for None. Raises TypeError for anything else.
mpy_ssl_saved_t *mpy_ssl_sslsession_get(mp_obj_t session);

#endif
