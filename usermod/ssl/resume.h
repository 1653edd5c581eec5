// SPDX-License-Identifier: MIT
//
// Resumption in the life of one connection, both roles: what session.c calls, and when. In TLS 1.2 extended master secrets are a
// condition (RFC 7627, 5.4): a session without one is never kept, and a peer that leaves it out of an abbreviated handshake is
// refused (5.3). In TLS 1.3 there are tickets only, a client gets them after the handshake, and keys are exchanged in any case
// (psk_dhe_ke; RFC 8446, 2.2). Without MBEDTLS_SSL_SESSION_TICKETS nothing is offered, kept or resumed.
#ifndef MPY_SSL_RESUME_H
#define MPY_SSL_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mbedtls/ssl.h"

#include "saved.h"
#include "span.h"
#include "ticket.h"

struct mpy_ssl_session;
struct mpy_ssl_options;

// Part of a connection; all zero at the start.
typedef struct {
    mpy_ssl_tickets_t *tickets;  // a server's, or NULL
    mpy_ssl_saved_t *saved;      // a client's: what was offered, then what can be resumed next time; or NULL
    uint8_t settings[MPY_SSL_BINDING]; // see binding.h
    uint8_t binding[MPY_SSL_BINDING];  // with the server's name
    long long since;             // when the handshake was complete
    uint8_t fragment;            // what the ClientHello asks for, see fragment.h
    bool local : 1;              // the binding means something in this run of the program only
    bool cached : 1;             // the client's session goes to the common cache
    bool hello_seen : 1;         // the server knows name and extensions of the ClientHello
    bool extended : 1;           // extended master secret
    bool reused : 1;             // this connection goes on with an old session
    bool ticket_came : 1;        // from the server, in this handshake
    bool without_extension : 1;  // the peer would resume without it
    bool outdated : 1;           // an old session has held back a connection that could be one of TLS 1.3
    int suites[2];               // a server of TLS 1.2 that takes a ticket chooses from this list: the ticket's suite, and 0
    mbedtls_x509_crt *certificate; // a client's, from a ticket of TLS 1.3 that may be accepted; or NULL
} mpy_ssl_resume_t;

// What a NewSessionTicket of TLS 1.3 says (RFC 8446, 4.6.1); the spans are in the message.
typedef struct {
    uint32_t lifetime; // seconds, as promised
    uint32_t age_add;
    mpy_ssl_span_t nonce;
    mpy_ssl_span_t ticket;
} mpy_ssl_new_ticket_t;

#if defined(MBEDTLS_SSL_SESSION_TICKETS)

// Takes its references, sets callbacks and what the handshake may offer. After configure() and before mbedtls_ssl_setup(). 0 or a negative error.
int mpy_ssl_resume_configure(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);

// A server goes on with another context. 0 or a negative error.
int mpy_ssl_resume_adopt(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);

// A client offers what it has, if that is still good. After mbedtls_ssl_setup(). Returns 0 or a negative Mbed TLS error.
int mpy_ssl_resume_offer(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);

// A server has read a ClientHello, of which sni_callback hears first; may be called more than once. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_resume_hello(struct mpy_ssl_session *session);

// Looks at what a step of the handshake did, `before` being the state that it began in. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_resume_step(struct mpy_ssl_session *session, int before);

// The handshake is complete: keeps what can be resumed. Never fails; without memory nothing is kept.
void mpy_ssl_resume_complete(struct mpy_ssl_session *session);

// What a connected client can resume next time, for the program that asks; still the connection's. NULL if there is nothing.
mpy_ssl_saved_t *mpy_ssl_resume_saved(struct mpy_ssl_session *session);

// TLS 1.3: a client was given a ticket. The newest counts. Without memory nothing is kept. 0 or a negative Mbed TLS error.
int mpy_ssl_resume_ticket(struct mpy_ssl_session *session, const mpy_ssl_new_ticket_t *ticket);

// The connection failed, so its session is not resumed again (RFC 5246, 7.2.2).
void mpy_ssl_resume_failed(struct mpy_ssl_session *session, int code);

void mpy_ssl_resume_release(struct mpy_ssl_session *session);

#else

#define mpy_ssl_resume_configure(session, options) ((void)(options), 0)
#define mpy_ssl_resume_adopt(session, options) ((void)(options), 0)
#define mpy_ssl_resume_offer(session, options) (0)
#define mpy_ssl_resume_hello(session) (0)
#define mpy_ssl_resume_step(session, before) ((void)(before), 0)
#define mpy_ssl_resume_complete(session) ((void)(session))
#define mpy_ssl_resume_ticket(session, ticket) ((void)(ticket), 0)
#define mpy_ssl_resume_failed(session, code) ((void)(session))
#define mpy_ssl_resume_release(session) ((void)(session))

#endif
#endif
