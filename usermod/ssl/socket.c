// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/objtuple.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "mbedtls/ssl.h"

#include "context.h"
#include "memory.h"
#include "private.h"
#include "socket.h"
#include "sslsession.h"

#define TIMEOUT_LIMIT 0x7fffffff // milliseconds that a signed difference of ticks can hold
#define POLL_BOTH (MP_STREAM_POLL_RD | MP_STREAM_POLL_WR)

typedef struct {
    mp_obj_base_t base;
    uintptr_t poll_for; // the direction that TLS waits for if it is not the caller's: MP_STREAM_POLL_RD, _WR or 0
    mp_obj_t context;
    mp_obj_t server_hostname;
    uint32_t timeout; // milliseconds for a handshake, 0: none
    mpy_ssl_session_t session;
} mpy_ssl_socket_t;

// --- Handshake ------------------------------------------------------------------------------------------------

__attribute__((noreturn)) static void give_up(mpy_ssl_socket_t *self) {
    mpy_ssl_session_t *session = &self->session;
    mpy_ssl_stream_raise(&session->stream);
    mpy_ssl_failure_raise(&session->failure);
}

// What a stream's timeout or exception means while a handshake is being waited for: its end.
__attribute__((noreturn)) static void give_up_waiting(mpy_ssl_socket_t *self) {
    int error = self->session.stream.error;
    self->session.stream.timed = false; // or the alert would be late as well
    mpy_ssl_session_fail(&self->session, MBEDTLS_ERR_SSL_INTERNAL_ERROR);
    self->session.failure.code = error != 0 ? error : MP_ECONNABORTED;
    give_up(self);
}

// Repeats a step of the session until it is done, waiting as long as it takes. False if a socket is set not to block, and would.
static bool complete(mpy_ssl_socket_t *self, int (*step)(mpy_ssl_session_t *)) {
    mpy_ssl_stream_t *stream = &self->session.stream;
    int ret;
    while ((ret = step(&self->session)) != 0) {
        if (!self->session.open) {
            give_up(self);
        }
        if (self->session.slices.paused) {
            return false;
        }
        if (!stream->would_block) {
            give_up_waiting(self);
        }
        self->poll_for = ret == MBEDTLS_ERR_SSL_WANT_WRITE ? MP_STREAM_POLL_WR : MP_STREAM_POLL_RD;
        if (mpy_ssl_stream_is_socket(stream)) {
            return false;
        }
        mpy_ssl_stream_wait(stream);
        if (stream->exception != MP_OBJ_NULL) {
            give_up_waiting(self);
        }
    }
    self->poll_for = 0;
    return true;
}

// A call that may have to shake hands first has the timeout of the handshake, if one is set.
static void start_timer(mpy_ssl_socket_t *self) {
    mpy_ssl_stream_t *stream = &self->session.stream;
    stream->timed = stream->handshaking && self->timeout != 0;
    stream->deadline = mp_hal_ticks_ms() + self->timeout;
}

static bool handshake(mpy_ssl_socket_t *self) {
    start_timer(self);
    bool done = complete(self, mpy_ssl_session_handshake);
    self->session.stream.timed = false;
    return done;
}

