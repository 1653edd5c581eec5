// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "context.h"
#include "memory.h"
#include "memory_info.h"
#include "socket.h"

static void store(mp_obj_t dict, qstr name, size_t value) {
    mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(name), mp_obj_new_int_from_uint(value));
}

static void all(mp_obj_t dict) {
    mpy_ssl_memory_t memory = mpy_ssl_memory();
    store(dict, MP_QSTR_bytes, memory.bytes);
    store(dict, MP_QSTR_blocks, memory.blocks);
    store(dict, MP_QSTR_peak, memory.peak);
    store(dict, MP_QSTR_largest, memory.largest);
}

// What a server keeps for clients that come back.
static size_t sessions_of(const mpy_ssl_context_t *context) {
    size_t bytes = mpy_ssl_size(context->tickets);
    for (size_t i = 0; context->tickets != NULL && i < MPY_SSL_SERVER_SESSIONS; ++i) {
        bytes += mpy_ssl_size(context->tickets->slots[i].saved);
    }
    return bytes;
}

static void of_context(mp_obj_t dict, const mpy_ssl_context_t *context) {
    size_t identity = context->identity != NULL ? context->identity->usage.bytes : 0;
    identity += context->other_identity != NULL ? context->other_identity->usage.bytes : 0;
    size_t trust = context->trust != NULL ? context->trust->usage.bytes : 0;
    size_t lists = mpy_ssl_size(context->ciphers) + mpy_ssl_size(context->alpn);
    store(dict, MP_QSTR_bytes, identity + trust + lists + sessions_of(context));
    store(dict, MP_QSTR_identity, identity);
    store(dict, MP_QSTR_trust, trust);
}

static void of_session(mp_obj_t dict, const mpy_ssl_session_t *session) {
    store(dict, MP_QSTR_bytes, session->usage.bytes);
    store(dict, MP_QSTR_peak, session->usage.peak);
    store(dict, MP_QSTR_input, session->open ? mpy_ssl_buffers_in_size(&session->buffers) : 0);
    store(dict, MP_QSTR_output, session->open ? mpy_ssl_buffers_out_size(&session->buffers) : 0);
}

static mp_obj_t memory_info(size_t n_args, const mp_obj_t *args) {
    mp_obj_t of = n_args > 0 ? args[0] : mp_const_none;
    mp_obj_t dict = mp_obj_new_dict(4);
    if (of == mp_const_none) {
        all(dict);
    } else if (mp_obj_is_type(of, &mpy_ssl_type_context)) {
        of_context(dict, MP_OBJ_TO_PTR(of));
    } else if (mp_obj_is_type(of, &mpy_ssl_type_socket)) {
        of_session(dict, mpy_ssl_socket_session(of));
    } else {
        mp_raise_TypeError(MP_ERROR_TEXT("memory_info() takes an SSLContext, an SSLSocket or nothing"));
    }
    return dict;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mpy_ssl_memory_info_obj, 0, 1, memory_info);
