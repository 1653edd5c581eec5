// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/runtime.h"

#include "hello.h"
#include "memory.h"
#include "private.h"
#include "session.h"
#include "sni.h"

#if MPY_SSL_SNI_CALLBACK

#define NAME_MAX_LEN 255 // RFC 1035, 2.3.4

void mpy_ssl_sni_start(mpy_ssl_sni_t *sni, mp_obj_t callback, mp_obj_t socket, mp_obj_t context) {
    *sni = (mpy_ssl_sni_t) {.callback = callback, .socket = socket, .context = context};
}

bool mpy_ssl_sni_is_pending(const mpy_ssl_sni_t *sni) {
    return sni->callback != MP_OBJ_NULL && !sni->called;
}

static int refuse(mpy_ssl_session_t *session, uint8_t alert, int code) {
    session->alert = alert;
    return code;
}

// --- The name -------------------------------------------------------------------------------------------------

static bool is_name(const mpy_ssl_span_t *name) {
    bool good = name->len > 0 && name->len <= NAME_MAX_LEN;
    for (size_t i = 0; good && i < name->len; ++i) {
        good = name->data[i] > ' ' && name->data[i] < 0x7f;
    }
    return good;
}

// Dotted decimal, or anything with a colon, which no host name has.
static bool is_address(const mpy_ssl_span_t *name) {
    size_t digits = 0;
    for (size_t i = 0; i < name->len; ++i) {
        if (name->data[i] == ':') {
            return true;
        }
        digits += name->data[i] == '.' || (name->data[i] >= '0' && name->data[i] <= '9');
    }
    return digits == name->len;
}

// --- The callback ---------------------------------------------------------------------------------------------

// What the callback has answered. Raises TypeError, ValueError.
static int answered(mpy_ssl_session_t *session, mp_obj_t answer) {
    if (answer == mp_const_none) {
        bool shows = session->identity != NULL || mpy_ssl_psk_is_set(&session->psk);
        return shows ? 0 : MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED;
    }
    session->alert = MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
    mp_int_t alert = mp_obj_get_int(answer);
    if (alert < 0 || alert > 255) {
        mp_raise_ValueError(MP_ERROR_TEXT("sni_callback must return None or an alert from 0 to 255"));
    }
    return refuse(session, (uint8_t)alert, MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME);
}

static int call(mpy_ssl_session_t *session, const mpy_ssl_span_t *name) {
    mpy_ssl_sni_t *self = &session->sni;
    int ret = MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE;
    nlr_buf_t nlr;
    session->alert = MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
    session->stream.running++;
    self->running = true;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t args[] = {self->socket, mp_const_none, self->context};
        if (name->len > 0) {
            args[1] = mp_obj_new_str((const char *)name->data, name->len);
        }
        ret = answered(session, mp_call_function_n_kw(self->callback, MP_ARRAY_SIZE(args), 0, args));
        session->alert = ret != 0 && ret != MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED ? session->alert : 0;
        nlr_pop();
    } else {
        session->stream.exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    self->running = false;
    session->stream.running--;
    return ret;
}

// What the callback loads and makes belongs to contexts, and not to this connection; nor does what it lacks memory for.
static int call_aside(mpy_ssl_session_t *session, const mpy_ssl_span_t *name) {
    mpy_ssl_usage_t others = {0};
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &others);
    int ret = call(session, name);
    mpy_ssl_meter_stop(&meter);
    session->alloc_failures = mpy_ssl_alloc_failures();
    return ret;
}

// --- Application protocols ------------------------------------------------------------------------------------

#if defined(MBEDTLS_SSL_ALPN)

// True if the client's list has the name; *malformed if it is no list (RFC 7301, 3.1).
static bool offers(const mpy_ssl_span_t *list, const char *name, bool *malformed) {
    size_t len = strlen(name);
    bool found = false;
    size_t i = 0;
    while (i < list->len && !*malformed) {
        size_t size = list->data[i++];
        *malformed = size == 0 || size > list->len - i;
        found = found || (!*malformed && size == len && memcmp(list->data + i, name, len) == 0);
        i += size;
    }
    return found;
}

static int select_protocol(mpy_ssl_session_t *session, const uint8_t *hello, size_t len) {
    mpy_ssl_span_t list;
    bool malformed = false;
    if (session->alpn == NULL || !mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_ALPN, &list)) {
        return 0;
    }
    if (list.len < 2 || (size_t)(list.data[0] << 8 | list.data[1]) != list.len - 2) {
        return MBEDTLS_ERR_SSL_DECODE_ERROR;
    }
    list = (mpy_ssl_span_t) {list.data + 2, list.len - 2};
    for (const char **name = session->alpn->names; *name != NULL && !malformed; ++name) {
        if (offers(&list, *name, &malformed)) {
            mpy_ssl_private_set_alpn(&session->ssl, *name);
            return malformed ? MBEDTLS_ERR_SSL_DECODE_ERROR : 0;
        }
    }
    return malformed ? MBEDTLS_ERR_SSL_DECODE_ERROR : MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL;
}

#else
#define select_protocol(session, hello, len) (0)
#endif

int mpy_ssl_sni_hello(mpy_ssl_session_t *session) {
    mpy_ssl_sni_t *self = &session->sni;
    if (!mpy_ssl_sni_is_pending(self)) {
        return self->result;
    }
    size_t len;
    const uint8_t *hello = mpy_ssl_private_message(&session->ssl, &len);
    mpy_ssl_span_t name = mpy_ssl_hello_server_name(hello, len);
    self->called = true;
    if (name.data != NULL && !is_name(&name)) {
        self->result = MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
    } else {
        name.len = is_address(&name) ? 0 : name.len;
        self->result = call_aside(session, &name);
    }
    if (self->result == 0) {
        self->result = select_protocol(session, hello, len);
    }
    return self->result;
}

static int hello_is_read(mbedtls_ssl_context *ssl) {
    return mpy_ssl_sni_hello(mpy_ssl_session_of(ssl));
}

void mpy_ssl_sni_configure(mpy_ssl_session_t *session) {
    if (mpy_ssl_sni_is_pending(&session->sni)) {
        mbedtls_ssl_conf_cert_cb(&session->conf, hello_is_read);
    }
}

#endif
