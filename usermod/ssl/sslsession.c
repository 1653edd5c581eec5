// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"

#include "error.h"
#include "memory.h"
#include "seal.h"
#include "sslsession.h"

// Stored form: MAGIC, then a sealed box of: issued (8 bytes), lifetime (4), has_ticket (1), binding, length of the server's certificate
// (2), certificate, data. Big endian.
static const uint8_t MAGIC[4] = {'M', 'S', 'S', 1};
#define HEAD_LEN (8 + 4 + 1 + MPY_SSL_BINDING + 2) // with the length
#define OVERHEAD (sizeof(MAGIC) + MPY_SSL_SEAL_OVERHEAD)
static const char KEY_LABEL[] = "mpy-ssl session";

typedef struct {
    mp_obj_base_t base;
    mpy_ssl_saved_t *saved;
} mpy_ssl_sslsession_t;

mp_obj_t mpy_ssl_sslsession_new(mpy_ssl_saved_t *saved) {
    if (saved == NULL) {
        return mp_const_none;
    }
    mpy_ssl_sslsession_t *self = mp_obj_malloc_with_finaliser(mpy_ssl_sslsession_t, &mpy_ssl_type_session);
    self->saved = mpy_ssl_counted_ref(saved);
    return MP_OBJ_FROM_PTR(self);
}

mpy_ssl_saved_t *mpy_ssl_sslsession_get(mp_obj_t session) {
    if (session == mp_const_none) {
        return NULL;
    }
    if (!mp_obj_is_type(session, &mpy_ssl_type_session)) {
        mp_raise_TypeError(MP_ERROR_TEXT("session must be an SSLSession or None"));
    }
    mpy_ssl_sslsession_t *self = MP_OBJ_TO_PTR(session);
    return self->saved;
}

static void derive_key(mp_obj_t secret_in, uint8_t key[MPY_SSL_SEAL_KEY]) {
    mp_buffer_info_t secret = {0};
    if (secret_in != mp_const_none) {
        mp_get_buffer_raise(secret_in, &secret, MP_BUFFER_READ);
    }
    mbedtls_sha256_context hash;
    mbedtls_sha256_init(&hash);
    int ret = mbedtls_sha256_starts(&hash, 0);
    ret = ret == 0 ? mbedtls_sha256_update(&hash, (const uint8_t *)KEY_LABEL, sizeof(KEY_LABEL)) : ret;
    ret = ret == 0 && secret.len > 0 ? mbedtls_sha256_update(&hash, secret.buf, secret.len) : ret;
    ret = ret == 0 ? mbedtls_sha256_finish(&hash, key) : ret;
    mbedtls_sha256_free(&hash);
    if (ret != 0) {
        mpy_ssl_error_raise(ret);
    }
}

// --- Out ------------------------------------------------------------------------------------------------------

static size_t peer_len(const mpy_ssl_saved_t *saved) {
    return saved->peer != NULL ? saved->peer->len : 0;
}

static void pack(const mpy_ssl_saved_t *saved, uint8_t *text) {
    size_t len_of_peer = peer_len(saved);
    uint8_t *p = mpy_ssl_seal_put(text, 8, (unsigned long long)saved->issued);
    p = mpy_ssl_seal_put(p, 4, saved->lifetime);
    *p++ = saved->has_ticket;
    memcpy(p, saved->binding, MPY_SSL_BINDING);
    p = mpy_ssl_seal_put(p + MPY_SSL_BINDING, 2, len_of_peer);
    if (len_of_peer > 0) {
        memcpy(p, saved->peer->bytes, len_of_peer);
    }
    memcpy(p + len_of_peer, saved->data, saved->len);
}

static mp_obj_t export(const mpy_ssl_saved_t *saved, mp_obj_t secret) {
    if (!saved->storable) {
        mp_raise_ValueError(MP_ERROR_TEXT("a session of a context with verify_callback cannot be stored"));
    }
    uint8_t key[MPY_SSL_SEAL_KEY];
    vstr_t stored;
    size_t len = HEAD_LEN + peer_len(saved) + saved->len;
    vstr_init_len(&stored, OVERHEAD + len);
    derive_key(secret, key);
    uint8_t *box = (uint8_t *)stored.buf + sizeof(MAGIC);
    memcpy(stored.buf, MAGIC, sizeof(MAGIC));
    pack(saved, box + MPY_SSL_SEAL_NONCE);
    int ret = mpy_ssl_seal(key, MAGIC, sizeof(MAGIC), box, len);
    mbedtls_platform_zeroize(key, sizeof(key));
    if (ret != 0) {
        mbedtls_platform_zeroize(stored.buf, stored.len);
        mpy_ssl_error_raise(ret);
    }
    return mp_obj_new_bytes_from_vstr(&stored);
}

// export(key=None) -> bytes
static mp_obj_t sslsession_export(size_t n_args, const mp_obj_t *args) {
    return export(mpy_ssl_sslsession_get(args[0]), n_args > 1 ? args[1] : mp_const_none);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sslsession_export_obj, 1, 2, sslsession_export);

