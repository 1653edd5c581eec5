// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/obj.h"

#include "mbedtls/platform_util.h"

#include "buffers.h"
#include "fragment.h"
#include "guard.h"
#include "record.h"

#if MPY_SSL_HAVE_BUFFERS

#define FIELD(buffers, name) ((buffers)->ssl->MBEDTLS_PRIVATE(name))

#define COUNTER_SIZE 8 // Mbed TLS keeps the record's number in front of its header
#define EXPANSION 96   // IV 16, MAC 48, padding 16 at most
#define AEAD_TAG 16    // all that protection adds in TLS 1.3 (RFC 8446, 5.2 and B.4)

// Of a datagram: counter, header, IV, and 4 KB of data. Peers with longer ones are told so by losses. And what Mbed TLS puts together.
#define DATAGRAM_HEADER 13
#define DATAGRAM (COUNTER_SIZE + DATAGRAM_HEADER + 4096 + EXPANSION)
#define DATAGRAM_MESSAGE (COUNTER_SIZE + DATAGRAM_HEADER + MBEDTLS_SSL_DTLS_MAX_BUFFERING + EXPANSION)

#define FULL_IN (MBEDTLS_SSL_IN_CONTENT_LEN + FULL_OVERHEAD) // what Mbed TLS takes its buffers to be
#define FULL_OUT (MBEDTLS_SSL_OUT_CONTENT_LEN + FULL_OVERHEAD)
#define FULL_OVERHEAD 512 // ssl_misc.h: 8 + 5 + MBEDTLS_SSL_PAYLOAD_OVERHEAD, which is 320 here

static bool has_datagrams(const mpy_ssl_buffers_t *buffers) {
    return mpy_ssl_stream_has_datagrams(buffers->stream);
}

// Size of the output buffer that stays.
static size_t small_out(const mpy_ssl_buffers_t *buffers) {
    return has_datagrams(buffers) ? MPY_SSL_BUFFER_SMALL_DATAGRAM : MPY_SSL_BUFFER_SMALL;
}

// --- Moving ---------------------------------------------------------------------------------------------------

static void *rebase(void *pointer, const unsigned char *from, unsigned char *to) {
    return pointer == NULL ? NULL : to + ((unsigned char *)pointer - from);
}

static void point_in_to(mpy_ssl_buffers_t *buffers, unsigned char *to) {
    unsigned char *from = FIELD(buffers, in_buf);
    FIELD(buffers, in_buf) = to;
    FIELD(buffers, in_ctr) = rebase(FIELD(buffers, in_ctr), from, to);
    FIELD(buffers, in_hdr) = rebase(FIELD(buffers, in_hdr), from, to);
    FIELD(buffers, in_len) = rebase(FIELD(buffers, in_len), from, to);
    FIELD(buffers, in_iv) = rebase(FIELD(buffers, in_iv), from, to);
    FIELD(buffers, in_msg) = rebase(FIELD(buffers, in_msg), from, to);
    FIELD(buffers, in_offt) = rebase(FIELD(buffers, in_offt), from, to);
}

static void point_out_to(mpy_ssl_buffers_t *buffers, unsigned char *to) {
    unsigned char *from = FIELD(buffers, out_buf);
    FIELD(buffers, out_buf) = to;
    FIELD(buffers, out_ctr) = rebase(FIELD(buffers, out_ctr), from, to);
    FIELD(buffers, out_hdr) = rebase(FIELD(buffers, out_hdr), from, to);
    FIELD(buffers, out_len) = rebase(FIELD(buffers, out_len), from, to);
    FIELD(buffers, out_iv) = rebase(FIELD(buffers, out_iv), from, to);
    FIELD(buffers, out_msg) = rebase(FIELD(buffers, out_msg), from, to);
}

static void release(unsigned char *block, size_t size, const mpy_ssl_buffer_t *buffer) {
    mbedtls_platform_zeroize(block, size);
    if (block != buffer->small) {
        mpy_ssl_free(block);
    }
}

// Puts a buffer of `size` bytes in the place of the present one. The content comes along as far as it fits.
static int replace(mpy_ssl_buffers_t *buffers, mpy_ssl_buffer_t *buffer, size_t size) {
    int ret = 0;
    bool is_in = buffer == &buffers->in;
    size_t small = is_in ? MPY_SSL_BUFFER_SMALL_IN : small_out(buffers);
    unsigned char *old = is_in ? FIELD(buffers, in_buf) : FIELD(buffers, out_buf);
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, buffers->usage);
    unsigned char *new = size <= small ? buffer->small : mpy_ssl_calloc(1, size);
    if (new == NULL) {
        ret = MBEDTLS_ERR_SSL_ALLOC_FAILED;
    } else if (new != old) {
        memcpy(new, old, MIN(size, buffer->size));
        (is_in ? point_in_to : point_out_to)(buffers, new);
        release(old, buffer->size, buffer);
        buffer->size = MAX(size, small);
    }
    mpy_ssl_meter_stop(&meter);
    return ret;
}

