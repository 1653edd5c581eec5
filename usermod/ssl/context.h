// SPDX-License-Identifier: MIT
//
// ssl.SSLContext: settings from which sockets are made. A change counts for the sockets made after it.
#ifndef MPY_SSL_CONTEXT_H
#define MPY_SSL_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "py/obj.h"

#include "alpn.h"
#include "certificate.h"
#include "ciphers.h"
#include "dtls.h"
#include "groups.h"
#include "psk.h"
#include "session.h"
#include "ticket.h"

#define MPY_SSL_OP_NO_TICKET 0x4000 // CPython's number

enum { // MicroPython's numbers
    MPY_SSL_PROTOCOL_TLS_CLIENT = 0,
    MPY_SSL_PROTOCOL_TLS_SERVER = 1,
    MPY_SSL_PROTOCOL_DTLS_CLIENT = 2,
    MPY_SSL_PROTOCOL_DTLS_SERVER = 3,
};

typedef struct {
    mp_obj_base_t base;
    uint8_t protocol;
    uint8_t verify_mode;
    uint16_t minimum_version; // mbedtls_ssl_protocol_version
    uint16_t maximum_version;
    mpy_ssl_identity_t *identity;       // the one that was loaded last
    mpy_ssl_identity_t *other_identity; // with a key of the other kind
    mpy_ssl_trust_t *trust;
    mpy_ssl_ciphers_t *ciphers;
    mpy_ssl_groups_t *groups;
    mpy_ssl_alpn_t *alpn;
    mpy_ssl_tickets_t *tickets; // of a server, made for its first socket
    uint32_t verify_serial;   // of verify_callback, see binding.h
    uint32_t options;         // OP_*
    bool session_cache;
    uint8_t fragment;         // what a client asks for, see fragment.h
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    uint16_t record_size_limit; // bytes, or 0 for None
    #endif
    mp_obj_t keylog_filename; // path or None
    mp_obj_t keylog_callback; // see keylog.h; or None
    mpy_ssl_psk_t psk;
    mpy_ssl_cookies_t *cookies; // of a server over datagrams, made for its first socket
    mp_obj_t verify_callback; // callable(cert: bytes, depth: int) -> int, 0 to accept; or None
    mp_obj_t sni_callback;    // see sni.h; or None
} mpy_ssl_context_t;

extern const mp_obj_type_t mpy_ssl_type_context;

// What a server's connections are made from. The context keeps what it points to. Raises TypeError if it is no context, ValueError if it is a
// client's, OSError(ENOMEM).
void mpy_ssl_context_server_options(mp_obj_t context, mpy_ssl_options_t *options);

// ssl.create_default_context(purpose=Purpose.SERVER_AUTH, *, cafile=None, cadata=None), and ssl.Purpose.
MP_DECLARE_CONST_FUN_OBJ_KW(mpy_ssl_create_default_context_obj);
extern const mp_obj_type_t mpy_ssl_type_purpose;

// ssl.wrap_socket(): a context and a socket in one call.
MP_DECLARE_CONST_FUN_OBJ_KW(mpy_ssl_wrap_socket_obj);

#endif
