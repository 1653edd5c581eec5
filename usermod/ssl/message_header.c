// SPDX-License-Identifier: MIT
#if !defined(NO_QSTR) && defined(MPY_SSL_MESSAGE_CHECKS) // MicroPython looks for its strings without this file's include path

#include "ssl_misc.h" // of Mbed TLS's library folder; before its public headers

#include <stdbool.h>
#include <string.h>

#include "message_header.h"

// True after Mbed TLS has refused the piece that is in its buffer.
static bool is_refused(const mbedtls_ssl_context *ssl) {
    return ssl->in_msgtype == MBEDTLS_SSL_MSG_HANDSHAKE && ssl->in_hslen == 0 && ssl->badmac_seen_or_in_hsfraglen == 0
           && ssl->in_msglen > 0 && ssl->in_msglen < MPY_SSL_MESSAGE_HEADER;
}

static bool is_incomplete(const mbedtls_ssl_context *ssl) {
    return ssl->badmac_seen_or_in_hsfraglen > 0 && ssl->badmac_seen_or_in_hsfraglen < MPY_SSL_MESSAGE_HEADER;
}

// Makes the newest content the beginning of a message of `len` bytes.
static void wait_for(mbedtls_ssl_context *ssl, size_t len) {
    unsigned char *start = ssl->in_buf + MBEDTLS_SSL_SEQUENCE_NUMBER_LEN + mbedtls_ssl_in_hdr_len(ssl);
    memmove(start, ssl->in_msg, ssl->in_msglen);
    ssl->badmac_seen_or_in_hsfraglen = (unsigned)ssl->in_msglen;
    ssl->in_hslen = len;
    ssl->in_hdr = start + ssl->in_msglen;
    ssl->in_msglen = 0;
    mbedtls_ssl_update_in_pointers(ssl);
}

// With a complete header at the front of the newest content. 0, or CONTINUE_PROCESSING if that is not the whole message.
static int take_header(mbedtls_ssl_context *ssl) {
    size_t len = MPY_SSL_MESSAGE_HEADER + MBEDTLS_GET_UINT24_BE(ssl->in_msg, 1);
    if (len > ssl->in_msglen) {
        wait_for(ssl, len);
        return MBEDTLS_ERR_SSL_CONTINUE_PROCESSING;
    }
    ssl->in_hslen = len;
    return 0;
}

int mpy_ssl_message_header_read_record(mbedtls_ssl_context *ssl) {
    int ret;
    do {
        if (is_refused(ssl)) {
            wait_for(ssl, MPY_SSL_MESSAGE_HEADER);
        }
        bool joins = is_incomplete(ssl);
        ret = mbedtls_ssl_read_record(ssl, 0);
        if (ret == 0 && joins) {
            ret = take_header(ssl);
        }
    } while (ret == MBEDTLS_ERR_SSL_CONTINUE_PROCESSING || (ret == MBEDTLS_ERR_SSL_INVALID_RECORD && is_refused(ssl)));
    return ret;
}

int mpy_ssl_message_header_read(mbedtls_ssl_context *ssl, unsigned char *buf, size_t len) {
    bool is_stream = ssl->conf->transport == MBEDTLS_SSL_TRANSPORT_STREAM; // over datagrams the count is one of wrong MACs
    bool is_cut = is_stream && is_incomplete(ssl);
    int ret;
    do {
        ret = is_cut ? mpy_ssl_message_header_read_record(ssl) : 0;
        if (ret == 0) {
            ssl->keep_current_message |= is_cut; // it is the one to be handled
            ret = mbedtls_ssl_read(ssl, buf, len);
        }
        is_cut = is_stream && ret == MBEDTLS_ERR_SSL_INVALID_RECORD && is_refused(ssl);
    } while (is_cut);
    return ret;
}

#endif
