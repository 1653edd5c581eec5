// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/builtin.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "mbedtls/platform_util.h"

#include "keylog.h"
#include "memory.h"

#if MPY_SSL_KEYLOG

#define RANDOM_LEN 32
#define MASTER_SECRET_LEN 48
static const char LABEL[] = "CLIENT_RANDOM ";

static mp_obj_t open_file(mp_obj_t file) {
    mp_obj_t args[] = {file, MP_OBJ_NEW_QSTR(MP_QSTR_a)};
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_builtin_open_obj), 2, 0, args);
}

void mpy_ssl_keylog_check(mp_obj_t file) {
    if (file != mp_const_none) {
        mp_stream_close(open_file(file));
    }
}

static char *put_hex(char *out, const unsigned char *data, size_t len) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; ++i) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    return out;
}

static void collect(void *ctx, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t len,
    const unsigned char client_random[RANDOM_LEN], const unsigned char server_random[RANDOM_LEN], mbedtls_tls_prf_types prf) {
    mpy_ssl_keylog_t *keylog = ctx;
    (void)server_random;
    (void)prf;
    if (type == MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET && len == MASTER_SECRET_LEN && keylog->line == NULL) {
        keylog->line = mpy_ssl_calloc(1, MPY_SSL_KEYLOG_LINE);
    }
    if (keylog->line != NULL) { // or there was no memory, which the handshake hears of
        memcpy(keylog->line, LABEL, sizeof(LABEL) - 1);
        char *p = put_hex(keylog->line + sizeof(LABEL) - 1, client_random, RANDOM_LEN);
        *p++ = ' ';
        p = put_hex(p, secret, MASTER_SECRET_LEN);
        *p = '\n';
    }
}

void mpy_ssl_keylog_start(mpy_ssl_keylog_t *keylog, mbedtls_ssl_context *ssl, mp_obj_t file) {
    keylog->file = file;
    if (file != mp_const_none) {
        mbedtls_ssl_set_export_keys_cb(ssl, collect, keylog);
    }
}

mp_obj_t mpy_ssl_keylog_write(mpy_ssl_keylog_t *keylog) {
    mp_obj_t exception = MP_OBJ_NULL;
    if (keylog->line == NULL) {
        return exception;
    }
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        int error = 0;
        mp_obj_t file = open_file(keylog->file);
        mp_stream_rw(file, keylog->line, sizeof(LABEL) - 1 + 2 * RANDOM_LEN + 1 + 2 * MASTER_SECRET_LEN + 1, &error, MP_STREAM_RW_WRITE);
        mp_stream_close(file);
        if (error != 0) {
            mp_raise_OSError(error);
        }
        nlr_pop();
    } else {
        exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    mpy_ssl_keylog_free(keylog);
    return exception;
}

void mpy_ssl_keylog_free(mpy_ssl_keylog_t *keylog) {
    if (keylog->line != NULL) {
        mbedtls_platform_zeroize(keylog->line, MPY_SSL_KEYLOG_LINE);
    }
    mpy_ssl_free(keylog->line);
    keylog->line = NULL;
}

#endif
