// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "hello.h"
#include "private.h"
#include "record_size_limit.h"
#include "session.h"

#if MPY_SSL_HAVE_RECORD_SIZE_LIMIT

#define LEAST 64         // RFC 8449, 4
#define MOST 16384       // bytes of content that any record may have (RFC 8446, 5.1)
#define CONTENT_TYPE 1   // byte of plaintext beside the content (RFC 8446, 5.2)
#define EXTENSION_HEADER 4
#define EXTENSION_BODY 2

int __real_mbedtls_ssl_tls13_parse_record_size_limit_ext(mbedtls_ssl_context *ssl, const unsigned char *buf, const unsigned char *end);
int __wrap_mbedtls_ssl_tls13_parse_record_size_limit_ext(mbedtls_ssl_context *ssl, const unsigned char *buf, const unsigned char *end);
int __real_mbedtls_ssl_tls13_write_record_size_limit_ext(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, size_t *len);
int __wrap_mbedtls_ssl_tls13_write_record_size_limit_ext(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, size_t *len);

uint16_t mpy_ssl_record_size_limit_bytes(mp_obj_t value) {
    mp_int_t bytes = value != mp_const_none ? mp_obj_get_int(value) : 0;
    if (value != mp_const_none && (bytes < LEAST || bytes > MOST)) {
        mp_raise_ValueError(MP_ERROR_TEXT("record_size_limit must be None, or 64 to 16384"));
    }
    return (uint16_t)bytes;
}

void mpy_ssl_record_size_limit_configure(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    size_t bytes = options->record_size_limit;
    if (bytes == 0) {
        bytes = mpy_ssl_fragment_bytes(options->fragment);
    }
    session->record_size_limit.own = (uint16_t)((bytes != 0 ? bytes : MOST) + CONTENT_TYPE);
}

mp_obj_t mpy_ssl_record_size_limit_agreed(const mpy_ssl_session_t *session) {
    const mpy_ssl_record_size_limit_t *self = &session->record_size_limit;
    return self->agreed ? MP_OBJ_NEW_SMALL_INT(self->own - CONTENT_TYPE) : mp_const_none;
}

// All protected records of TLS 1.3 count, those of the handshake, too. In TLS 1.2 buffers.c knows what protection adds after the handshake.
static void agree(mpy_ssl_session_t *session) {
    session->record_size_limit.agreed = true;
    if (mpy_ssl_session_is_tls1_3(session)) {
        mpy_ssl_buffers_limit(&session->buffers, session->record_size_limit.own);
    }
}

void mpy_ssl_record_size_limit_done(mpy_ssl_session_t *session) {
    if (session->record_size_limit.agreed) {
        mpy_ssl_buffers_limit(&session->buffers, session->record_size_limit.own);
    }
}

// A server's answer. The record that it came in counts already.
static int take_answer(mpy_ssl_session_t *session, uint16_t limit) {
    if (limit > MOST + CONTENT_TYPE) {
        return MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
    }
    agree(session);
    return mpy_ssl_session_is_tls1_3(session) && mpy_ssl_buffers_is_overlong(&session->buffers) ? MBEDTLS_ERR_SSL_INVALID_RECORD : 0;
}

int __wrap_mbedtls_ssl_tls13_parse_record_size_limit_ext(mbedtls_ssl_context *ssl, const unsigned char *buf, const unsigned char *end) {
    mpy_ssl_session_t *session = mpy_ssl_session_of(ssl);
    uint16_t earlier = mpy_ssl_private_record_size_limit(ssl);
    if (end - buf != EXTENSION_BODY) {
        return MBEDTLS_ERR_SSL_DECODE_ERROR;
    }
    int ret = __real_mbedtls_ssl_tls13_parse_record_size_limit_ext(ssl, buf, end);
    uint16_t limit = mpy_ssl_private_record_size_limit(ssl);
    if (ret == 0 && !mpy_ssl_session_is_server(session)) {
        ret = take_answer(session, limit);
    } else if (ret == 0 && earlier != 0 && limit != earlier) {
        ret = MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER; // a second ClientHello repeats the first (RFC 8446, 4.1.2)
    }
    return ret;
}

int __wrap_mbedtls_ssl_tls13_write_record_size_limit_ext(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, size_t *len) {
    mpy_ssl_session_t *session = mpy_ssl_session_of(ssl);
    int ret = __real_mbedtls_ssl_tls13_write_record_size_limit_ext(ssl, buf, end, len);
    if (ret == 0) {
        buf[EXTENSION_HEADER] = (unsigned char)(session->record_size_limit.own >> 8);
        buf[EXTENSION_HEADER + 1] = (unsigned char)session->record_size_limit.own;
    }
    if (ret == 0 && mpy_ssl_session_is_server(session)) {
        agree(session);
    }
    return ret;
}

int mpy_ssl_record_size_limit_answered(mpy_ssl_session_t *session) {
    mpy_ssl_span_t limit;
    mpy_ssl_span_t length;
    size_t len;
    const uint8_t *hello = mpy_ssl_private_message(&session->ssl, &len);
    if (!mpy_ssl_hello_extension(hello, len, MBEDTLS_TLS_EXT_RECORD_SIZE_LIMIT, &limit)) {
        return 0;
    }
    if (mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_MAX_FRAGMENT_LENGTH, &length)) {
        return MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER; // RFC 8449, 5
    }
    return __wrap_mbedtls_ssl_tls13_parse_record_size_limit_ext(&session->ssl, limit.data, limit.data + limit.len);
}

#endif
