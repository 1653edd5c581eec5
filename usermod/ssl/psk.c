// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/nlr.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "context.h"
#include "private.h"
#include "psk.h"
#include "session.h"

#if MPY_SSL_HAVE_PSK

// --- Settings -------------------------------------------------------------------------------------------------

void mpy_ssl_psk_init(mpy_ssl_psk_t *psk) {
    *psk = (mpy_ssl_psk_t) {mp_const_none, mp_const_none, mp_const_none, mp_const_none, mp_const_none, mp_const_none};
}

bool mpy_ssl_psk_is_set(const mpy_ssl_psk_t *psk) {
    return psk->identity != mp_const_none || psk->key != mp_const_none || psk->keys != mp_const_none
           || psk->client_callback != mp_const_none || psk->server_callback != mp_const_none;
}

void mpy_ssl_psk_check(const mpy_ssl_psk_t *psk, bool server_side) {
    bool pair = psk->identity != mp_const_none && psk->key != mp_const_none;
    bool server = psk->keys != mp_const_none || psk->server_callback != mp_const_none;
    bool ready = pair || (server_side ? server : psk->client_callback != mp_const_none);
    if (mpy_ssl_psk_is_set(psk) && !ready) {
        mp_raise_ValueError(server_side
            ? MP_ERROR_TEXT("a server with PSK needs server_psk_keys or set_psk_server_callback()")
            : MP_ERROR_TEXT("a client with PSK needs psk_identity and psk_key or set_psk_client_callback()"));
    }
}

#define IDENTITY_RULE "a PSK identity must be str or bytes-like, of 1 to 256 bytes"
#define DIGITS(number) #number
#define TEXT_OF(number) DIGITS(number)
#define KEY_RULE "a PSK must be bytes-like, of 1 to " TEXT_OF(MPY_SSL_PSK_KEY_MAX) " bytes"

// NULL, or the type of exception that a wrong value deserves.
static const mp_obj_type_t *identity_error(mp_obj_t value, mp_buffer_info_t *identity) {
    if (!mp_get_buffer(value, identity, MP_BUFFER_READ)) {
        return &mp_type_TypeError;
    }
    return identity->len >= 1 && identity->len <= MPY_SSL_PSK_IDENTITY_MAX ? NULL : &mp_type_ValueError;
}

static const mp_obj_type_t *key_error(mp_obj_t value, mp_buffer_info_t *key) {
    if (mp_obj_is_str(value) || !mp_get_buffer(value, key, MP_BUFFER_READ)) {
        return &mp_type_TypeError;
    }
    return key->len >= 1 && key->len <= MPY_SSL_PSK_KEY_MAX ? NULL : &mp_type_ValueError;
}

static mp_obj_t checked_identity(mp_obj_t value) {
    mp_buffer_info_t identity;
    const mp_obj_type_t *error = value == mp_const_none ? NULL : identity_error(value, &identity);
    if (error != NULL) {
        mp_raise_msg(error, MP_ERROR_TEXT(IDENTITY_RULE));
    }
    return value;
}

static mp_obj_t checked_key(mp_obj_t value) {
    mp_buffer_info_t key;
    const mp_obj_type_t *error = value == mp_const_none ? NULL : key_error(value, &key);
    if (error != NULL) {
        mp_raise_msg_varg(error, MP_ERROR_TEXT("%s"), KEY_RULE);
    }
    return value;
}

static mp_obj_t checked_keys(mp_obj_t value) {
    mp_obj_t method[2];
    mp_load_method_maybe(value, MP_QSTR_get, method);
    if (value != mp_const_none && method[0] == MP_OBJ_NULL) {
        mp_raise_TypeError(MP_ERROR_TEXT("server_psk_keys must have a method get()"));
    }
    return value;
}

bool mpy_ssl_psk_attr(const mpy_ssl_psk_t *psk, qstr attr, mp_obj_t *value) {
    if (attr == MP_QSTR_psk_identity) {
        *value = psk->identity;
    } else if (attr == MP_QSTR_psk_key) {
        *value = psk->key;
    } else if (attr == MP_QSTR_server_psk_keys) {
        *value = psk->keys;
    } else {
        return false;
    }
    return true;
}

