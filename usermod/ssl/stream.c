// SPDX-License-Identifier: MIT
#include <errno.h> // mp_is_nonblocking_error() uses the system's codes

#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/nlr.h"
#include "py/objtype.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "mbedtls/net_sockets.h"
#include "mbedtls/ssl.h"

#include "stream.h"

#define DRAIN_LIMIT 65536 // bytes: what a peer can have in flight with common TCP windows
#define DRAIN_CHUNK 256   // bytes of stack

void mpy_ssl_stream_init(mpy_ssl_stream_t *stream, mp_obj_t object) {
    mp_get_stream_raise(object, MP_STREAM_OP_READ | MP_STREAM_OP_WRITE | MP_STREAM_OP_IOCTL);
    *stream = (mpy_ssl_stream_t) {.object = object, .exception = MP_OBJ_NULL};
}

static bool is_past(const mpy_ssl_stream_t *stream) {
    return (int32_t)(mp_hal_ticks_ms() - stream->deadline) >= 0;
}

// False if the deadline comes first, or an exception.
static bool wait_until_ready(mpy_ssl_stream_t *stream, uintptr_t direction) {
    while (!is_past(stream)) {
        // A stream that has ended or failed says so in its answer, and then in the operation.
        if (mpy_ssl_stream_ioctl(stream, MP_STREAM_POLL, direction) != 0) {
            return true;
        }
        mpy_ssl_stream_wait(stream);
        if (stream->exception != MP_OBJ_NULL) {
            return false;
        }
    }
    stream->error = MP_ETIMEDOUT;
    return false;
}