// --- Datagrams ------------------------------------------------------------------------------------------------

// True while a flight may be put together, or sent again.
static bool is_in_flight(const mpy_ssl_buffers_t *buffers) {
    return has_datagrams(buffers) && FIELD(buffers, handshake) != NULL;
}

#if MPY_SSL_HAVE_DTLS

// Records of a datagram that are still to be read are behind the present one, which stays until the next is asked for.
static size_t records_left(const mpy_ssl_buffers_t *buffers) {
    return FIELD(buffers, in_left) - (has_datagrams(buffers) ? FIELD(buffers, next_record_offset) : 0);
}

// Mbed TLS asks for as much as its buffer is believed to hold.
static int receive_datagram(mpy_ssl_buffers_t *buffers, unsigned char *buf) {
    size_t size = is_in_flight(buffers) ? DATAGRAM_MESSAGE : DATAGRAM;
    if (buffers->in.size < size) {
        buffers->wanted = size;
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    return mpy_ssl_stream_recv(buffers->stream, buf, buffers->in.size - (size_t)(buf - FIELD(buffers, in_buf)));
}

#else
#define records_left(buffers) FIELD(buffers, in_left)
#define receive_datagram(buffers, buf) (0)
#endif

// --- Input ----------------------------------------------------------------------------------------------------

// True if nothing of what was received is still to be used, except the record counter.
static bool in_is_consumed(const mpy_ssl_buffers_t *buffers) {
    bool message_left = FIELD(buffers, in_hslen) != 0 && FIELD(buffers, in_hslen) < FIELD(buffers, in_msglen);
    bool fragment_left = !has_datagrams(buffers) && FIELD(buffers, badmac_seen_or_in_hsfraglen) != 0;
    return records_left(buffers) == 0 && FIELD(buffers, in_offt) == NULL && FIELD(buffers, keep_current_message) == 0
           && !fragment_left && !message_left;
}

// True if a large buffer holds nothing.
static bool in_is_spare(const mpy_ssl_buffers_t *buffers) {
    return buffers->in.size > MPY_SSL_BUFFER_SMALL_IN && in_is_consumed(buffers);
}

// True if it serves nothing but the wait for a header, too.
static bool in_is_idle(mpy_ssl_buffers_t *buffers) {
    return in_is_spare(buffers) && !mpy_ssl_stream_has_input(buffers->stream);
}

// A message in fragments grows to its whole length at once, and not with each of them.
static size_t whole_message(const mpy_ssl_buffers_t *buffers) {
    size_t size = 0;
    if (FIELD(buffers, badmac_seen_or_in_hsfraglen) != 0) {
        size = COUNTER_SIZE + 2 * MPY_SSL_RECORD_HEADER + FIELD(buffers, in_hslen) + EXPANSION;
    }
    return MIN(size, MBEDTLS_SSL_IN_CONTENT_LEN);
}

// RFC 6066, 4 and RFC 8449, 4, of which Mbed TLS thinks only where it writes.
static bool exceeds_limit(const mpy_ssl_buffers_t *buffers, size_t len) {
    #if MPY_SSL_HAVE_FRAGMENT
    int expansion = MPY_SSL_RECORD_HEADER + AEAD_TAG;
    if (buffers->limit != 0 && mbedtls_ssl_get_version_number(buffers->ssl) != MBEDTLS_SSL_VERSION_TLS1_3) {
        expansion = mbedtls_ssl_get_record_expansion(buffers->ssl); // with the header
    }
    return buffers->limit != 0 && expansion >= MPY_SSL_RECORD_HEADER
           && len > buffers->limit + (size_t)expansion - MPY_SSL_RECORD_HEADER;
    #else
    (void)buffers;
    (void)len;
    return false;
    #endif
}

// RFC 5246, 6.2.1. Mbed TLS has room for the expansion of encrypted records, and would read that much in plain text, too.
bool mpy_ssl_buffers_is_overlong(const mpy_ssl_buffers_t *buffers) {
    size_t len = mpy_ssl_record_length(&buffers->stream->rx);
    return FIELD(buffers, transform_in) == NULL ? len > MBEDTLS_SSL_IN_CONTENT_LEN : exceeds_limit(buffers, len);
}

// A record that has brought a handshake nowhere is idle. Mbed TLS skips warnings, and TLS 1.3 encrypts and pads them, so that only this
// tells. A state takes one message, in any number of pieces. Alerts that could be seen have been counted: `idle` has changed then.
static void judge_last_record(mpy_ssl_buffers_t *buffers) {
    mpy_ssl_stream_t *stream = buffers->stream;
    uint32_t mark = (uint32_t)FIELD(buffers, state) << 24 | (uint32_t)(FIELD(buffers, badmac_seen_or_in_hsfraglen) & 0xffff) << 8
        | (stream->idle & 0xff);
    if (stream->rx.records != 0 && mark == buffers->mark) {
        ++stream->idle;
        ++mark;
    }
    buffers->mark = mark;
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
// After the handshake stream.c counts each record. One by which an incomplete message has grown is not idle: there is an end to it.
static void forgive_piece(mpy_ssl_buffers_t *buffers) {
    uint32_t length = FIELD(buffers, badmac_seen_or_in_hsfraglen);
    if (length != 0 && length != buffers->mark && buffers->stream->idle != 0) {
        --buffers->stream->idle;
    }
    buffers->mark = length;
}
#else
#define forgive_piece(buffers)
#endif

static void before_record(mpy_ssl_buffers_t *buffers) {
    const mpy_ssl_record_t *rx = &buffers->stream->rx;
    bool between = rx->have == 0 && rx->body_left == 0;
    if (between && !buffers->judged && buffers->stream->handshaking) {
        judge_last_record(buffers);
    } else if (between && !buffers->judged) {
        forgive_piece(buffers);
    }
    buffers->judged = between;
}

// Mbed TLS asks for the header and for the body of a record separately, and has compared the body's length with the
// buffer that it believes to have.
static int receive(void *ctx, unsigned char *buf, size_t len) {
    mpy_ssl_buffers_t *buffers = ctx;
    size_t needed = (size_t)(buf - FIELD(buffers, in_buf)) + len;
    if (has_datagrams(buffers)) {
        return receive_datagram(buffers, buf);
    }
    int ret = mpy_ssl_guard_input(buffers->ssl, &buffers->stream->rx, buffers->stream->handshaking);
    if (ret != 0) {
        return ret;
    }
    bool is_body = buf >= FIELD(buffers, in_hdr) + MPY_SSL_RECORD_HEADER;
    if (is_body && mpy_ssl_buffers_is_overlong(buffers)) {
        return MBEDTLS_ERR_SSL_INVALID_RECORD;
    }
    if (needed > buffers->in.size) {
        buffers->wanted = MAX(needed, whole_message(buffers));
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (in_is_idle(buffers)) {
        buffers->wanted = MPY_SSL_BUFFER_SMALL_IN;
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    before_record(buffers);
    return mpy_ssl_stream_recv(buffers->stream, buf, len);
}

int mpy_ssl_buffers_make_room(mpy_ssl_buffers_t *buffers) {
    size_t size = buffers->wanted;
    buffers->wanted = 0;
    if (size == 0) {
        return 0;
    }
    if (buffers->in.size > MPY_SSL_BUFFER_SMALL_IN && FIELD(buffers, badmac_seen_or_in_hsfraglen) == 0) {
        // Only a header is in it, so there need never be two large ones.
        replace(buffers, &buffers->in, MPY_SSL_BUFFER_SMALL_IN);
    }
    return replace(buffers, &buffers->in, size);
}

// --- Output ---------------------------------------------------------------------------------------------------

static int send(void *ctx, const unsigned char *buf, size_t len) {
    mpy_ssl_buffers_t *buffers = ctx;
    return mpy_ssl_stream_send(buffers->stream, buf, len);
}

#if MPY_SSL_HAVE_SPLIT
static bool has_rest(const mpy_ssl_buffers_t *buffers) {
    return buffers->rest != 0;
}
#else
#define has_rest(buffers) (false)
#endif

static int make_out(mpy_ssl_buffers_t *buffers, size_t len, size_t expansion) {
    size_t size = COUNTER_SIZE + MIN(len, MBEDTLS_SSL_OUT_CONTENT_LEN) + expansion;
    return size <= buffers->out.size ? 0 : replace(buffers, &buffers->out, size);
}

int mpy_ssl_buffers_before_write(mpy_ssl_buffers_t *buffers, size_t len) {
    int expansion = mbedtls_ssl_get_record_expansion(buffers->ssl); // with the header
    #if MPY_SSL_HAVE_FRAGMENT
    int most = mbedtls_ssl_get_max_out_record_payload(buffers->ssl); // less than our own limit where the peer has one
    len = most >= 0 ? MIN(len, (size_t)most) : len;
    #endif
    return expansion < 0 ? expansion : make_out(buffers, len, (size_t)expansion);
}

// In these states Mbed TLS 3.6 reads a message, and writes alerts at most (ssl_tls12_client.c, ssl_tls12_server.c). TLS 1.3
// (ssl_tls13_client.c, ssl_tls13_server.c) has the server's CertificateVerify where 1.2 has the client's.
static bool client_reads(int state, bool tls1_3) {
    if (tls1_3 && (state == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS || state == MBEDTLS_SSL_CERTIFICATE_VERIFY)) {
        return true;
    }
    return (state >= MBEDTLS_SSL_SERVER_HELLO && state <= MBEDTLS_SSL_SERVER_HELLO_DONE)
           || (state >= MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC && state <= MBEDTLS_SSL_NEW_SESSION_TICKET);
}

static bool server_reads(int state, bool tls1_3) {
    if (tls1_3 && (state == MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY || state == MBEDTLS_SSL_CERTIFICATE_VERIFY)) {
        return state == MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY;
    }
    return state == MBEDTLS_SSL_CLIENT_HELLO || (state >= MBEDTLS_SSL_CLIENT_CERTIFICATE && state <= MBEDTLS_SSL_CLIENT_FINISHED)
           || state == MBEDTLS_SSL_FLUSH_BUFFERS || state == MBEDTLS_SSL_HANDSHAKE_WRAPUP;
}

int mpy_ssl_buffers_before_step(mpy_ssl_buffers_t *buffers) {
    int state = FIELD(buffers, state);
    bool is_client = mbedtls_ssl_conf_get_endpoint(FIELD(buffers, conf)) == MBEDTLS_SSL_IS_CLIENT;
    bool tls1_3 = mbedtls_ssl_get_version_number(buffers->ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
    if (has_datagrams(buffers)) {
        return make_out(buffers, MBEDTLS_SSL_OUT_CONTENT_LEN, DATAGRAM_HEADER + EXPANSION);
    }
    bool reads = state == MBEDTLS_SSL_HELLO_REQUEST || (is_client ? client_reads(state, tls1_3) : server_reads(state, tls1_3));
    if (!reads) {
        return make_out(buffers, MBEDTLS_SSL_OUT_CONTENT_LEN, MPY_SSL_RECORD_HEADER + EXPANSION);
    }
    int ret = 0;
    if (FIELD(buffers, out_left) > 0) {
        // With output pending this sends that and no alert. Else the step would do so, and wait with the large buffer.
        ret = mbedtls_ssl_send_alert_message(buffers->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY);
    }
    mpy_ssl_buffers_settle(buffers, true);
    return ret;
}

// --- TLS 1.3 --------------------------------------------------------------------------------------------------

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
void __real_mbedtls_ssl_session_reset_msg_layer(mbedtls_ssl_context *ssl, int partial);
void __wrap_mbedtls_ssl_session_reset_msg_layer(mbedtls_ssl_context *ssl, int partial);

void __wrap_mbedtls_ssl_session_reset_msg_layer(mbedtls_ssl_context *ssl, int partial) {
    mpy_ssl_buffers_t *buffers = ssl->MBEDTLS_PRIVATE(p_bio);
    if (replace(buffers, &buffers->in, FULL_IN) == 0 && replace(buffers, &buffers->out, FULL_OUT) == 0) {
        __real_mbedtls_ssl_session_reset_msg_layer(ssl, partial);
    }
    // Else the failed allocation has been counted, and the session ends the handshake after this step.
}
#endif

// --- Both -----------------------------------------------------------------------------------------------------

int mpy_ssl_buffers_setup(mpy_ssl_buffers_t *buffers, const mbedtls_ssl_config *conf) {
    size_t least = MIN(MBEDTLS_SSL_IN_CONTENT_LEN, MBEDTLS_SSL_OUT_CONTENT_LEN);
    mpy_ssl_cut_t in, out; // the newest one is looked at first, and input is what Mbed TLS asks for first
    mpy_ssl_cut_open(&out, 1, least, small_out(buffers));
    mpy_ssl_cut_open(&in, 1, least, MPY_SSL_BUFFER_SMALL_IN);
    int ret = mbedtls_ssl_setup(buffers->ssl, conf);
    mpy_ssl_cut_close(&in);
    mpy_ssl_cut_close(&out);
    if (ret == 0 && (in.times != 0 || out.times != 0)) {
        ret = MBEDTLS_ERR_SSL_INTERNAL_ERROR; // not the two buffers that this file knows
    }
    if (ret == 0) {
        buffers->in = (mpy_ssl_buffer_t) {.small = FIELD(buffers, in_buf), .size = MPY_SSL_BUFFER_SMALL_IN};
        buffers->out = (mpy_ssl_buffer_t) {.small = FIELD(buffers, out_buf), .size = small_out(buffers)};
        mbedtls_ssl_set_bio(buffers->ssl, buffers, send, receive, NULL);
    }
    return ret;
}

void mpy_ssl_buffers_free(mpy_ssl_buffers_t *buffers) {
    if (buffers->in.small != NULL) {
        replace(buffers, &buffers->in, MPY_SSL_BUFFER_SMALL_IN);
        replace(buffers, &buffers->out, small_out(buffers));
        FIELD(buffers, in_buf) = NULL;
        FIELD(buffers, out_buf) = NULL;
        mbedtls_platform_zeroize(buffers->in.small, MPY_SSL_BUFFER_SMALL_IN);
        mbedtls_platform_zeroize(buffers->out.small, small_out(buffers));
        mpy_ssl_free(buffers->in.small);
        mpy_ssl_free(buffers->out.small);
        buffers->in.small = buffers->out.small = NULL;
    }
}

void mpy_ssl_buffers_settle(mpy_ssl_buffers_t *buffers, bool eager) {
    if (is_in_flight(buffers)) {
        return;
    }
    if (buffers->out.size > small_out(buffers) && FIELD(buffers, out_left) == 0 && !has_rest(buffers)) {
        replace(buffers, &buffers->out, small_out(buffers));
    }
    if (eager ? in_is_spare(buffers) : in_is_idle(buffers)) {
        replace(buffers, &buffers->in, MPY_SSL_BUFFER_SMALL_IN);
    }
}

void mpy_ssl_buffers_limit(mpy_ssl_buffers_t *buffers, size_t len) {
    buffers->limit = (uint16_t)len;
}

size_t mpy_ssl_buffers_in_size(const mpy_ssl_buffers_t *buffers) {
    return buffers->in.size;
}

size_t mpy_ssl_buffers_out_size(const mpy_ssl_buffers_t *buffers) {
    return buffers->out.size;
}

#else

// --- Left to Mbed TLS -----------------------------------------------------------------------------------------

#if defined(MPY_SSL_OWN_CONFIG) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
void __real_mbedtls_ssl_session_reset_msg_layer(mbedtls_ssl_context *ssl, int partial);
void __wrap_mbedtls_ssl_session_reset_msg_layer(mbedtls_ssl_context *ssl, int partial);

void __wrap_mbedtls_ssl_session_reset_msg_layer(mbedtls_ssl_context *ssl, int partial) {
    __real_mbedtls_ssl_session_reset_msg_layer(ssl, partial);
}
#endif

int mpy_ssl_buffers_setup(mpy_ssl_buffers_t *buffers, const mbedtls_ssl_config *conf) {
    int ret = mbedtls_ssl_setup(buffers->ssl, conf);
    mbedtls_ssl_set_bio(buffers->ssl, buffers->stream, mpy_ssl_stream_send, mpy_ssl_stream_recv, NULL);
    return ret;
}

void mpy_ssl_buffers_free(mpy_ssl_buffers_t *buffers) {
    (void)buffers;
}

int mpy_ssl_buffers_make_room(mpy_ssl_buffers_t *buffers) {
    (void)buffers;
    return 0;
}

int mpy_ssl_buffers_before_write(mpy_ssl_buffers_t *buffers, size_t len) {
    (void)buffers;
    (void)len;
    return 0;
}

int mpy_ssl_buffers_before_step(mpy_ssl_buffers_t *buffers) {
    (void)buffers;
    return 0;
}

void mpy_ssl_buffers_settle(mpy_ssl_buffers_t *buffers, bool eager) {
    (void)buffers;
    (void)eager;
}

void mpy_ssl_buffers_limit(mpy_ssl_buffers_t *buffers, size_t len) {
    buffers->limit = (uint16_t)len; // not kept to
}

bool mpy_ssl_buffers_is_overlong(const mpy_ssl_buffers_t *buffers) {
    return mpy_ssl_record_length(&buffers->stream->rx) > MBEDTLS_SSL_IN_CONTENT_LEN;
}

size_t mpy_ssl_buffers_in_size(const mpy_ssl_buffers_t *buffers) {
    (void)buffers;
    return MBEDTLS_SSL_IN_CONTENT_LEN;
}

size_t mpy_ssl_buffers_out_size(const mpy_ssl_buffers_t *buffers) {
    (void)buffers;
    return MBEDTLS_SSL_OUT_CONTENT_LEN;
}

#endif
