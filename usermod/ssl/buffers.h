// SPDX-License-Identifier: MIT
//
// The two record buffers of a connection, as large as the record that is in them.
//
// Mbed TLS takes 16.7 KB for input and 4.4 KB for output at the start of a connection and keeps them to its end. Here
// each direction has a small buffer that stays: enough for a record header and for every alert, handshake messages
// without certificates, short data. Only for a larger record one of exactly its size is taken:
//   input    when the header has come and before the body is read; given back when its content has been consumed,
//            unless more input waits already (then the next record is likely to need it too)
//   output   before something may be written that is longer; given back when the stream has taken it
// What is given back is zeroed. The buffers change places only while Mbed TLS is not running: f_recv stops it with
// WANT_READ between header and body, and after the change it goes on where it stopped.
//
// After TLS 1.3's HelloRetryRequest Mbed TLS clears both buffers at the size that it takes them for: for this moment they have it.
// The linker's --wrap=mbedtls_ssl_session_reset_msg_layer brings the call here; builds that compile Mbed TLS themselves rename.
//
// Over datagrams Mbed TLS reads a whole one into the input buffer, and puts messages together there. So it has room for one while it is
// read, or for the longest message as long as there is a handshake, or its last flight may have to be sent again; then the output buffer
// is large, too.
//
// This file and messages.c are the only ones that touch the private pointers of mbedtls_ssl_context. They do so with the versions of Mbed
// TLS 3.6 that it was checked with and this module's configuration, and else leave the buffers to Mbed TLS.
#ifndef MPY_SSL_BUFFERS_H
#define MPY_SSL_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mbedtls/ssl.h"
#include "mbedtls/version.h"

#include "fragment.h"
#include "memory.h"
#include "stream.h"

// badmac_seen_or_in_hsfraglen is there from 3.6.3 on.
#if defined(MPY_SSL_OWN_CONFIG) && MBEDTLS_VERSION_NUMBER >= 0x03060300 && MBEDTLS_VERSION_NUMBER < 0x03070000 \
    && !defined(MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH) && !defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
#define MPY_SSL_HAVE_BUFFERS 1
#else
#define MPY_SSL_HAVE_BUFFERS 0
#endif
#define MPY_SSL_HAVE_SPLIT (MPY_SSL_HAVE_BUFFERS && MPY_SSL_HAVE_FRAGMENT) // see messages.h

// Bytes of the two buffers that stay. An alert must need no memory to be sent, and takes up to 93 (RFC 5246, 6.2.3.2: 8 of Mbed TLS's,
// header 5, IV 16, alert 2, HMAC-SHA-384 48, padding 14); with an AEAD there is room for 58 bytes of data. Input has room for
// a record's header, for an alert with an AEAD, and for 19 bytes of data with ChaCha20-Poly1305.
#define MPY_SSL_BUFFER_SMALL 96
#define MPY_SSL_BUFFER_SMALL_DATAGRAM 104 // DTLS has 8 bytes more in a header
#define MPY_SSL_BUFFER_SMALL_IN 48

typedef struct {
    unsigned char *small; // stays, except beside a buffer for the largest records; if it cannot be had again, that one stays
    size_t size;          // of the buffer in use
} mpy_ssl_buffer_t;

// Part of a session. All zero before mpy_ssl_buffers_setup().
typedef struct {
    mbedtls_ssl_context *ssl;
    mpy_ssl_stream_t *stream;
    mpy_ssl_buffer_t in;
    mpy_ssl_buffer_t out;
    uint32_t mark;         // where the handshake, or a message after it, stood when the newest record began
    bool judged;           // whether the record before the next one has brought the handshake on
    uint16_t limit;        // bytes of plaintext that a record from the peer may have; 0: as many as TLS allows
    #if MPY_SSL_HAVE_SPLIT
    size_t rest;           // bytes at the end of the output buffer that are still to be written, see messages.h
    #endif
    size_t wanted;         // size that the input buffer is to have before f_recv is called again; 0: it has it
    mpy_ssl_usage_t *usage; // where that is counted which is taken and given back
} mpy_ssl_buffers_t;

// mbedtls_ssl_setup() with small buffers, and mbedtls_ssl_set_bio() for buffers->stream; that, `ssl` and `usage` are given.
// Returns 0 or a code of Mbed TLS. Nothing of it may move afterwards.
int mpy_ssl_buffers_setup(mpy_ssl_buffers_t *buffers, const mbedtls_ssl_config *conf);

// Zeroes and frees the buffers, which Mbed TLS has no more then. To be called before mbedtls_ssl_free().
void mpy_ssl_buffers_free(mpy_ssl_buffers_t *buffers);

// To be called after Mbed TLS has said WANT_READ: makes room for the record whose header has come, or gives a large buffer
// back before its header is waited for. 0, or MBEDTLS_ERR_SSL_ALLOC_FAILED: nothing is lost, and the next call tries again.
int mpy_ssl_buffers_make_room(mpy_ssl_buffers_t *buffers);

// To be called before mbedtls_ssl_write(): makes room for a record with `len` bytes of data, or the most that one may
// have. 0 or MBEDTLS_ERR_SSL_ALLOC_FAILED, and then nothing may be written but alerts.
int mpy_ssl_buffers_before_write(mpy_ssl_buffers_t *buffers, size_t len);

// To be called before each mbedtls_ssl_handshake_step(): makes room for a message if one may be written in it; else sends what
// was written and gives back what is not needed. 0, MBEDTLS_ERR_SSL_ALLOC_FAILED, or what f_send returns.
int mpy_ssl_buffers_before_step(mpy_ssl_buffers_t *buffers);

// From here on a record of the peer may not have more than `len` bytes of plaintext: content, and in TLS 1.3 its type and padding.
void mpy_ssl_buffers_limit(mpy_ssl_buffers_t *buffers, size_t len);

// True if the newest record from the peer is longer than it may be.
bool mpy_ssl_buffers_is_overlong(const mpy_ssl_buffers_t *buffers);

// Gives back what is empty. With `eager` false an input buffer is kept if the stream has more to read. Does nothing to an
// input buffer that is being filled, by another thread or below a stream that was written in Python.
void mpy_ssl_buffers_settle(mpy_ssl_buffers_t *buffers, bool eager);

// Bytes of both buffers at present.
size_t mpy_ssl_buffers_in_size(const mpy_ssl_buffers_t *buffers);
size_t mpy_ssl_buffers_out_size(const mpy_ssl_buffers_t *buffers);

#endif