mp_obj_t mpy_ssl_socket_new(mp_obj_t stream, const mpy_ssl_options_t *options, const mpy_ssl_wrapping_t *wrapping) {
    mpy_ssl_stack_check();
    mpy_ssl_socket_t *self = mp_obj_malloc_with_finaliser(mpy_ssl_socket_t, &mpy_ssl_type_socket);
    memset((char *)self + sizeof(self->base), 0, sizeof(*self) - sizeof(self->base));
    mpy_ssl_stream_init(&self->session.stream, stream);
    #if MPY_SSL_HAVE_DTLS
    self->session.stream.datagrams = options->datagrams;
    #endif
    self->context = wrapping->context;
    self->server_hostname = wrapping->server_hostname;
    self->timeout = wrapping->timeout;
    #if MPY_SSL_SNI_CALLBACK
    if (wrapping->sni_callback != mp_const_none) {
        mpy_ssl_sni_start(&self->session.sni, wrapping->sni_callback, MP_OBJ_FROM_PTR(self), wrapping->context);
    }
    #endif
    int ret = mpy_ssl_session_open(&self->session, options);
    if (ret != 0) {
        self->session.stream.object = MP_OBJ_NULL; // still the caller's
        mpy_ssl_error_raise(ret);
    }
    if (wrapping->do_handshake) {
        self->session.keep_stream = mpy_ssl_stream_is_python(&self->session.stream);
        handshake(self);
        self->session.keep_stream = false;
    }
    self->poll_for = 0;
    return MP_OBJ_FROM_PTR(self);
}

// --- Stream protocol ------------------------------------------------------------------------------------------

// True, with *error set, inside of what this socket has called itself: its stream, its verify_callback, a scheduled callback that
// ran while it waited. There Mbed TLS is in the middle of something.
static bool is_busy(const mpy_ssl_socket_t *self, int *error) {
    bool busy = self->session.stream.running != 0;
    if (busy) {
        *error = MP_EBUSY;
    }
    return busy;
}

// Raises what an earlier failure was, or sets *error if the socket is closed or busy.
static bool is_usable(mpy_ssl_socket_t *self, int *error) {
    if (is_busy(self, error)) {
        return false;
    }
    if (!self->session.open) {
        if (self->session.failure.code != 0) {
            mpy_ssl_failure_raise(&self->session.failure);
        }
        *error = MP_EBADF;
    }
    return self->session.open;
}

// Turns the result of a session's read or write into that of a stream. `other` is the direction to poll if TLS
// waits for the opposite of what the caller does: `other_code`.
static mp_uint_t result(mpy_ssl_socket_t *self, int ret, int other_code, uintptr_t other, int *error) {
    mpy_ssl_stream_t *stream = &self->session.stream;
    if (stream->timed && stream->error == MP_ETIMEDOUT) {
        give_up_waiting(self);
    }
    stream->timed = false;
    if (ret >= 0 && stream->exception == MP_OBJ_NULL) {
        return (mp_uint_t)ret;
    }
    mpy_ssl_stream_raise(stream);
    if (!self->session.open) {
        mpy_ssl_failure_raise(&self->session.failure);
    }
    if (ret == MPY_SSL_ERR_OTHER_DATA) {
        mp_raise_ValueError(MP_ERROR_TEXT("a write that would block must be repeated with the same data"));
    }
    self->poll_for = ret == other_code ? other : 0;
    *error = stream->error != 0 ? stream->error : MP_EAGAIN;
    return MP_STREAM_ERROR;
}

static mp_uint_t socket_read(mp_obj_t self_in, void *buf, mp_uint_t size, int *error) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    self->poll_for = 0;
    mpy_ssl_stack_check();
    if (!is_usable(self, error)) {
        return MP_STREAM_ERROR;
    }
    start_timer(self);
    int ret = size == 0 ? 0 : mpy_ssl_session_read(&self->session, buf, MIN(size, INT16_MAX));
    return result(self, ret, MBEDTLS_ERR_SSL_WANT_WRITE, MP_STREAM_POLL_WR, error);
}

static mp_uint_t socket_write(mp_obj_t self_in, const void *buf, mp_uint_t size, int *error) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    self->poll_for = 0;
    mpy_ssl_stack_check();
    if (!is_usable(self, error)) {
        return MP_STREAM_ERROR;
    }
    if (self->session.said_goodbye) {
        *error = MP_EPIPE;
        return MP_STREAM_ERROR;
    }
    start_timer(self);
    int ret = size == 0 ? 0 : mpy_ssl_session_write(&self->session, buf, size);
    return result(self, ret, MBEDTLS_ERR_SSL_WANT_READ, MP_STREAM_POLL_RD, error);
}

