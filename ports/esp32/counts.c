// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdkconfig.h"
#include "soc/soc_caps.h"

#include "counts.h"

static uint32_t aes, sha, mpi, ecc;

const mpy_ssl_engine_count_t mpy_ssl_esp32_counts[] = {
    #if CONFIG_MBEDTLS_HARDWARE_AES
    {"AES", &aes},
    #endif
    #if CONFIG_MBEDTLS_HARDWARE_SHA
    {"SHA", &sha},
    #endif
    #if CONFIG_MBEDTLS_HARDWARE_MPI
    {"MPI", &mpi},
    #endif
    #if CONFIG_MBEDTLS_HARDWARE_ECC
    {"ECC", &ecc},
    #endif
    {NULL, NULL},
};

// COUNT(counter, what the function gives, its name, its parameters, their names)
#define COUNT(counter, type, name, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters { \
        ++counter; \
        return __real_##name arguments; \
    }

// Without a value to return.
#define COUNT_VOID(counter, name, parameters, arguments) \
    void __real_##name parameters; \
    void __wrap_##name parameters; \
    void __wrap_##name parameters { \
        ++counter; \
        __real_##name arguments; \
    }

#if SOC_AES_SUPPORT_DMA
COUNT(aes, int, esp_aes_process_dma, (void *ctx, const void *in, void *out, size_t len, void *stream), (ctx, in, out, len, stream))
#else
COUNT_VOID(aes, aes_hal_transform_block, (const void *in, void *out), (in, out))
#endif
#if SOC_AES_SUPPORT_GCM
COUNT(aes, int, esp_aes_process_dma_gcm, (void *ctx, const void *in, void *out, size_t len, const void *aad, size_t aad_len),
    (ctx, in, out, len, aad, aad_len))
#endif

#if SOC_SHA_SUPPORT_DMA
COUNT(sha, int, esp_sha_dma, (int type, const void *in, uint32_t len, const void *buffer, uint32_t buffer_len, bool first),
    (type, in, len, buffer, buffer_len, first))
#endif
COUNT_VOID(sha, esp_sha_block, (int type, const void *block, bool first), (type, block, first))

COUNT_VOID(mpi, esp_mpi_mul_mpi_hw_op, (const void *x, const void *y, size_t words), (x, y, words))
COUNT_VOID(mpi, esp_mpi_mult_mpi_failover_mod_mult_hw_op, (const void *x, const void *y, size_t words), (x, y, words))
#if CONFIG_IDF_TARGET_ESP32
COUNT(mpi, int, esp_mont_hw_op, (void *z, const void *x, const void *y, const void *m, uint32_t m_prime, size_t words, bool again),
    (z, x, y, m, m_prime, words, again))
#else
COUNT_VOID(mpi, esp_mpi_mul_mpi_mod_hw_op,
    (const void *x, const void *y, const void *m, const void *r_inv, uint32_t m_prime, size_t words),
    (x, y, m, r_inv, m_prime, words))
COUNT_VOID(mpi, esp_mpi_exp_mpi_mod_hw_op,
    (const void *x, const void *y, const void *m, const void *r_inv, uint32_t m_prime, size_t words),
    (x, y, m, r_inv, m_prime, words))
#endif

COUNT(ecc, int, esp_ecc_point_multiply, (const void *point, const void *scalar, void *result, bool verify), (point, scalar, result, verify))
COUNT(ecc, int, esp_ecc_point_verify, (const void *point), (point))
