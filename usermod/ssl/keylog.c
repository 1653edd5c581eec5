// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/builtin.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "mbedtls/platform_util.h"

#include "keylog.h"
#include "memory.h"
#include "private.h"

#if MPY_SSL_KEYLOG

#define RANDOM_LEN 32

static mp_obj_t open_file(mp_obj_t file) {
    mp_obj_t args[] = {file, MP_OBJ_NEW_QSTR(MP_QSTR_a)};
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_builtin_open_obj), 2, 0, args);
}

void mpy_ssl_keylog_check(mp_obj_t file) {
    if (file != mp_const_none) {
        mp_stream_close(open_file(file));
    }
}

void mpy_ssl_keylog_check_callback(mp_obj_t callback) {
    if (callback != mp_const_none && !mp_obj_is_callable(callback)) {
        mp_raise_TypeError(MP_ERROR_TEXT("keylog_callback must be callable or None"));
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

// Without memory nothing is added, which the handshake hears of.
static void add(mpy_ssl_keylog_t *keylog, const char *label, const unsigned char *random, const unsigned char *secret, size_t len) {
    size_t label_len = strlen(label);
    size_t added = label_len + 1 + 2 * RANDOM_LEN + 1 + 2 * len + 1;
    char *lines = mpy_ssl_calloc(1, keylog->len + added);
    if (lines == NULL) {
        return;
    }
    if (keylog->lines != NULL) {
        memcpy(lines, keylog->lines, keylog->len);
    }
    char *p = lines + keylog->len;
    memcpy(p, label, label_len);
    p[label_len] = ' ';
    p = put_hex(p + label_len + 1, random, RANDOM_LEN);
    *p++ = ' ';
    p = put_hex(p, secret, len);
    *p = '\n';
    added += keylog->len;
    mpy_ssl_keylog_free(keylog);
    keylog->lines = lines;
    keylog->len = added;
}

static const char *label_of(mbedtls_ssl_key_export_type type) {
    switch (type) {
        case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET:
            return "CLIENT_RANDOM";
        #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
        case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
            return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
        case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
            return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
        case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
            return "CLIENT_TRAFFIC_SECRET_0";
        case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
            return "SERVER_TRAFFIC_SECRET_0";
        #endif
        default:
            return NULL;
    }
}

static void collect(void *ctx, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t len,
    const unsigned char client_random[RANDOM_LEN], const unsigned char server_random[RANDOM_LEN], mbedtls_tls_prf_types prf) {
    mpy_ssl_keylog_t *keylog = ctx;
    const char *label = label_of(type);
    (void)server_random;
    (void)prf;
    if (label != NULL) {
        add(keylog, label, client_random, secret, len);
    }
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET) {
        add(keylog, "EXPORTER_SECRET", client_random, mpy_ssl_private_exporter_secret(keylog->ssl), len);
    }
    #endif
}

void mpy_ssl_keylog_start(mpy_ssl_keylog_t *keylog, mbedtls_ssl_context *ssl, mp_obj_t file, mp_obj_t callback) {
    keylog->file = file;
    keylog->callback = callback;
    keylog->ssl = ssl;
    if (file != mp_const_none || callback != mp_const_none) {
        mbedtls_ssl_set_export_keys_cb(ssl, collect, keylog);
    }
}

static void write_file(const mpy_ssl_keylog_t *keylog) {
    int error = 0;
    mp_obj_t file = open_file(keylog->file);
    mp_stream_rw(file, keylog->lines, keylog->len, &error, MP_STREAM_RW_WRITE);
    mp_stream_close(file);
    if (error != 0) {
        mp_raise_OSError(error);
    }
}

static void call_back(const mpy_ssl_keylog_t *keylog) {
    const char *line = keylog->lines;
    const char *end = line + keylog->len;
    while (line < end) {
        size_t len = (size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line);
        mp_call_function_1(keylog->callback, mp_obj_new_str(line, len));
        line += len + 1;
    }
}

mp_obj_t mpy_ssl_keylog_write(mpy_ssl_keylog_t *keylog) {
    mp_obj_t exception = MP_OBJ_NULL;
    if (keylog->lines == NULL) {
        return exception;
    }
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        if (keylog->file != mp_const_none) {
            write_file(keylog);
        }
        if (keylog->callback != mp_const_none) {
            call_back(keylog);
        }
        nlr_pop();
    } else {
        exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    mpy_ssl_keylog_free(keylog);
    return exception;
}

void mpy_ssl_keylog_free(mpy_ssl_keylog_t *keylog) {
    if (keylog->lines != NULL) {
        mbedtls_platform_zeroize(keylog->lines, keylog->len);
    }
    mpy_ssl_free(keylog->lines);
    keylog->lines = NULL;
    keylog->len = 0;
}

#endif
