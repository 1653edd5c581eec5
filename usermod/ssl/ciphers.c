// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "mbedtls/ssl.h"
#include "mbedtls/ssl_ciphersuites.h"

#include "ciphers.h"
#include "error.h"
#include "memory.h"
#include "version.h"

#define NAME_MAX_LEN 64 // the longest name that Mbed TLS knows has 52 characters

#define CHACHA20_POLY1305 \
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, \
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
#define AES_128_GCM \
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256

const int mpy_ssl_ciphers_default[] = {
    #if MPY_SSL_VERSION_NEWEST >= 0x0304
    #if MPY_SSL_GCM_ENGINE
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    #else
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    #endif
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    #endif
    #if MPY_SSL_GCM_ENGINE
    AES_128_GCM,
    CHACHA20_POLY1305,
    #else
    CHACHA20_POLY1305,
    AES_128_GCM,
    #endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    0,
};

#if MPY_SSL_HAVE_PSK
static const int default_psk[] = {
    MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384,
    0,
};

const int *mpy_ssl_ciphers_ids(const mpy_ssl_ciphers_t *ciphers, bool psk) {
    const int *standard = psk ? default_psk : mpy_ssl_ciphers_default;
    return ciphers != NULL ? ciphers->ids : standard;
}

bool mpy_ssl_ciphers_are(const int *ids, bool psk) {
    bool all = true;
    for (; *ids != 0; ++ids) {
        const char *name = mbedtls_ssl_get_ciphersuite_name(*ids);
        all = all && (strstr(name, "PSK") != NULL) == psk;
    }
    return all;
}
#endif

// Number of the suite, or 0. Mbed TLS's names are IANA's with dashes.
static int id_of(mp_obj_t name_in) {
    size_t len;
    const char *name = mp_obj_str_get_data(name_in, &len);
    char dashed[NAME_MAX_LEN];
    if (len >= sizeof(dashed)) {
        return 0;
    }
    for (size_t i = 0; i < len; ++i) {
        dashed[i] = name[i] == '_' ? '-' : name[i];
    }
    dashed[len] = '\0';
    return strlen(dashed) == len ? mbedtls_ssl_get_ciphersuite_id(dashed) : 0;
}

mpy_ssl_ciphers_t *mpy_ssl_ciphers_new(mp_obj_t names) {
    size_t len;
    mp_obj_t *items;
    mp_obj_get_array(names, &len, &items);
    if (len == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("no ciphers given"));
    }
    for (size_t i = 0; i < len; ++i) {
        if (id_of(items[i]) == 0) {
            mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("unknown cipher '%s'"), mp_obj_str_get_str(items[i]));
        }
    }
    mpy_ssl_ciphers_t *ciphers = mpy_ssl_counted_new(sizeof(*ciphers) + (len + 1) * sizeof(int), mpy_ssl_free);
    if (ciphers == NULL) {
        mpy_ssl_error_no_memory();
    }
    for (size_t i = 0; i < len; ++i) {
        ciphers->ids[i] = id_of(items[i]);
    }
    return ciphers;
}

// RFC 8446, B.4: the suites of TLS 1.3 are 0x13xx.
static bool is_tls1_3(int id) {
    return id >> 8 == 0x13;
}

void mpy_ssl_ciphers_versions(const int *ids, uint16_t *minimum, uint16_t *maximum) {
    bool old = false;
    bool new = false;
    for (; *ids != 0; ++ids) {
        old = old || !is_tls1_3(*ids);
        new = new || is_tls1_3(*ids);
    }
    if (!new) {
        *maximum = MIN(*maximum, MBEDTLS_SSL_VERSION_TLS1_2);
    }
    if (!old) {
        *minimum = MAX(*minimum, MBEDTLS_SSL_VERSION_TLS1_3);
    }
}

int mpy_ssl_ciphers_bits(int id) {
    const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(id);
    return suite != NULL ? (int)mbedtls_ssl_ciphersuite_get_cipher_key_bitlen(suite) : 0;
}

mp_obj_t mpy_ssl_ciphers_names(const int *ids) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (; *ids != 0; ++ids) {
        if (mbedtls_ssl_ciphersuite_from_id(*ids) != NULL) {
            mp_obj_list_append(list, mp_obj_new_str_from_cstr(mbedtls_ssl_get_ciphersuite_name(*ids)));
        }
    }
    return list;
}