bool mpy_ssl_psk_store(mpy_ssl_psk_t *psk, qstr attr, mp_obj_t value) {
    if (attr == MP_QSTR_psk_identity) {
        psk->identity = checked_identity(value);
    } else if (attr == MP_QSTR_psk_key) {
        psk->key = checked_key(value);
    } else if (attr == MP_QSTR_server_psk_keys) {
        psk->keys = checked_keys(value);
    } else {
        return false;
    }
    return true;
}

static mp_obj_t checked_callback(mp_obj_t callback) {
    if (callback != mp_const_none && !mp_obj_is_callable(callback)) {
        mp_raise_TypeError(MP_ERROR_TEXT("callback must be callable or None"));
    }
    return callback;
}

static mpy_ssl_psk_t *psk_of(mp_obj_t context, mp_int_t protocol) {
    mpy_ssl_context_t *self = MP_OBJ_TO_PTR(context);
    if ((self->protocol & MPY_SSL_PROTOCOL_TLS_SERVER) != protocol) {
        mp_raise_ValueError(MP_ERROR_TEXT("this PSK callback is for contexts of the other role"));
    }
    return &self->psk;
}

// set_psk_client_callback(callback)
static mp_obj_t set_client_callback(mp_obj_t self, mp_obj_t callback) {
    psk_of(self, MPY_SSL_PROTOCOL_TLS_CLIENT)->client_callback = checked_callback(callback);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(mpy_ssl_psk_set_client_callback_obj, set_client_callback);

static mp_obj_t checked_hint(mp_obj_t hint) {
    if (hint != mp_const_none) {
        size_t len;
        mp_obj_str_get_data(hint, &len);
        if (len > MPY_SSL_PSK_IDENTITY_MAX) {
            mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("identity_hint must have at most %d bytes"), MPY_SSL_PSK_IDENTITY_MAX);
        }
    }
    return hint;
}

// set_psk_server_callback(callback, identity_hint=None)
static mp_obj_t set_server_callback(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_callback, ARG_identity_hint };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_callback, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_identity_hint, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, pos_args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, args);
    mpy_ssl_psk_t *psk = psk_of(pos_args[0], MPY_SSL_PROTOCOL_TLS_SERVER);
    mp_obj_t callback = checked_callback(args[ARG_callback].u_obj);
    psk->hint = checked_hint(args[ARG_identity_hint].u_obj);
    psk->server_callback = callback;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(mpy_ssl_psk_set_server_callback_obj, 1, set_server_callback);

// --- What callbacks get and give ------------------------------------------------------------------------------

// Names are UTF-8 (RFC 4279, 5.1), but nothing enforces that.
static mp_obj_t new_name(const unsigned char *name, size_t len) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t text = mp_obj_new_str((const char *)name, len);
        nlr_pop();
        return text;
    }
    mp_obj_t error = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (!mp_obj_exception_match(error, MP_OBJ_FROM_PTR(&mp_type_ValueError))) { // of which UnicodeError is one
        nlr_raise(error);
    }
    return mp_obj_new_bytes(name, len);
}

// An OSError and no TypeError, because a server's loop survives the one and not the other.
__attribute__((noreturn)) static void raise_wrong_answer(const char *rule) {
    mpy_ssl_error_raise_text(MBEDTLS_ERR_SSL_BAD_INPUT_DATA, rule);
}

// --- Server ---------------------------------------------------------------------------------------------------

static mp_obj_t look_up(const mpy_ssl_psk_t *psk, const unsigned char *identity, size_t len) {
    if (psk->server_callback != mp_const_none) {
        return mp_call_function_1(psk->server_callback, new_name(identity, len));
    }
    mp_obj_t call[3];
    mp_load_method(psk->keys, MP_QSTR_get, call);
    call[2] = mp_obj_new_bytes(identity, len);
    return mp_call_method_n_kw(1, 0, call);
}

static int use_key(mbedtls_ssl_context *ssl, mp_obj_t answer) {
    mp_buffer_info_t key = {.len = 1};
    if (answer != mp_const_none && key_error(answer, &key) != NULL && key.len != 0) {
        raise_wrong_answer(KEY_RULE);
    }
    bool known = answer != mp_const_none && key.len != 0;
    return known ? mbedtls_ssl_set_hs_psk(ssl, key.buf, key.len) : MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
}

