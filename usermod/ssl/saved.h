// SPDX-License-Identifier: MIT
//
// A TLS session that can be resumed (RFC 5246, F.1.4; RFC 5077; RFC 8446, 2.2), outside Python's heap objects and counted; and small tables
// of them. It holds a secret, and is overwritten when the last reference goes.
#ifndef MPY_SSL_SAVED_H
#define MPY_SSL_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mbedtls/ssl.h"

#include "certificate.h"
#include "counted.h"

#define MPY_SSL_BINDING 32           // SHA-256, see binding.h
#define MPY_SSL_SAVED_MAX_AGE 86400  // seconds: RFC 5246, F.1.4 advises 24 hours, whatever a server promises

// Immutable once made.
typedef struct {
    mpy_ssl_counted_t counted;
    long long issued;   // seconds since 1970
    uint32_t lifetime;  // seconds from then
    mpy_ssl_der_t *peer; // a client's: the server's certificate, which is not in data then; or NULL
    uint16_t len;       // of data
    bool has_ticket;
    bool storable;      // may leave this run of the program: its binding means the same in another one
    uint8_t binding[MPY_SSL_BINDING];
    uint8_t data[];     // as mbedtls_ssl_session_save() writes it
} mpy_ssl_saved_t;

// From the session of a complete handshake, issued at this moment; not storable. Takes a reference of its own to `peer`, which may be NULL.
// NULL if there is no memory. The caller owns one reference.
mpy_ssl_saved_t *mpy_ssl_saved_new(const mbedtls_ssl_session *session, mpy_ssl_der_t *peer, const uint8_t binding[MPY_SSL_BINDING]);

// An empty one with room for `len` bytes of data, which the caller fills, as all else, before anybody else sees it. NULL: no memory.
mpy_ssl_saved_t *mpy_ssl_saved_alloc(size_t len);

// False before it was issued (the clock was changed) and when its time is over.
bool mpy_ssl_saved_is_fresh(const mpy_ssl_saved_t *saved);

// True if this binding is that of the session. NULL has none.
bool mpy_ssl_saved_is_bound(const mpy_ssl_saved_t *saved, const uint8_t binding[MPY_SSL_BINDING]);

// Into a session that is initialised and empty, but for `peer`. Returns 0 or a negative Mbed TLS error (other firmware, no memory).
int mpy_ssl_saved_load(const mpy_ssl_saved_t *saved, mbedtls_ssl_session *session);

// One place of a table. `key` means what the table's owner wants.
typedef struct {
    uint8_t key[MPY_SSL_BINDING];
    mpy_ssl_saved_t *saved; // NULL: free
} mpy_ssl_slot_t;

// The session of a key as a reference of the caller's, or NULL; one that is too old is forgotten.
mpy_ssl_saved_t *mpy_ssl_slots_find(mpy_ssl_slot_t *slots, size_t count, const uint8_t key[MPY_SSL_BINDING]);

// Keeps a reference of its own, in the place of the same key, else in a free one, else in that of the oldest. NULL forgets the key.
void mpy_ssl_slots_store(mpy_ssl_slot_t *slots, size_t count, const uint8_t key[MPY_SSL_BINDING], mpy_ssl_saved_t *saved);

// Forgets all.
void mpy_ssl_slots_clear(mpy_ssl_slot_t *slots, size_t count);

#endif
