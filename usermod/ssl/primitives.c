// SPDX-License-Identifier: MIT
#include "primitives.h"

#if MPY_SSL_PRIMITIVES

#include <string.h>

#include "py/mphal.h"
#include "py/runtime.h"

#include "mbedtls/cipher.h"
#include "mbedtls/ecdh.h"
#include "mbedtls/md.h"
#include "mbedtls/pk.h"

#include "accelerator.h"
#include "error.h"
#include "memory.h"
#include "random.h"

#define TAG 16

static mp_buffer_info_t buffer_of(mp_obj_t object) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(object, &buffer, MP_BUFFER_READ);
    return buffer;
}

static mp_obj_t answer(int ret, mp_obj_t result, mp_uint_t microseconds) {
    if (ret != 0) {
        mpy_ssl_error_raise(ret);
    }
    mp_obj_t both[] = {result, mp_obj_new_int_from_uint(microseconds)};
    return mp_obj_new_tuple(2, both);
}

static mp_obj_t bytes_of(int ret, vstr_t *out, size_t len) {
    out->len = ret == 0 ? len : 0;
    return mp_obj_new_bytes_from_vstr(out);
}

__attribute__((noreturn)) static void not_here(void) {
    mp_raise_ValueError(MP_ERROR_TEXT("not in this build"));
}

static mbedtls_md_type_t hash_of(size_t size) {
    switch (size) {
        case 20:
            return MBEDTLS_MD_SHA1;
        case 32:
            return MBEDTLS_MD_SHA256;
        case 48:
            return MBEDTLS_MD_SHA384;
        case 64:
            return MBEDTLS_MD_SHA512;
        default:
            not_here();
    }
}

static mp_obj_t primitives_digest(mp_obj_t size_in, mp_obj_t data_in) {
    size_t size = (size_t)mp_obj_get_int(size_in);
    mp_buffer_info_t data = buffer_of(data_in);
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(hash_of(size));
    vstr_t out;
    vstr_init_len(&out, size);
    mp_uint_t start = mp_hal_ticks_us();
    int ret = mbedtls_md(info, data.buf, data.len, (unsigned char *)out.buf);
    mp_uint_t end = mp_hal_ticks_us();
    return answer(ret, bytes_of(ret, &out, size), end - start);
}
static MP_DEFINE_CONST_FUN_OBJ_2(primitives_digest_obj, primitives_digest);

static bool has_tag(mbedtls_cipher_mode_t mode) {
    return mode == MBEDTLS_MODE_GCM || mode == MBEDTLS_MODE_CHACHAPOLY;
}

typedef struct {
    mbedtls_cipher_context_t cipher;
    mbedtls_cipher_mode_t mode;
    bool encrypts;
    mp_buffer_info_t key, iv, data, aad;
} crypt_t;

static int crypt_ready(crypt_t *c) {
    mbedtls_cipher_id_t id = c->mode == MBEDTLS_MODE_CHACHAPOLY ? MBEDTLS_CIPHER_ID_CHACHA20 : MBEDTLS_CIPHER_ID_AES;
    int bits = (int)c->key.len * 8;
    int ret = mbedtls_cipher_setup(&c->cipher, mbedtls_cipher_info_from_values(id, bits, c->mode));
    if (ret == 0) {
        ret = mbedtls_cipher_setkey(&c->cipher, c->key.buf, bits, c->encrypts ? MBEDTLS_ENCRYPT : MBEDTLS_DECRYPT);
    }
    if (ret == 0 && c->mode == MBEDTLS_MODE_CBC) {
        ret = mbedtls_cipher_set_padding_mode(&c->cipher, MBEDTLS_PADDING_NONE);
    }
    return ret;
}

static int crypt_run(crypt_t *c, vstr_t *out, size_t *len) {
    unsigned char *to = (unsigned char *)out->buf;
    if (!has_tag(c->mode)) {
        return mbedtls_cipher_crypt(&c->cipher, c->iv.buf, c->iv.len, c->data.buf, c->data.len, to, len);
    }
    int (*function)(mbedtls_cipher_context_t *, const unsigned char *, size_t, const unsigned char *, size_t,
        const unsigned char *, size_t, unsigned char *, size_t, size_t *, size_t) =
        c->encrypts ? mbedtls_cipher_auth_encrypt_ext : mbedtls_cipher_auth_decrypt_ext;
    return function(&c->cipher, c->iv.buf, c->iv.len, c->aad.buf, c->aad.len, c->data.buf, c->data.len, to, out->len, len, TAG);
}

