// SPDX-License-Identifier: MIT
#include <string.h>

#include "message_header.h"
#include "messages.h"
#include "psk.h"
#include "session.h"

#if defined(MPY_SSL_OWN_CONFIG)

int __real_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush);
int __wrap_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush);
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t buf_len, size_t msg_len);

#if MPY_SSL_HAVE_SPLIT

int mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, const unsigned char *body, size_t len); // ssl_misc.h
int mbedtls_ssl_write_record(mbedtls_ssl_context *ssl, int force_flush);
int mbedtls_ssl_flush_output(mbedtls_ssl_context *ssl);

#define FIELD(buffers, name) ((buffers)->ssl->MBEDTLS_PRIVATE(name))

static size_t longest(const mpy_ssl_buffers_t *buffers) {
    return (size_t)mbedtls_ssl_get_max_out_record_payload(buffers->ssl); // without datagrams no error
}

static bool is_too_long(const mpy_ssl_buffers_t *buffers) {
    return !mpy_ssl_stream_has_datagrams(buffers->stream) && FIELD(buffers, out_msgtype) == MBEDTLS_SSL_MSG_HANDSHAKE
           && FIELD(buffers, out_msg)[0] > MBEDTLS_SSL_HS_SERVER_HELLO && FIELD(buffers, out_left) == 0
           && FIELD(buffers, out_msglen) > longest(buffers);
}

// All pieces have about the same length, so that none is as short as an alert (MPY_SSL_RECORD_HIDDEN_ALERT). It stays in the buffer.
static int write_piece(mpy_ssl_buffers_t *buffers) {
    const unsigned char *rest = FIELD(buffers, out_buf) + buffers->out.size - buffers->rest;
    size_t pieces = (buffers->rest + longest(buffers) - 1) / longest(buffers);
    size_t len = (buffers->rest + pieces - 1) / pieces;
    memmove(FIELD(buffers, out_msg), rest, len);
    buffers->rest -= len;
    FIELD(buffers, out_msgtype) = MBEDTLS_SSL_MSG_HANDSHAKE;
    FIELD(buffers, out_msglen) = len;
    return mbedtls_ssl_write_record(buffers->ssl, false);
}

// Before a step that writes, the output buffer has room for the longest message and for what protects a record (buffers.h). What is still to be
// written waits at its end, and so each piece has that room in front of the rest.
static int split(mpy_ssl_buffers_t *buffers, bool update_checksum) {
    unsigned char *message = FIELD(buffers, out_msg);
    size_t len = FIELD(buffers, out_msglen);
    int ret = 0;
    message[1] = 0; // no message has 64 KB
    message[2] = (unsigned char)((len - MPY_SSL_MESSAGE_HEADER) >> 8);
    message[3] = (unsigned char)(len - MPY_SSL_MESSAGE_HEADER);
    if (update_checksum) {
        ret = mbedtls_ssl_add_hs_msg_to_checksum(buffers->ssl, message[0], message + MPY_SSL_MESSAGE_HEADER, len - MPY_SSL_MESSAGE_HEADER);
    }
    if (ret == 0) {
        memmove(FIELD(buffers, out_buf) + buffers->out.size - len, message, len);
        buffers->rest = len;
        ret = write_piece(buffers);
    }
    return ret;
}

int mpy_ssl_messages_go_on(mpy_ssl_buffers_t *buffers) {
    int ret = 0;
    while (ret == 0 && buffers->rest > 0) {
        ret = mbedtls_ssl_flush_output(buffers->ssl);
        ret = ret == 0 ? write_piece(buffers) : ret;
    }
    return ret;
}

#endif

int __wrap_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush) {
    mpy_ssl_psk_add_hint(ssl);
    #if MPY_SSL_HAVE_SPLIT
    mpy_ssl_buffers_t *buffers = &mpy_ssl_session_of(ssl)->buffers;
    if (is_too_long(buffers)) {
        return split(buffers, update_checksum);
    }
    #endif
    return __real_mbedtls_ssl_write_handshake_msg_ext(ssl, update_checksum, force_flush);
}

// Like Mbed TLS's, which would call its own function; TLS 1.3 does the checksum before.
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t buf_len, size_t msg_len) {
    (void)buf_len;
    ssl->MBEDTLS_PRIVATE(out_msglen) = MPY_SSL_MESSAGE_HEADER + msg_len;
    return __wrap_mbedtls_ssl_write_handshake_msg_ext(ssl, false, false);
}

#endif
