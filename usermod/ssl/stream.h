// SPDX-License-Identifier: MIT
//
// The transport under a TLS connection: any MicroPython stream (socket, UART, a Python class on io.IOBase).
// This is the only place where Python code may run below Mbed TLS, so this is where its exceptions are caught: they
// are kept in `exception`, Mbed TLS is told to try again later, and the caller raises them once Mbed TLS has returned.
#ifndef MPY_SSL_STREAM_H
#define MPY_SSL_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "py/obj.h"

#include "dtls.h"
#include "record.h"

// Lives inside a garbage collected object, because it holds Python objects.
typedef struct {
    mp_obj_t object;     // the stream; MP_OBJ_NULL once closed
    mp_obj_t exception;  // raised by the stream and not yet by us, or MP_OBJ_NULL
    int error;           // errno of the last operation, 0 if it succeeded or would block
    size_t unsent;       // bytes of the newest record that the stream has not taken yet
    uint32_t deadline;   // reading of mp_hal_ticks_ms() at which `timed` operations are given up
    bool timed;          // each operation waits until it is possible, and fails with ETIMEDOUT at the deadline; ends with the handshake
    bool datagrams;      // it is a connection over datagrams: of DTLS
    bool non_blocking;   // a socket that was told through us not to block. In the handshake other datagrams are not read before they
                         // can be, because a read that waits for a lost one does not see when it is time to send again
    bool would_block;    // the last operation had to be put off
    bool eof;            // the stream has ended
    bool mute;           // output is dropped, because the other end does not take it any more
    uint8_t running;     // calls of Python, for this connection, that have not returned: until then it must not be used
    bool handshaking;    // set by the session: handshake records are progress; alerts, change_cipher_spec, and what buffers.c finds are idle
    uint16_t idle;       // records received since the program got data; see MPY_SSL_IDLE_RECORDS
    uint16_t alerts_before; // alerts sent when the newest record began to arrive
    mpy_ssl_timer_t timer; // of datagrams
    mpy_ssl_record_t rx;
    mpy_ssl_record_t tx;
} mpy_ssl_stream_t;

// Whether they are datagrams, which a build without DTLS knows beforehand.
static inline bool mpy_ssl_stream_has_datagrams(const mpy_ssl_stream_t *stream) {
    return MPY_SSL_HAVE_DTLS && stream->datagrams;
}

// Records that may come in a row without giving the program a byte (warning alerts, empty records, requests to
// renegotiate). The next one is answered with unexpected_message. OpenSSL allows 5 alerts and 32 empty records.
#define MPY_SSL_IDLE_RECORDS 8

// Raises OSError or TypeError if `object` is not a stream that can be read, written and polled.
void mpy_ssl_stream_init(mpy_ssl_stream_t *stream, mp_obj_t object);

// Mbed TLS's f_send and f_recv, ctx being the mpy_ssl_stream_t. They return the number of bytes, or WANT_WRITE or
// WANT_READ (would_block, exception or a timed out `error` says why), NET_SEND_FAILED or NET_RECV_FAILED (`error`
// says why), 0 from f_recv at the end (`eof`), or UNEXPECTED_MESSAGE if there were too many idle records. Of datagrams each call takes
// one, an empty one is passed over, f_recv says TIMEOUT when the timer is due, and nothing is idle: anybody can send datagrams.
int mpy_ssl_stream_send(void *ctx, const unsigned char *buf, size_t len);
int mpy_ssl_stream_recv(void *ctx, unsigned char *buf, size_t len);

// Passes an ioctl on and returns its result; 0 if it fails or raises. Does not raise.
mp_uint_t mpy_ssl_stream_ioctl(mpy_ssl_stream_t *stream, mp_uint_t request, uintptr_t arg);

// Closes the stream, once. Input that has already arrived is read away first, up to 64 KB, because a TCP stack
// answers a close with unread input by a reset, which can destroy the alert that was sent just before.
// An exception of the stream is kept in `exception`. Does not raise.
void mpy_ssl_stream_close(mpy_ssl_stream_t *stream);

// Closes from a finaliser: no input or output, and a stream that is a Python object is left alone. Does not raise.
void mpy_ssl_stream_drop(mpy_ssl_stream_t *stream);

// True for a stream that has setblocking(), as sockets do: when such a stream would block it is meant not to wait.
bool mpy_ssl_stream_is_socket(const mpy_ssl_stream_t *stream);

// True if a native stream has input; false for a stream written in Python, which is not asked. Loses no exception, does not raise.
bool mpy_ssl_stream_has_input(mpy_ssl_stream_t *stream);

// True for an instance of a class written in Python, whose life the program controls.
bool mpy_ssl_stream_is_python(const mpy_ssl_stream_t *stream);

// Lets other things run for a moment. An exception (Ctrl-C) is kept in `exception`. Does not raise.
void mpy_ssl_stream_wait(mpy_ssl_stream_t *stream);

// True if an alert was sent since the newest input: the answer to that input, so no other is due.
bool mpy_ssl_stream_alerted(const mpy_ssl_stream_t *stream);

// Raises the kept exception, if there is one, and forgets it.
void mpy_ssl_stream_raise(mpy_ssl_stream_t *stream);

#endif
