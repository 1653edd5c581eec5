// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <string.h>

#include "py/mpconfig.h"
#include "py/misc.h"

#include "mbedtls/ctr_drbg.h"
#include "mbedtls/entropy.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/ssl.h"

#include "memory.h"
#include "random.h"

#if defined(MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG)
#include "psa/crypto.h"
#endif

#if defined(__linux__) && !defined(MPY_SSL_NO_GETRANDOM)
#include <sys/random.h>
#endif

#define PERSONALISATION "mpy-ssl"
#define ENTROPY_CHUNK 16 // bytes that are compared with the ones before them

static mbedtls_ctr_drbg_context drbg;
static bool drbg_seeded;

#if !MPY_SSL_PORT_ENTROPY

MP_WEAK int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen) {
    (void)data;
    *olen = 0;
    #if defined(__linux__) && !defined(MPY_SSL_NO_GETRANDOM)
    ssize_t got = getrandom(output, len, 0);
    if (got > 0) {
        *olen = (size_t)got;
        return 0;
    }
    #else
    (void)output;
    (void)len;
    #endif
    return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

#endif

static int poll_chunk(unsigned char chunk[ENTROPY_CHUNK]) {
    size_t have = 0;
    while (have < ENTROPY_CHUNK) {
        size_t got = 0;
        int ret = mbedtls_hardware_poll(NULL, chunk + have, ENTROPY_CHUNK - have, &got);
        if (ret != 0 || got == 0 || got > ENTROPY_CHUNK - have) {
            return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
        }
        have += got;
    }
    return 0;
}

// A stuck source repeats a chunk, or one byte throughout a chunk: by chance at most once in 2^120 chunks.
static bool chunk_is_stuck(const unsigned char chunk[ENTROPY_CHUNK], const unsigned char before[ENTROPY_CHUNK]) {
    unsigned char difference = 0;
    for (size_t i = 1; i < ENTROPY_CHUNK; ++i) {
        difference |= chunk[i] ^ chunk[0];
    }
    return difference == 0 || memcmp(chunk, before, ENTROPY_CHUNK) == 0;
}

static int entropy(void *ctx, unsigned char *output, size_t len) {
    (void)ctx;
    unsigned char chunk[ENTROPY_CHUNK];
    unsigned char before[ENTROPY_CHUNK] = {0};
    int ret = 0;
    while (ret == 0 && len > 0) {
        ret = poll_chunk(chunk);
        if (ret == 0 && chunk_is_stuck(chunk, before)) {
            ret = MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
        }
        size_t n = MIN(len, ENTROPY_CHUNK);
        memcpy(output, chunk, n);
        memcpy(before, chunk, ENTROPY_CHUNK);
        output += n;
        len -= n;
    }
    mbedtls_platform_zeroize(chunk, sizeof(chunk));
    mbedtls_platform_zeroize(before, sizeof(before));
    return ret;
}

static int seed(void) {
    if (drbg_seeded) {
        return 0;
    }
    mbedtls_ctr_drbg_init(&drbg);
    int ret = mbedtls_ctr_drbg_seed(&drbg, entropy, NULL, (const unsigned char *)PERSONALISATION, strlen(PERSONALISATION));
    if (ret != 0) {
        mbedtls_ctr_drbg_free(&drbg);
        return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    }
    drbg_seeded = true;
    return 0;
}

int mpy_ssl_random_ready(void) {
    mpy_ssl_lock();
    int ret = seed();
    mpy_ssl_unlock();
    return ret;
}

int mpy_ssl_random(void *ctx, unsigned char *output, size_t len) {
    (void)ctx;
    mpy_ssl_lock();
    int ret = seed();
    while (ret == 0 && len > 0) {
        size_t n = MIN(len, MBEDTLS_CTR_DRBG_MAX_REQUEST);
        ret = mbedtls_ctr_drbg_random(&drbg, output, n);
        output += n;
        len -= n;
    }
    mpy_ssl_unlock();
    return ret;
}

#if defined(MPY_SSL_OWN_CONFIG) && defined(MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG)

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *output, size_t size,
    size_t *length) {
    (void)context;
    int ret = mpy_ssl_random(NULL, output, size);
    *length = ret == 0 ? size : 0;
    return ret == 0 ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}

int mpy_ssl_random_psa_ready(void) {
    return psa_crypto_init() == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

#else

int mpy_ssl_random_psa_ready(void) {
    return 0;
}

#endif
