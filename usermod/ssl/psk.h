// SPDX-License-Identifier: MIT
//
// Pre-shared keys in TLS 1.2 (RFC 4279, RFC 5489), as MicroPython and CPython have them. A context with any of these settings is
// one of PSK alone: it has no suites with certificates (ciphers.h), speaks no TLS 1.3 and resumes no sessions, so that a server
// which takes a key back is obeyed at once. An option of the build, MPY_SSL_PSK; what is there is what Mbed TLS was configured for.
#ifndef MPY_SSL_PSK_H
#define MPY_SSL_PSK_H

#include <stdbool.h>
#include <stddef.h>

#include "py/obj.h"

#include "mbedtls/ssl.h"

#if defined(MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED)
#define MPY_SSL_HAVE_PSK 1
#else
#define MPY_SSL_HAVE_PSK 0
#endif

// RFC 4279, 5.3 asks for identities of 128 and keys of 64 bytes at least. OpenSSL takes identities and hints up to 256 bytes.
#define MPY_SSL_PSK_IDENTITY_MAX 256
#define MPY_SSL_PSK_KEY_MAX MBEDTLS_PSK_MAX_LEN

struct mpy_ssl_session;
struct mpy_ssl_options;

// Lives inside garbage collected objects: a context, and each connection made with it. The keys stay Python's objects; what is copied
// from them belongs to Mbed TLS, which zeroes it. All None at the start.
typedef struct {
    mp_obj_t identity;        // str or bytes-like: what a client says, or the only one that a server knows
    mp_obj_t key;             // bytes-like, for that identity
    mp_obj_t keys;            // server: get(identity: bytes) -> key or None
    mp_obj_t client_callback; // (hint: str or None) -> (identity, key); goes before `identity`
    mp_obj_t server_callback; // (identity: str) -> key; goes before `keys`. A name that is not UTF-8 is bytes, also for the other one
    mp_obj_t hint;            // server: str or None
} mpy_ssl_psk_t;

#if MPY_SSL_HAVE_PSK

void mpy_ssl_psk_init(mpy_ssl_psk_t *psk);

// True if anything is set.
bool mpy_ssl_psk_is_set(const mpy_ssl_psk_t *psk);

// Raises ValueError unless what a connection in this role needs is set completely; nothing set is complete.
void mpy_ssl_psk_check(const mpy_ssl_psk_t *psk, bool server_side);

// Attributes of SSLContext. False if `attr` is none of them. Storing raises TypeError, or ValueError for a wrong length.
bool mpy_ssl_psk_attr(const mpy_ssl_psk_t *psk, qstr attr, mp_obj_t *value);
bool mpy_ssl_psk_store(mpy_ssl_psk_t *psk, qstr attr, mp_obj_t value);

// Methods of SSLContext.
MP_DECLARE_CONST_FUN_OBJ_2(mpy_ssl_psk_set_client_callback_obj);
MP_DECLARE_CONST_FUN_OBJ_KW(mpy_ssl_psk_set_server_callback_obj);

// Hands a connection's keys to Mbed TLS, or the way to find them. Part of setting it up. Does not raise; 0 or a negative error.
int mpy_ssl_psk_configure(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);

// Asks a client's callback when the server's hint is known. To be called after each step of the handshake, `before` being the state
// that it began in. Does not raise: what the callback raises is kept in the stream. 0 or a negative error.
int mpy_ssl_psk_step(struct mpy_ssl_session *session, int before);

// Puts a server's hint into the message that `ssl` is about to send, if that is a ServerKeyExchange with PSK.
void mpy_ssl_psk_add_hint(mbedtls_ssl_context *ssl);

#else

#define mpy_ssl_psk_init(psk) ((void)(psk))
#define mpy_ssl_psk_is_set(psk) ((void)(psk), false)
#define mpy_ssl_psk_check(psk, server_side) ((void)(psk))
#define mpy_ssl_psk_attr(psk, attr, value) (false)
#define mpy_ssl_psk_store(psk, attr, value) (false)
#define mpy_ssl_psk_configure(session, options) (0)
#define mpy_ssl_psk_step(session, before) (0)
#define mpy_ssl_psk_add_hint(ssl) ((void)(ssl))

#endif
#endif
