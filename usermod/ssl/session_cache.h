// SPDX-License-Identifier: MIT
//
// Sessions of clients, kept so that the next connection to the same server resumes by itself: for all contexts together, because
// programs like `requests` make a new context for each connection. Found by binding (binding.h), so a context never gets a
// session that other settings have made. Bounded; the oldest goes first. Emptied by a soft reset, by its finaliser.
#ifndef MPY_SSL_SESSION_CACHE_H
#define MPY_SSL_SESSION_CACHE_H

#include "py/obj.h"

#include "saved.h"

#ifndef MPY_SSL_SESSION_CACHE_SIZE
#define MPY_SSL_SESSION_CACHE_SIZE 4 // 0.5 to 2 KB each, by the server's certificate and ticket
#endif

#define MPY_SSL_SESSION_CACHE_LIMIT 8

// The session of a binding as a reference of the caller's, or NULL.
mpy_ssl_saved_t *mpy_ssl_session_cache_find(const uint8_t binding[MPY_SSL_BINDING]);

// Keeps a reference of its own, until a newer one comes or the place is needed.
void mpy_ssl_session_cache_store(mpy_ssl_saved_t *saved);

// Forgets the session of a binding.
void mpy_ssl_session_cache_forget(const uint8_t binding[MPY_SSL_BINDING]);

// ssl.session_cache_size([n]) -> how many sessions are kept at most, after setting it, which forgets all. 0 switches it off.
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(mpy_ssl_session_cache_size_obj);

// Makes room; may raise MemoryError, and nothing else here does. Called before a client begins.
void mpy_ssl_session_cache_prepare(void);

#endif
