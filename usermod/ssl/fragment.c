// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "fragment.h"
#include "hello.h"
#include "private.h"
#include "session.h"

#if MPY_SSL_HAVE_FRAGMENT

#define SHORTEST 512

size_t mpy_ssl_fragment_bytes(uint8_t code) {
    return code != MBEDTLS_SSL_MAX_FRAG_LEN_NONE ? (size_t)SHORTEST / 2 << code : 0;
}

uint8_t mpy_ssl_fragment_code(mp_obj_t length) {
    mp_int_t wanted = length != mp_const_none ? mp_obj_get_int(length) : 0;
    uint8_t code = MBEDTLS_SSL_MAX_FRAG_LEN_NONE;
    while (wanted != 0 && ++code < MBEDTLS_SSL_MAX_FRAG_LEN_INVALID) {
        if ((mp_int_t)mpy_ssl_fragment_bytes(code) == wanted) {
            return code;
        }
    }
    if (length != mp_const_none) {
        mp_raise_ValueError(MP_ERROR_TEXT("max_fragment_length must be None, 512, 1024, 2048 or 4096"));
    }
    return code;
}

mp_obj_t mpy_ssl_fragment_length(uint8_t code) {
    return code != MBEDTLS_SSL_MAX_FRAG_LEN_NONE ? MP_OBJ_NEW_SMALL_INT(mpy_ssl_fragment_bytes(code)) : mp_const_none;
}

uint8_t mpy_ssl_fragment_asked(const uint8_t *hello, size_t len) {
    mpy_ssl_span_t body;
    bool asked = mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_MAX_FRAGMENT_LENGTH, &body) && body.len == 1;
    return asked ? body.data[0] : MBEDTLS_SSL_MAX_FRAG_LEN_NONE;
}

void mpy_ssl_fragment_answered(mpy_ssl_session_t *session) {
    size_t len;
    const uint8_t *hello = mpy_ssl_private_message(&session->ssl, &len);
    session->fragment = mpy_ssl_fragment_asked(hello, len); // Mbed TLS has compared it with what was asked for
}

void mpy_ssl_fragment_done(mpy_ssl_session_t *session) {
    if (mpy_ssl_session_is_server(session) && !mpy_ssl_session_is_tls1_3(session)) {
        session->fragment = mpy_ssl_private_session_fragment(mpy_ssl_private_session(&session->ssl));
    }
    if (session->fragment != MBEDTLS_SSL_MAX_FRAG_LEN_NONE) {
        mpy_ssl_buffers_limit(&session->buffers, mpy_ssl_fragment_bytes(session->fragment));
    }
}

#endif
