// SPDX-License-Identifier: MIT
#include "py/mphal.h"

#include "counted.h"
#include "dtls.h"
#include "memory.h"
#include "random.h"
#include "session.h"

#if MPY_SSL_HAVE_DTLS

struct mpy_ssl_cookies {
    mpy_ssl_counted_t counted;
    mbedtls_ssl_cookie_ctx ctx;
};

// --- Timer ----------------------------------------------------------------------------------------------------

static void set_timer(void *ctx, uint32_t intermediate, uint32_t final) {
    mpy_ssl_timer_t *timer = ctx;
    *timer = (mpy_ssl_timer_t) {mp_hal_ticks_ms(), intermediate, final};
}

static bool has_passed(const mpy_ssl_timer_t *timer, uint32_t delay) {
    return (uint32_t)(mp_hal_ticks_ms() - timer->since) >= delay;
}

bool mpy_ssl_timer_is_due(const mpy_ssl_timer_t *timer) {
    return timer->final != 0 && has_passed(timer, timer->final);
}

// As mbedtls_ssl_set_timer_cb() wants it: -1 if not running, else how many of the two delays have passed.
static int get_timer(void *ctx) {
    const mpy_ssl_timer_t *timer = ctx;
    if (timer->final == 0) {
        return -1;
    }
    return has_passed(timer, timer->final) ? 2 : has_passed(timer, timer->intermediate);
}

// --- Cookies --------------------------------------------------------------------------------------------------

static void destroy(void *self) {
    mpy_ssl_cookies_t *cookies = self;
    mbedtls_ssl_cookie_free(&cookies->ctx);
    mpy_ssl_free(cookies);
}

mpy_ssl_cookies_t *mpy_ssl_cookies_new(void) {
    mpy_ssl_cookies_t *cookies = mpy_ssl_counted_new(sizeof(*cookies), destroy);
    if (cookies != NULL) {
        mbedtls_ssl_cookie_init(&cookies->ctx);
        if (mpy_ssl_random_ready() != 0 || mbedtls_ssl_cookie_setup(&cookies->ctx, mpy_ssl_random, NULL) != 0) {
            mpy_ssl_counted_unref(cookies);
            cookies = NULL;
        }
    }
    return cookies;
}

// --- Connection -----------------------------------------------------------------------------------------------

int mpy_ssl_dtls_configure(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    session->cookies = mpy_ssl_counted_ref(options->cookies);
    if (session->cookies != NULL) {
        mbedtls_ssl_conf_dtls_cookies(&session->conf, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &session->cookies->ctx);
    }
    return 0;
}

int mpy_ssl_dtls_start(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    int ret = 0;
    if (mpy_ssl_stream_has_datagrams(&session->stream)) {
        mbedtls_ssl_set_timer_cb(&session->ssl, &session->stream.timer, set_timer, get_timer);
        mbedtls_ssl_set_mtu(&session->ssl, MPY_SSL_DTLS_MTU);
        if (options->server_side) {
            ret = mbedtls_ssl_set_client_transport_id(&session->ssl, options->client_id, options->client_id_len);
        }
    }
    return ret;
}

#endif