// Output that waits in TLS's buffer goes first, or a peer that waits for it would never make us readable.
static void push_output(mpy_ssl_socket_t *self) {
    mpy_ssl_stream_t *stream = &self->session.stream;
    if (stream->unsent > 0 && mpy_ssl_stream_ioctl(stream, MP_STREAM_POLL, MP_STREAM_POLL_WR) & MP_STREAM_POLL_WR) {
        mpy_ssl_session_flush(&self->session);
    }
    mpy_ssl_stream_raise(stream);
}

// A client that has not begun has to write first, whatever its caller waits for: nobody answers a hello that was not sent.
static bool can_begin(mpy_ssl_socket_t *self) {
    mpy_ssl_stream_t *stream = &self->session.stream;
    return !mpy_ssl_session_is_server(&self->session) && stream->tx.records == 0
           && (mpy_ssl_stream_ioctl(stream, MP_STREAM_POLL, MP_STREAM_POLL_WR) & MP_STREAM_POLL_WR);
}

static mp_uint_t socket_poll(mpy_ssl_socket_t *self, uintptr_t flags, int *error) {
    mpy_ssl_session_t *session = &self->session;
    if (!session->open) {
        return MP_STREAM_POLL_NVAL;
    }
    push_output(self);
    uintptr_t wanted = flags & POLL_BOTH;
    if (session->slices.paused && wanted != 0) {
        return wanted; // there is work to do, without the stream
    }
    if (session->stream.handshaking && mpy_ssl_timer_is_due(&session->stream.timer)) {
        return wanted; // a flight has to be sent again
    }
    mp_uint_t ready = 0;
    if ((wanted & MP_STREAM_POLL_RD) && mpy_ssl_session_has_input(session)) {
        ready = MP_STREAM_POLL_RD;
        if (wanted == MP_STREAM_POLL_RD) {
            return ready;
        }
    }
    uintptr_t ask = self->poll_for != 0 && wanted != 0 ? (flags & ~POLL_BOTH) | self->poll_for : flags;
    mp_uint_t below = mp_get_stream(session->stream.object)->ioctl(session->stream.object, MP_STREAM_POLL, ask, error);
    if (below == MP_STREAM_ERROR) {
        return MP_STREAM_ERROR;
    }
    if ((below & self->poll_for) || (!(below & wanted) && can_begin(self))) {
        below |= wanted; // so that the caller comes back and the handshake goes on
    }
    mpy_ssl_stream_raise(&session->stream);
    return ready | (below & (flags | ~(uintptr_t)POLL_BOTH));
}

static mp_uint_t socket_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t arg, int *error) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    switch (request) {
        case MP_STREAM_POLL:
            return is_busy(self, error) ? MP_STREAM_ERROR : socket_poll(self, arg, error);
        case MP_STREAM_CLOSE:
            if (is_busy(self, error)) {
                return MP_STREAM_ERROR;
            }
            mpy_ssl_session_close(&self->session);
            mpy_ssl_stream_raise(&self->session.stream);
            return 0;
        default:
            *error = MP_EINVAL;
            return MP_STREAM_ERROR;
    }
}

static const mp_stream_p_t socket_stream = {
    .read = socket_read,
    .write = socket_write,
    .ioctl = socket_ioctl,
};

const mpy_ssl_session_t *mpy_ssl_socket_session(mp_obj_t socket) {
    const mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(socket);
    return &self->session;
}

// --- Methods --------------------------------------------------------------------------------------------------

static bool is_connected(const mpy_ssl_socket_t *self) {
    return self->session.open && mpy_ssl_private_state(&self->session.ssl) == MBEDTLS_SSL_HANDSHAKE_OVER;
}

static void check_usable(mpy_ssl_socket_t *self) {
    int error;
    mpy_ssl_stack_check();
    if (!is_usable(self, &error)) {
        mp_raise_OSError(error);
    }
}

