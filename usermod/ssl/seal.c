// SPDX-License-Identifier: MIT
#include "mbedtls/chachapoly.h"

#include "random.h"
#include "seal.h"

int mpy_ssl_seal(const uint8_t key[MPY_SSL_SEAL_KEY], const uint8_t *bound, size_t bound_len, uint8_t *box, size_t len) {
    mbedtls_chachapoly_context cipher;
    uint8_t *text = box + MPY_SSL_SEAL_NONCE;
    mbedtls_chachapoly_init(&cipher);
    int ret = mpy_ssl_random(NULL, box, MPY_SSL_SEAL_NONCE);
    if (ret == 0) {
        ret = mbedtls_chachapoly_setkey(&cipher, key);
    }
    if (ret == 0) {
        ret = mbedtls_chachapoly_encrypt_and_tag(&cipher, len, box, bound, bound_len, text, text, text + len);
    }
    mbedtls_chachapoly_free(&cipher);
    return ret;
}

int mpy_ssl_unseal(const uint8_t key[MPY_SSL_SEAL_KEY], const uint8_t *bound, size_t bound_len, const uint8_t *box, size_t box_len, uint8_t *out) {
    if (box_len < MPY_SSL_SEAL_OVERHEAD) {
        return MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
    }
    mbedtls_chachapoly_context cipher;
    const uint8_t *text = box + MPY_SSL_SEAL_NONCE;
    size_t len = box_len - MPY_SSL_SEAL_OVERHEAD;
    mbedtls_chachapoly_init(&cipher);
    int ret = mbedtls_chachapoly_setkey(&cipher, key);
    if (ret == 0) {
        ret = mbedtls_chachapoly_auth_decrypt(&cipher, len, box, bound, bound_len, text + len, text, out);
    }
    mbedtls_chachapoly_free(&cipher);
    return ret;
}

uint8_t *mpy_ssl_seal_put(uint8_t *out, size_t bytes, unsigned long long value) {
    for (size_t i = 0; i < bytes; ++i) {
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
    return out + bytes;
}

unsigned long long mpy_ssl_seal_get(const uint8_t *in, size_t bytes) {
    unsigned long long value = 0;
    for (size_t i = 0; i < bytes; ++i) {
        value = value << 8 | in[i];
    }
    return value;
}