// For Mbed TLS an error here is an unknown identity, and it says so to the client. After an exception it finds no key, which is an
// internal error.
static int find_key(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *identity, size_t len) {
    mpy_ssl_session_t *session = ctx;
    volatile int ret = 0;
    nlr_buf_t nlr;
    session->stream.running++;
    if (nlr_push(&nlr) == 0) {
        ret = use_key(ssl, look_up(&session->psk, identity, len));
        nlr_pop();
    } else {
        session->stream.exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    session->stream.running--;
    return ret;
}

// Mbed TLS's servers send an empty hint with ECDHE-PSK, and no message that could hold one with plain PSK.
void mpy_ssl_psk_add_hint(mbedtls_ssl_context *ssl) {
    const mpy_ssl_session_t *session = mpy_ssl_private_psk_owner(ssl, find_key);
    if (session != NULL && session->psk.hint != mp_const_none) {
        size_t len;
        const char *hint = mp_obj_str_get_data(session->psk.hint, &len); // has been one since it was set
        mpy_ssl_private_insert_hint(ssl, hint, len);
    }
}

// --- Client ---------------------------------------------------------------------------------------------------

static int set_pair(mbedtls_ssl_config *conf, mp_obj_t identity_in, mp_obj_t key_in) {
    mp_buffer_info_t identity;
    mp_buffer_info_t key;
    if (identity_error(identity_in, &identity) != NULL || key_error(key_in, &key) != NULL) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return mbedtls_ssl_conf_psk(conf, key.buf, key.len, identity.buf, identity.len);
}

// The hint of a ServerKeyExchange, which a server may leave out with plain PSK.
static mp_obj_t hint_of(const mpy_ssl_session_t *session) {
    size_t len;
    const uint8_t *message = mpy_ssl_private_message(&session->ssl, &len);
    size_t header = mpy_ssl_private_message_header(&session->ssl);
    if (len < header + 2 || message[0] != MBEDTLS_SSL_HS_SERVER_KEY_EXCHANGE) {
        return mp_const_none;
    }
    size_t hint_len = (size_t)message[header] << 8 | message[header + 1];
    bool present = hint_len > 0 && hint_len <= len - header - 2;
    return present ? new_name(message + header + 2, hint_len) : mp_const_none;
}

static int ask(mpy_ssl_session_t *session) {
    mp_obj_t *pair;
    mp_buffer_info_t key;
    mp_obj_t answer = mp_call_function_1(session->psk.client_callback, hint_of(session));
    mp_obj_get_array_fixed_n(answer, 2, &pair);
    if (key_error(pair[1], &key) == &mp_type_ValueError && key.len == 0) {
        session->alert = MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE; // the other name is for servers
        return MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
    }
    mpy_ssl_private_forget_psk(&session->conf);
    int ret = set_pair(&session->conf, pair[0], pair[1]);
    if (ret == MBEDTLS_ERR_SSL_BAD_INPUT_DATA) {
        raise_wrong_answer(IDENTITY_RULE ", " KEY_RULE);
    }
    return ret;
}

int mpy_ssl_psk_step(mpy_ssl_session_t *session, int before) {
    volatile int ret = 0;
    bool done = before == MBEDTLS_SSL_SERVER_KEY_EXCHANGE && mpy_ssl_private_state(&session->ssl) != before;
    if (mpy_ssl_session_is_server(session) || !done || session->psk.client_callback == mp_const_none) {
        return ret;
    }
    nlr_buf_t nlr;
    session->stream.running++;
    if (nlr_push(&nlr) == 0) {
        ret = ask(session);
        nlr_pop();
    } else {
        session->stream.exception = MP_OBJ_FROM_PTR(nlr.ret_val);
        ret = MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    session->stream.running--;
    return ret;
}

// --- Both -----------------------------------------------------------------------------------------------------

int mpy_ssl_psk_configure(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    static const unsigned char later[] = {0}; // Mbed TLS offers no suites of PSK without a key
    const mpy_ssl_psk_t *psk = &session->psk;
    mbedtls_ssl_config *conf = &session->conf;
    int ret = 0;
    if (!mpy_ssl_psk_is_set(psk)) {
        return ret;
    }
    if (options->server_side && (psk->server_callback != mp_const_none || psk->keys != mp_const_none)) {
        mbedtls_ssl_conf_psk_cb(conf, find_key, session);
    } else if (!options->server_side && psk->client_callback != mp_const_none) {
        ret = mbedtls_ssl_conf_psk(conf, later, sizeof(later), later, sizeof(later));
    } else {
        ret = set_pair(conf, psk->identity, psk->key);
    }
    return ret;
}

#endif