// Raises what a call ends with that a non-blocking socket cut short.
static void must_be_done(const mpy_ssl_socket_t *self, bool done) {
    if (!done) {
        const mp_obj_type_t *type = self->poll_for == MP_STREAM_POLL_WR ? &mpy_ssl_type_want_write_error : &mpy_ssl_type_want_read_error;
        nlr_raise(mp_obj_new_exception_arg1(type, MP_OBJ_NEW_SMALL_INT(MP_EAGAIN)));
    }
}

// do_handshake(): completes a handshake that was put off.
static mp_obj_t socket_do_handshake(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    check_usable(self);
    must_be_done(self, handshake(self));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_do_handshake_obj, socket_do_handshake);

// unwrap() -> the stream, on which both ends have said goodbye to TLS. Data that come before the peer's goodbye are dropped.
static mp_obj_t socket_unwrap(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    check_usable(self);
    if (!is_connected(self)) {
        mp_raise_ValueError(MP_ERROR_TEXT("the handshake is not complete"));
    }
    must_be_done(self, complete(self, mpy_ssl_session_unwrap));
    return mpy_ssl_session_detach(&self->session);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_unwrap_obj, socket_unwrap);

// shutdown(how): for SHUT_WR (1) and SHUT_RDWR (2) sends close_notify; reading goes on until the peer has sent its own.
static mp_obj_t socket_shutdown(mp_obj_t self_in, mp_obj_t how_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t how = mp_obj_get_int(how_in);
    if (how < 0 || how > 2) {
        mp_raise_OSError(MP_EINVAL);
    }
    check_usable(self);
    if (how != 0 && is_connected(self)) {
        must_be_done(self, complete(self, mpy_ssl_session_shutdown));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_shutdown_obj, socket_shutdown);

// cipher() -> (suite, version, secret bits), or None while there is no connection.
static mp_obj_t socket_cipher(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    if (!is_connected(self)) {
        return mp_const_none;
    }
    mp_obj_t items[] = {
        mp_obj_new_str_from_cstr(mbedtls_ssl_get_ciphersuite(&self->session.ssl)),
        mp_obj_new_str_from_cstr(mbedtls_ssl_get_version(&self->session.ssl)),
        MP_OBJ_NEW_SMALL_INT(mpy_ssl_ciphers_bits(mbedtls_ssl_get_ciphersuite_id_from_ssl(&self->session.ssl))),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_cipher_obj, socket_cipher);

// version() -> "TLSv1.2", or None while there is no connection.
static mp_obj_t socket_version(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    return is_connected(self) ? mp_obj_new_str_from_cstr(mbedtls_ssl_get_version(&self->session.ssl)) : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_version_obj, socket_version);

// pending() -> bytes that can be read without asking the stream.
static mp_obj_t socket_pending(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    return MP_OBJ_NEW_SMALL_INT(is_connected(self) ? mbedtls_ssl_get_bytes_avail(&self->session.ssl) : 0);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_pending_obj, socket_pending);

#if defined(MBEDTLS_SSL_ALPN)
// selected_alpn_protocol() -> the name, or None if none was negotiated.
static mp_obj_t socket_selected_alpn_protocol(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    const char *name = is_connected(self) ? mbedtls_ssl_get_alpn_protocol(&self->session.ssl) : NULL;
    return name != NULL ? mp_obj_new_str_from_cstr(name) : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_selected_alpn_protocol_obj, socket_selected_alpn_protocol);
#endif

#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
// getpeercert(True) -> the peer's certificate as a copy of its DER bytes, or None if there is none.
static mp_obj_t socket_getpeercert(size_t n_args, const mp_obj_t *args) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(args[0]);
    if (n_args < 2 || !mp_obj_is_true(args[1])) {
        mp_raise_NotImplementedError(MP_ERROR_TEXT("only getpeercert(True) is available"));
    }
    size_t len;
    const uint8_t *certificate = is_connected(self) ? mpy_ssl_session_peer_certificate(&self->session, &len) : NULL;
    return certificate != NULL ? mp_obj_new_bytes(certificate, len) : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_getpeercert_obj, 1, 2, socket_getpeercert);
#endif

// The stream below; raises OSError(EBADF) if it is closed.
static mp_obj_t stream_of(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->session.stream.object == MP_OBJ_NULL) {
        mp_raise_OSError(MP_EBADF);
    }
    return self->session.stream.object;
}

