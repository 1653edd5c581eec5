// SPDX-License-Identifier: MIT
//
// A server's side of resumption: tickets (RFC 5077; RFC 8446, 4.6.1), which clients keep for us, and a small table of sessions by ID for those
// that know no tickets. A ticket is bound to the settings of the context and to the server name of the ClientHello: to another
// name (RFC 6066, 3), after a change of settings, or to another context it is worth nothing, and a full handshake follows.
#ifndef MPY_SSL_TICKET_H
#define MPY_SSL_TICKET_H

#include <stddef.h>
#include <stdint.h>

#include "mbedtls/ssl.h"

#include "counted.h"
#include "saved.h"
#include "seal.h"

#ifndef MPY_SSL_SERVER_SESSIONS
#define MPY_SSL_SERVER_SESSIONS 4 // sessions by ID, 0.2 KB each, and the client's certificate
#endif

#define MPY_SSL_TICKET_LIFETIME 43200 // seconds; a key makes tickets for that long, and opens them for as long again

#define MPY_SSL_TICKET_CERTIFICATE (MBEDTLS_SSL_OUT_CONTENT_LEN - 512) // bytes of a client's that fits into a ticket with all else

typedef struct {
    uint8_t name[4]; // random, in front of each ticket
    uint8_t key[MPY_SSL_SEAL_KEY];
    long long since; // seconds since 1970
    bool made;
} mpy_ssl_ticket_key_t;

// What a server context keeps; counted, because its sockets go on using it.
typedef struct {
    mpy_ssl_counted_t counted;
    mpy_ssl_ticket_key_t keys[2]; // the first makes tickets
    mpy_ssl_slot_t slots[MPY_SSL_SERVER_SESSIONS]; // by session ID
} mpy_ssl_tickets_t;

// NULL: no memory. The caller owns one reference.
mpy_ssl_tickets_t *mpy_ssl_tickets_new(void);

// A ticket for a session, into out[size]. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_ticket_write(mpy_ssl_tickets_t *tickets, const uint8_t binding[MPY_SSL_BINDING], const mbedtls_ssl_session *session,
    uint8_t *out, size_t size, size_t *len);

// The session of a ticket, which stays as it is, into one that is initialised. Returns 0, or a negative Mbed TLS error for one
// that is forged, too old, of another key, or bound to something else.
int mpy_ssl_ticket_parse(mpy_ssl_tickets_t *tickets, const uint8_t binding[MPY_SSL_BINDING], const uint8_t *ticket, size_t len,
    mbedtls_ssl_session *session);

#endif
