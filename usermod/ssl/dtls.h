// SPDX-License-Identifier: MIT
//
// DTLS 1.2 (RFC 6347): what a connection over datagrams needs beyond one over a stream. Its timer, on MicroPython's ticks, and a
// server's cookies, by which a client shows that it gets what is sent to its address. Retransmission, order and protection against
// replay are Mbed TLS's. An option of the build, MPY_SSL_DTLS; what is there is what Mbed TLS was configured for.
#ifndef MPY_SSL_DTLS_H
#define MPY_SSL_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mbedtls/ssl.h"

#if defined(MBEDTLS_SSL_PROTO_DTLS) && defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY) && defined(MBEDTLS_SSL_COOKIE_C)
#define MPY_SSL_HAVE_DTLS 1
#include "mbedtls/ssl_cookie.h"
#else
#define MPY_SSL_HAVE_DTLS 0
#endif

// Bytes of the largest datagram that is sent, of which a record's header and protection take 37 with an AEAD. It goes through most
// tunnels unfragmented; after two losses Mbed TLS tries with 508 bytes (RFC 6347, 4.1.1.1).
#ifndef MPY_SSL_DTLS_MTU
#define MPY_SSL_DTLS_MTU 1400
#endif

struct mpy_ssl_session;
struct mpy_ssl_options;

// When a flight has to be sent again; all zero: never.
typedef struct {
    uint32_t since; // reading of mp_hal_ticks_ms()
    uint32_t intermediate;
    uint32_t final; // milliseconds, 0: not running
} mpy_ssl_timer_t;

// What a server's cookies are made with; shared by a context and its connections, and counted.
typedef struct mpy_ssl_cookies mpy_ssl_cookies_t;

#if MPY_SSL_HAVE_DTLS

// True if the timer has run out.
bool mpy_ssl_timer_is_due(const mpy_ssl_timer_t *timer);

// NULL without memory. The caller owns one reference. The random generator has to be ready.
mpy_ssl_cookies_t *mpy_ssl_cookies_new(void);

// Parts of setting a connection up, before and after mbedtls_ssl_setup(). They do nothing to one over a stream. 0 or a negative error.
int mpy_ssl_dtls_configure(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);
int mpy_ssl_dtls_start(struct mpy_ssl_session *session, const struct mpy_ssl_options *options);

#else

#define mpy_ssl_timer_is_due(timer) ((void)(timer), false)
#define mpy_ssl_dtls_configure(session, options) (0)
#define mpy_ssl_dtls_start(session, options) (0)

#endif
#endif