// Calls a method of the stream.
static mp_obj_t pass_on(mp_obj_t self_in, qstr method, mp_obj_t arg) {
    mp_obj_t call[3];
    mp_load_method(stream_of(self_in), method, call);
    call[2] = arg;
    return mp_call_method_n_kw(1, 0, call);
}

static mp_obj_t socket_setblocking(mp_obj_t self_in, mp_obj_t flag) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    mp_obj_t ret = pass_on(self_in, MP_QSTR_setblocking, flag);
    self->session.stream.non_blocking = !mp_obj_is_true(flag);
    return ret;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_setblocking_obj, socket_setblocking);

uint32_t mpy_ssl_timeout_ms(mp_obj_t seconds) {
    if (seconds == mp_const_none) {
        return 0;
    }
    #if MICROPY_PY_BUILTINS_FLOAT
    mp_float_t value = mp_obj_get_float(seconds) * 1000;
    #else
    long long value = mp_obj_get_int(seconds) * 1000LL;
    #endif
    if (!(value >= 0 && value < TIMEOUT_LIMIT)) {
        mp_raise_ValueError(MP_ERROR_TEXT("timeout out of range"));
    }
    return (uint32_t)value;
}

// settimeout(seconds): for each operation of the stream, and for the handshake as a whole if it is still to come.
static mp_obj_t socket_settimeout(mp_obj_t self_in, mp_obj_t seconds) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    uint32_t timeout = mpy_ssl_timeout_ms(seconds);
    pass_on(self_in, MP_QSTR_settimeout, seconds);
    self->timeout = timeout;
    self->session.stream.non_blocking = timeout == 0 && seconds != mp_const_none;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_settimeout_obj, socket_settimeout);

// fileno() of the stream, where it has one.
static mp_obj_t socket_fileno(mp_obj_t self_in) {
    mp_obj_t call[2];
    mp_load_method(stream_of(self_in), MP_QSTR_fileno, call);
    return mp_call_method_n_kw(0, 0, call);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_fileno_obj, socket_fileno);

// makefile(mode="rb", buffering=0) -> the socket, which is a stream already.
static mp_obj_t socket_makefile(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    return args[0];
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_makefile_obj, 1, 3, socket_makefile);

#if MPY_SSL_SNI_CALLBACK
// context = another, in sni_callback: goes on with that one.
static void adopt_context(mpy_ssl_socket_t *self, mp_obj_t context) {
    mpy_ssl_options_t options;
    mpy_ssl_context_server_options(context, &options);
    if (mpy_ssl_psk_is_set(options.psk) || mpy_ssl_psk_is_set(&self->session.psk)) {
        mp_raise_ValueError(MP_ERROR_TEXT("in sni_callback a context with PSK can be neither left nor chosen"));
    }
    int ret = mpy_ssl_session_adopt(&self->session, &options);
    if (ret != 0) {
        mpy_ssl_error_raise(ret);
    }
    self->context = context;
}
#endif