// Calls the stream's read (sending false) or write and catches what it raises.
static mp_uint_t transfer(mpy_ssl_stream_t *stream, bool sending, void *buf, size_t len) {
    const mp_stream_p_t *protocol = mp_get_stream(stream->object);
    volatile mp_uint_t n = MP_STREAM_ERROR;
    int error = MP_EIO;
    nlr_buf_t nlr;
    stream->error = 0;
    stream->would_block = false;
    bool waits = stream->timed && (sending || !mpy_ssl_stream_has_datagrams(stream));
    if (waits && !wait_until_ready(stream, sending ? MP_STREAM_POLL_WR : MP_STREAM_POLL_RD)) {
        return MP_STREAM_ERROR;
    }
    stream->running++;
    if (nlr_push(&nlr) == 0) {
        n = sending ? protocol->write(stream->object, buf, len, &error) : protocol->read(stream->object, buf, len, &error);
        nlr_pop();
    } else {
        stream->exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    stream->running--;
    if (stream->exception != MP_OBJ_NULL) {
        return MP_STREAM_ERROR;
    }
    if (n == MP_STREAM_ERROR && mp_is_nonblocking_error(error)) {
        stream->would_block = true;
    } else if (n == MP_STREAM_ERROR) {
        stream->error = error;
    } else if (n > len) {
        stream->error = MP_EIO; // a stream class that returns nonsense
        n = MP_STREAM_ERROR;
    }
    return n;
}

// After these the same operation can be tried again.
static bool retryable(const mpy_ssl_stream_t *stream) {
    return stream->would_block || stream->exception != MP_OBJ_NULL || stream->error == MP_ETIMEDOUT;
}

int mpy_ssl_stream_send(void *ctx, const unsigned char *buf, size_t len) {
    mpy_ssl_stream_t *stream = ctx;
    if (stream->mute) {
        stream->unsent = 0;
        return (int)len;
    }
    mp_uint_t n = transfer(stream, true, (void *)buf, len);
    if (n == MP_STREAM_ERROR) {
        stream->unsent = len;
        return retryable(stream) ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
    }
    stream->unsent = len - n;
    (mpy_ssl_stream_has_datagrams(stream) ? mpy_ssl_record_watch_datagram : mpy_ssl_record_watch)(&stream->tx, buf, n);
    if (n == 0) {
        stream->would_block = true; // Mbed TLS would take 0 for success
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    return (int)n;
}

#if MPY_SSL_HAVE_DTLS

// Until there is a datagram, or an error, which is returned.
static int wait_for_datagram(mpy_ssl_stream_t *stream) {
    stream->error = 0;
    while (mpy_ssl_stream_ioctl(stream, MP_STREAM_POLL, MP_STREAM_POLL_RD) == 0) {
        if (stream->exception == MP_OBJ_NULL && mpy_ssl_timer_is_due(&stream->timer)) {
            return MBEDTLS_ERR_SSL_TIMEOUT;
        }
        if (stream->timed && is_past(stream)) {
            stream->error = MP_ETIMEDOUT;
            return MBEDTLS_ERR_SSL_WANT_READ;
        }
        mpy_ssl_stream_wait(stream);
        if (stream->exception != MP_OBJ_NULL) {
            return MBEDTLS_ERR_SSL_WANT_READ;
        }
    }
    return 0;
}

static int receive_datagram(mpy_ssl_stream_t *stream, unsigned char *buf, size_t len) {
    bool native = !mpy_ssl_stream_is_python(stream);
    bool waits = stream->handshaking && (stream->timed || (native && !stream->non_blocking));
    mp_uint_t n;
    do {
        int ret = waits ? wait_for_datagram(stream) : 0;
        if (ret != 0) {
            return ret;
        }
        n = transfer(stream, false, buf, len);
    } while (n == 0 && native);
    if (n == MP_STREAM_ERROR) {
        return retryable(stream) ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
    }
    if (n == 0) {
        stream->would_block = true;
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    mpy_ssl_record_watch_datagram(&stream->rx, buf, n);
    return (int)n;
}

#endif

int mpy_ssl_stream_recv(void *ctx, unsigned char *buf, size_t len) {
    mpy_ssl_stream_t *stream = ctx;
    stream->alerts_before = stream->tx.alerts;
    #if MPY_SSL_HAVE_DTLS
    if (mpy_ssl_stream_has_datagrams(stream)) {
        return receive_datagram(stream, buf, len);
    }
    #endif
    mp_uint_t n = transfer(stream, false, buf, len);
    if (n == MP_STREAM_ERROR) {
        return retryable(stream) ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
    }
    uint16_t records = stream->rx.records;
    uint16_t quiet = stream->rx.alerts + stream->rx.changes;
    mpy_ssl_record_watch(&stream->rx, buf, n);
    stream->eof = n == 0;
    stream->idle += stream->handshaking ? (uint16_t)(stream->rx.alerts + stream->rx.changes - quiet) : stream->rx.records - records;
    if (stream->idle > MPY_SSL_IDLE_RECORDS) {
        return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
    }
    return (int)n;
}

mp_uint_t mpy_ssl_stream_ioctl(mpy_ssl_stream_t *stream, mp_uint_t request, uintptr_t arg) {
    volatile mp_uint_t ret = MP_STREAM_ERROR;
    int error = 0;
    nlr_buf_t nlr;
    stream->running++;
    if (nlr_push(&nlr) == 0) {
        ret = mp_get_stream(stream->object)->ioctl(stream->object, request, arg, &error);
        nlr_pop();
    } else {
        stream->exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    stream->running--;
    return ret == MP_STREAM_ERROR ? 0 : ret;
}

bool mpy_ssl_stream_is_python(const mpy_ssl_stream_t *stream) {
    return mp_obj_is_instance_type(mp_obj_get_type(stream->object));
}

bool mpy_ssl_stream_has_input(mpy_ssl_stream_t *stream) {
    if (stream->exception != MP_OBJ_NULL || mpy_ssl_stream_is_python(stream)) {
        return false;
    }
    bool ready = mpy_ssl_stream_ioctl(stream, MP_STREAM_POLL, MP_STREAM_POLL_RD) & MP_STREAM_POLL_RD;
    if (stream->exception != MP_OBJ_NULL) {
        mp_sched_exception(stream->exception); // after the data that the caller has in hand
        stream->exception = MP_OBJ_NULL;
    }
    return ready;
}

static void drain(mpy_ssl_stream_t *stream) {
    unsigned char chunk[DRAIN_CHUNK];
    for (size_t total = 0; total < DRAIN_LIMIT; total += sizeof(chunk)) {
        mp_uint_t ready = mpy_ssl_stream_ioctl(stream, MP_STREAM_POLL, MP_STREAM_POLL_RD);
        if (!(ready & MP_STREAM_POLL_RD) || stream->exception != MP_OBJ_NULL) {
            break;
        }
        mp_uint_t n = transfer(stream, false, chunk, sizeof(chunk));
        if (n == 0 || n == MP_STREAM_ERROR) {
            break;
        }
    }
}

void mpy_ssl_stream_close(mpy_ssl_stream_t *stream) {
    if (stream->object != MP_OBJ_NULL) {
        if (!mpy_ssl_stream_is_python(stream) && !stream->eof && !mpy_ssl_stream_has_datagrams(stream)) {
            drain(stream);
        }
        mpy_ssl_stream_ioctl(stream, MP_STREAM_CLOSE, 0);
        stream->object = MP_OBJ_NULL;
    }
}

void mpy_ssl_stream_drop(mpy_ssl_stream_t *stream) {
    if (stream->object != MP_OBJ_NULL && !mpy_ssl_stream_is_python(stream)) {
        mpy_ssl_stream_ioctl(stream, MP_STREAM_CLOSE, 0);
    }
    stream->object = MP_OBJ_NULL;
    stream->exception = MP_OBJ_NULL;
}

bool mpy_ssl_stream_is_socket(const mpy_ssl_stream_t *stream) {
    mp_obj_t method[2];
    mp_load_method_maybe(stream->object, MP_QSTR_setblocking, method);
    return method[0] != MP_OBJ_NULL;
}

void mpy_ssl_stream_wait(mpy_ssl_stream_t *stream) {
    nlr_buf_t nlr;
    stream->running++;
    if (nlr_push(&nlr) == 0) {
        mp_event_wait_ms(1);
        nlr_pop();
    } else {
        stream->exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    stream->running--;
}

bool mpy_ssl_stream_alerted(const mpy_ssl_stream_t *stream) {
    return stream->tx.alerts != stream->alerts_before;
}

void mpy_ssl_stream_raise(mpy_ssl_stream_t *stream) {
    mp_obj_t exception = stream->exception;
    if (exception != MP_OBJ_NULL) {
        stream->exception = MP_OBJ_NULL;
        nlr_raise(exception);
    }
}