static mp_obj_t primitives_crypt(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    crypt_t c = {
        .mode = (mbedtls_cipher_mode_t)mp_obj_get_int(args[0]), .encrypts = mp_obj_is_true(args[1]),
        .key = buffer_of(args[2]), .iv = buffer_of(args[3]), .data = buffer_of(args[4]), .aad = buffer_of(args[5]),
    };
    vstr_t out;
    size_t len = 0;
    vstr_init_len(&out, c.data.len + TAG);
    mbedtls_cipher_init(&c.cipher);
    int ret = crypt_ready(&c);
    mp_uint_t start = mp_hal_ticks_us();
    if (ret == 0) {
        ret = crypt_run(&c, &out, &len);
    }
    mp_uint_t end = mp_hal_ticks_us();
    mbedtls_cipher_free(&c.cipher);
    return answer(ret, bytes_of(ret, &out, len), end - start);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(primitives_crypt_obj, 6, 6, primitives_crypt);

// sign(key, digest) and verify(key, digest, signature)
static mp_obj_t primitives_sign(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t key = buffer_of(args[0]), hash = buffer_of(args[1]), signature = buffer_of(args[n_args - 1]);
    mbedtls_md_type_t type = hash_of(hash.len);
    bool verifies = n_args > 2;
    mbedtls_pk_context pk;
    vstr_t out;
    size_t len = 0;
    int verified = -1;
    mpy_ssl_stack_check();
    vstr_init_len(&out, MBEDTLS_PK_SIGNATURE_MAX_SIZE);
    mbedtls_pk_init(&pk);
    int ret = mbedtls_pk_parse_key(&pk, key.buf, key.len, NULL, 0, mpy_ssl_random, NULL);
    mp_uint_t start = mp_hal_ticks_us();
    if (ret == 0 && verifies) {
        verified = mbedtls_pk_verify(&pk, type, hash.buf, hash.len, signature.buf, signature.len);
    } else if (ret == 0) {
        ret = mbedtls_pk_sign(&pk, type, hash.buf, hash.len, (unsigned char *)out.buf, out.len, &len, mpy_ssl_random, NULL);
    }
    mp_uint_t end = mp_hal_ticks_us();
    mbedtls_pk_free(&pk);
    return answer(ret, verifies ? mp_obj_new_bool(verified == 0) : bytes_of(ret, &out, len), end - start);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(primitives_sign_obj, 2, 3, primitives_sign);

// Our private key and the peer's public one in one pair, which nothing looks at as such.
static int pair_in(mbedtls_ecp_keypair *pair, mbedtls_ecp_group_id id, mp_buffer_info_t private, mp_buffer_info_t public) {
    int ret = mbedtls_ecp_read_key(id, pair, private.buf, private.len);
    if (ret == 0) {
        ret = mbedtls_ecp_point_read_binary(&pair->MBEDTLS_PRIVATE(grp), &pair->MBEDTLS_PRIVATE(Q), public.buf, public.len);
    }
    return ret != 0 ? ret : mbedtls_ecp_check_pubkey(&pair->MBEDTLS_PRIVATE(grp), &pair->MBEDTLS_PRIVATE(Q));
}

static mp_obj_t primitives_agree(mp_obj_t group_in, mp_obj_t private_in, mp_obj_t public_in) {
    const mbedtls_ecp_curve_info *curve = mbedtls_ecp_curve_info_from_tls_id((uint16_t)mp_obj_get_int(group_in));
    mp_buffer_info_t private = buffer_of(private_in), public = buffer_of(public_in);
    if (curve == NULL) {
        not_here();
    }
    mbedtls_ecp_keypair pair;
    mbedtls_ecdh_context ecdh;
    vstr_t out;
    size_t len = 0;
    mpy_ssl_stack_check();
    vstr_init_len(&out, MBEDTLS_ECP_MAX_BYTES);
    mbedtls_ecp_keypair_init(&pair);
    mbedtls_ecdh_init(&ecdh);
    mp_uint_t start = mp_hal_ticks_us();
    int ret = pair_in(&pair, curve->grp_id, private, public);
    if (ret == 0) {
        ret = mbedtls_ecdh_get_params(&ecdh, &pair, MBEDTLS_ECDH_THEIRS);
    }
    if (ret == 0) {
        ret = mbedtls_ecdh_get_params(&ecdh, &pair, MBEDTLS_ECDH_OURS);
    }
    if (ret == 0) {
        ret = mbedtls_ecdh_calc_secret(&ecdh, &len, (unsigned char *)out.buf, out.len, mpy_ssl_random, NULL);
    }
    mp_uint_t end = mp_hal_ticks_us();
    mbedtls_ecdh_free(&ecdh);
    mbedtls_ecp_keypair_free(&pair);
    return answer(ret, bytes_of(ret, &out, len), end - start);
}
static MP_DEFINE_CONST_FUN_OBJ_3(primitives_agree_obj, primitives_agree);

static const mp_rom_map_elem_t primitives_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__ssl_primitives)},
    {MP_ROM_QSTR(MP_QSTR_digest), MP_ROM_PTR(&primitives_digest_obj)},
    {MP_ROM_QSTR(MP_QSTR_crypt), MP_ROM_PTR(&primitives_crypt_obj)},
    {MP_ROM_QSTR(MP_QSTR_sign), MP_ROM_PTR(&primitives_sign_obj)},
    {MP_ROM_QSTR(MP_QSTR_verify), MP_ROM_PTR(&primitives_sign_obj)},
    {MP_ROM_QSTR(MP_QSTR_agree), MP_ROM_PTR(&primitives_agree_obj)},
    {MP_ROM_QSTR(MP_QSTR_software_only), MP_ROM_PTR(&mpy_ssl_software_only_obj)},
    {MP_ROM_QSTR(MP_QSTR_CBC), MP_ROM_INT(MBEDTLS_MODE_CBC)},
    {MP_ROM_QSTR(MP_QSTR_CTR), MP_ROM_INT(MBEDTLS_MODE_CTR)},
    {MP_ROM_QSTR(MP_QSTR_GCM), MP_ROM_INT(MBEDTLS_MODE_GCM)},
    {MP_ROM_QSTR(MP_QSTR_CHACHAPOLY), MP_ROM_INT(MBEDTLS_MODE_CHACHAPOLY)},
};
static MP_DEFINE_CONST_DICT(primitives_globals, primitives_globals_table);

const mp_obj_module_t mpy_ssl_primitives_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&primitives_globals,
};

MP_REGISTER_MODULE(MP_QSTR__ssl_primitives, mpy_ssl_primitives_module);

#endif
