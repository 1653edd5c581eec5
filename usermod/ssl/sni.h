// SPDX-License-Identifier: MIT
//
// A server's answer to the name that a client asks for (RFC 6066, 3): SSLContext.sni_callback, which may choose another context.
//
// The callback runs once in a handshake, when the ClientHello is whole and nothing of it has been answered: not a ticket, not the
// application protocols. What it raises is raised by the handshake, which ends with handshake_failure. A build without
// MPY_SSL_SNI_CALLBACK does not have it.
#ifndef MPY_SSL_SNI_H
#define MPY_SSL_SNI_H

#include <stdbool.h>

#include "py/obj.h"

#ifndef MPY_SSL_SNI_CALLBACK
#define MPY_SSL_SNI_CALLBACK 1
#endif

struct mpy_ssl_session;

// Part of a connection; all zero without a callback.
typedef struct {
    mp_obj_t callback; // callable(SSLSocket, server_name: str or None, SSLContext) -> None or the alert to refuse with
    mp_obj_t socket;   // its arguments
    mp_obj_t context;
    int result;        // of the call: 0 or a negative Mbed TLS error
    bool called;
    bool running;      // mpy_ssl_session_adopt() is allowed
} mpy_ssl_sni_t;

#if MPY_SSL_SNI_CALLBACK

// The callback, for the connection of `socket`. Before mpy_ssl_session_open().
void mpy_ssl_sni_start(mpy_ssl_sni_t *sni, mp_obj_t callback, mp_obj_t socket, mp_obj_t context);

// True until a ClientHello has come that the callback is to hear of.
bool mpy_ssl_sni_is_pending(const mpy_ssl_sni_t *sni);

// Has Mbed TLS tell of a ClientHello. While the session's configuration is made, before that of resumption, which does the same.
void mpy_ssl_sni_configure(struct mpy_ssl_session *session);

// A ClientHello is whole: calls the callback, then selects the application protocol, which Mbed TLS has been kept from. May be called
// more than once. Returns 0 or a negative Mbed TLS error; the session's `alert` and its stream's `exception` may be set then. A name
// that is none (RFC 6066, 3: bytes other than printable ASCII, no byte, more than 255) is illegal_parameter; an IP address, which is
// not allowed there either, is no name.
int mpy_ssl_sni_hello(struct mpy_ssl_session *session);

#else
#define mpy_ssl_sni_is_pending(sni) ((void)(sni), false)
#define mpy_ssl_sni_configure(session) ((void)(session))
#define mpy_ssl_sni_hello(session) (0)
#endif
#endif