// bytes(session) is export().
static mp_int_t sslsession_buffer(mp_obj_t self_in, mp_buffer_info_t *info, mp_uint_t flags) {
    if (flags & MP_BUFFER_WRITE) {
        return 1;
    }
    mp_get_buffer(export(mpy_ssl_sslsession_get(self_in), mp_const_none), info, flags);
    info->typecode = 'B';
    return 0;
}

// --- In -------------------------------------------------------------------------------------------------------

// NULL: no memory. Of another form, as other firmware may have made it, it is left without data, and Mbed TLS resumes nothing.
static mpy_ssl_saved_t *unpack(const uint8_t *text, size_t len) {
    const uint8_t *peer = text + HEAD_LEN;
    size_t len_of_peer = MIN((size_t)mpy_ssl_seal_get(peer - 2, 2), len - HEAD_LEN);
    mpy_ssl_saved_t *saved = mpy_ssl_saved_alloc(len - HEAD_LEN - len_of_peer);
    if (saved == NULL) {
        return NULL;
    }
    saved->issued = (long long)mpy_ssl_seal_get(text, 8);
    saved->lifetime = MIN((uint32_t)mpy_ssl_seal_get(text + 8, 4), MPY_SSL_SAVED_MAX_AGE);
    saved->has_ticket = text[12] != 0;
    saved->storable = true;
    memcpy(saved->binding, text + 13, MPY_SSL_BINDING);
    memcpy(saved->data, peer + len_of_peer, saved->len);
    if (len_of_peer > 0) {
        saved->peer = mpy_ssl_der_new(peer, len_of_peer);
    }
    if (peer_len(saved) != len_of_peer) {
        mpy_ssl_counted_unref(saved);
        saved = NULL;
    }
    return saved;
}

// Opens the box. NULL: it is none, or of another key. Without memory raises OSError.
static mpy_ssl_saved_t *import(const mp_buffer_info_t *stored, const uint8_t key[MPY_SSL_SEAL_KEY]) {
    if (stored->len < OVERHEAD + HEAD_LEN || memcmp(stored->buf, MAGIC, sizeof(MAGIC)) != 0) {
        return NULL;
    }
    const uint8_t *box = (const uint8_t *)stored->buf + sizeof(MAGIC);
    size_t len = stored->len - OVERHEAD;
    mpy_ssl_saved_t *saved = NULL;
    uint8_t *text = mpy_ssl_calloc(1, len);
    bool opened = text != NULL && mpy_ssl_unseal(key, MAGIC, sizeof(MAGIC), box, stored->len - sizeof(MAGIC), text) == 0;
    if (opened) {
        saved = unpack(text, len);
        mbedtls_platform_zeroize(text, len);
    }
    bool no_memory = text == NULL || (opened && saved == NULL);
    mpy_ssl_free(text);
    if (no_memory) {
        mp_raise_OSError(MP_ENOMEM);
    }
    return saved;
}

// SSLSession(data, key=None)
static mp_obj_t sslsession_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_check_num(n_args, n_kw, 1, 2, false);
    mp_buffer_info_t stored;
    uint8_t key[MPY_SSL_SEAL_KEY];
    mp_get_buffer_raise(args[0], &stored, MP_BUFFER_READ);
    mpy_ssl_sslsession_t *self = mp_obj_malloc_with_finaliser(mpy_ssl_sslsession_t, &mpy_ssl_type_session);
    self->saved = NULL;
    derive_key(n_args > 1 ? args[1] : mp_const_none, key);
    self->saved = import(&stored, key);
    mbedtls_platform_zeroize(key, sizeof(key));
    if (self->saved == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a stored session, or changed, or stored with another key"));
    }
    return MP_OBJ_FROM_PTR(self);
}

// --- Attributes -----------------------------------------------------------------------------------------------

static void sslsession_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    const mpy_ssl_saved_t *saved = mpy_ssl_sslsession_get(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        return; // nothing can be stored
    }
    if (attr == MP_QSTR_time) {
        dest[0] = mp_obj_new_int_from_ll(saved->issued);
    } else if (attr == MP_QSTR_timeout) {
        dest[0] = mp_obj_new_int_from_uint(saved->lifetime);
    } else if (attr == MP_QSTR_has_ticket) {
        dest[0] = mp_obj_new_bool(saved->has_ticket);
    } else {
        dest[1] = MP_OBJ_SENTINEL; // look among the methods
    }
}

static mp_obj_t sslsession_del(mp_obj_t self_in) {
    mpy_ssl_sslsession_t *self = MP_OBJ_TO_PTR(self_in);
    mpy_ssl_counted_unref(self->saved);
    self->saved = NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(sslsession_del_obj, sslsession_del);

static const mp_rom_map_elem_t sslsession_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_export), MP_ROM_PTR(&sslsession_export_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&sslsession_del_obj)},
};
static MP_DEFINE_CONST_DICT(sslsession_locals, sslsession_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    mpy_ssl_type_session, MP_QSTR_SSLSession, MP_TYPE_FLAG_NONE,
    make_new, sslsession_make_new,
    attr, sslsession_attr,
    buffer, sslsession_buffer,
    locals_dict, &sslsession_locals
    );
