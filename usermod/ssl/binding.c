// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/sha256.h"

#include "binding.h"

// Another layout of what is hashed gets another number, and old sessions are refused.
#define LAYOUT 3

static int settings_update(mbedtls_sha256_context *hash, const mpy_ssl_options_t *options) {
    uint8_t head[] = {
        LAYOUT, (uint8_t)options->minimum_version, (uint8_t)options->maximum_version, options->server_side, options->verify_mode,
        options->fragment, options->trust != NULL, options->identity != NULL, options->other_identity != NULL,
        (uint8_t)(options->verify_serial >> 24), (uint8_t)(options->verify_serial >> 16),
        (uint8_t)(options->verify_serial >> 8), (uint8_t)options->verify_serial,
    };
    int ret = mbedtls_sha256_update(hash, head, sizeof(head));
    if (ret == 0 && options->trust != NULL) {
        uint8_t digest[32];
        ret = mpy_ssl_trust_digest(options->trust, digest);
        if (ret == 0) {
            ret = mbedtls_sha256_update(hash, digest, sizeof(digest));
        }
    }
    const mpy_ssl_identity_t *own[] = {options->identity, options->other_identity};
    for (size_t i = 0; i < 2 && ret == 0 && own[i] != NULL; ++i) {
        ret = mbedtls_sha256_update(hash, own[i]->chain.raw.p, own[i]->chain.raw.len);
    }
    return ret;
}

int mpy_ssl_binding_settings(const mpy_ssl_options_t *options, uint8_t settings[MPY_SSL_BINDING]) {
    mbedtls_sha256_context hash;
    mbedtls_sha256_init(&hash);
    int ret = mbedtls_sha256_starts(&hash, 0);
    if (ret == 0) {
        ret = settings_update(&hash, options);
    }
    if (ret == 0) {
        ret = mbedtls_sha256_finish(&hash, settings);
    }
    mbedtls_sha256_free(&hash);
    return ret;
}

int mpy_ssl_binding_name(const uint8_t settings[MPY_SSL_BINDING], const void *name, size_t len, uint8_t binding[MPY_SSL_BINDING]) {
    mbedtls_sha256_context hash;
    mbedtls_sha256_init(&hash);
    int ret = mbedtls_sha256_starts(&hash, 0);
    if (ret == 0) {
        ret = mbedtls_sha256_update(&hash, settings, MPY_SSL_BINDING);
    }
    if (ret == 0 && len > 0) {
        ret = mbedtls_sha256_update(&hash, name, len);
    }
    if (ret == 0) {
        ret = mbedtls_sha256_finish(&hash, binding);
    }
    mbedtls_sha256_free(&hash);
    return ret;
}