static void socket_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        #if MPY_SSL_SNI_CALLBACK
        if (attr == MP_QSTR_context && dest[1] != MP_OBJ_NULL && self->session.sni.running) {
            adopt_context(self, dest[1]);
            dest[0] = MP_OBJ_NULL;
        }
        #endif
        return; // nothing else can be stored
    }
    if (attr == MP_QSTR_context) {
        dest[0] = self->context;
    } else if (attr == MP_QSTR_server_hostname) {
        dest[0] = self->server_hostname;
    #if MPY_SSL_HAVE_FRAGMENT
    } else if (attr == MP_QSTR_max_fragment_length) {
        dest[0] = mpy_ssl_fragment_length(is_connected(self) ? self->session.fragment : MBEDTLS_SSL_MAX_FRAG_LEN_NONE);
    #endif
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    } else if (attr == MP_QSTR_record_size_limit) {
        dest[0] = is_connected(self) ? mpy_ssl_record_size_limit_agreed(&self->session) : mp_const_none;
    #endif
    #if defined(MBEDTLS_SSL_SESSION_TICKETS)
    } else if (attr == MP_QSTR_session) {
        dest[0] = mpy_ssl_sslsession_new(mpy_ssl_resume_saved(&self->session));
    } else if (attr == MP_QSTR_session_reused) {
        dest[0] = self->session.stream.handshaking ? mp_const_none : mp_obj_new_bool(self->session.resume.reused);
    #endif
    } else {
        dest[1] = MP_OBJ_SENTINEL; // look among the methods
    }
}

static mp_obj_t socket_del(mp_obj_t self_in) {
    mpy_ssl_socket_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->session.stream.running == 0) {
        mpy_ssl_session_drop(&self->session);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_del_obj, socket_del);

static const mp_rom_map_elem_t socket_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_readline), MP_ROM_PTR(&mp_stream_unbuffered_readline_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_recv), MP_ROM_PTR(&mp_stream_read1_obj)},
    {MP_ROM_QSTR(MP_QSTR_recv_into), MP_ROM_PTR(&mp_stream_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&mp_stream_write1_obj)},
    {MP_ROM_QSTR(MP_QSTR_sendall), MP_ROM_PTR(&mp_stream_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_setblocking), MP_ROM_PTR(&socket_setblocking_obj)},
    {MP_ROM_QSTR(MP_QSTR_settimeout), MP_ROM_PTR(&socket_settimeout_obj)},
    {MP_ROM_QSTR(MP_QSTR_do_handshake), MP_ROM_PTR(&socket_do_handshake_obj)},
    {MP_ROM_QSTR(MP_QSTR_unwrap), MP_ROM_PTR(&socket_unwrap_obj)},
    {MP_ROM_QSTR(MP_QSTR_shutdown), MP_ROM_PTR(&socket_shutdown_obj)},
    {MP_ROM_QSTR(MP_QSTR_fileno), MP_ROM_PTR(&socket_fileno_obj)},
    {MP_ROM_QSTR(MP_QSTR_makefile), MP_ROM_PTR(&socket_makefile_obj)},
    {MP_ROM_QSTR(MP_QSTR_cipher), MP_ROM_PTR(&socket_cipher_obj)},
    {MP_ROM_QSTR(MP_QSTR_version), MP_ROM_PTR(&socket_version_obj)},
    {MP_ROM_QSTR(MP_QSTR_pending), MP_ROM_PTR(&socket_pending_obj)},
    #if defined(MBEDTLS_SSL_ALPN)
    {MP_ROM_QSTR(MP_QSTR_selected_alpn_protocol), MP_ROM_PTR(&socket_selected_alpn_protocol_obj)},
    #endif
    #if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    {MP_ROM_QSTR(MP_QSTR_getpeercert), MP_ROM_PTR(&socket_getpeercert_obj)},
    #endif
    #if MICROPY_UNIX_COVERAGE || defined(MPY_SSL_EXPOSE_IOCTL)
    {MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&mp_stream_ioctl_obj)},
    #endif
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&mp_stream___exit___obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&socket_del_obj)},
};
static MP_DEFINE_CONST_DICT(socket_locals, socket_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    mpy_ssl_type_socket, MP_QSTR_SSLSocket, MP_TYPE_FLAG_NONE,
    attr, socket_attr,
    protocol, &socket_stream,
    locals_dict, &socket_locals
    );
