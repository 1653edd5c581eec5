// SPDX-License-Identifier: MIT
#include "sdkconfig.h"
#include "soc/soc_caps.h"

#include "mbedtls/build_info.h"

#include "accelerator.h"
#if MPY_SSL_ENGINE_COUNTS
#include "counts.h"
#endif

// ESP-IDF's Mbed TLS drives these itself; what is listed is what its configuration has switched on.
static const mpy_ssl_engine_t engines[] = {
    #ifdef MBEDTLS_AES_ALT
    #if SOC_AES_SUPPORT_DMA
    {"AES", CONFIG_IDF_TARGET " AES engine, DMA", false},
    #else
    {"AES", CONFIG_IDF_TARGET " AES engine", false},
    #endif
    #endif
    #ifdef MBEDTLS_SHA1_ALT
    {"SHA-1", CONFIG_IDF_TARGET " SHA engine", false},
    #endif
    #ifdef MBEDTLS_SHA256_ALT
    {"SHA-256", CONFIG_IDF_TARGET " SHA engine", false},
    #endif
    #ifdef MBEDTLS_SHA512_ALT
    {"SHA-512", CONFIG_IDF_TARGET " SHA engine", false},
    #endif
    #if defined(MBEDTLS_ECP_MUL_ALT) || defined(MBEDTLS_ECP_MUL_ALT_SOFT_FALLBACK)
    {"ECC", CONFIG_IDF_TARGET " ECC engine for P-256, otherwise software", true},
    #endif
    #ifdef MBEDTLS_MPI_EXP_MOD_ALT_FALLBACK
    {"RSA", CONFIG_IDF_TARGET " MPI engine, software for longer keys", true},
    #elif defined(MBEDTLS_MPI_EXP_MOD_ALT)
    {"RSA", CONFIG_IDF_TARGET " MPI engine", false},
    #endif
    {NULL, NULL, false},
};

// Espressif measured (esp-idf, pull request 19026, ESP32): 256 bits by 256 take 19.5 us in the engine and 9.8 us without,
// 512 by 512 22 us and 29 us. 512 bits are 16 words; the products of P-256 and P-384 are shorter, those of RSA longer.
const mpy_ssl_accelerator_t mpy_ssl_accelerator = {
    .engines = engines,
    .product_words = 16 * 16,
    #if defined(MBEDTLS_ECP_MUL_ALT) || defined(MBEDTLS_ECP_MUL_ALT_SOFT_FALLBACK)
    .multiplies_points = true, // 8.4 ms at most on the C6 (ESP-IDF's limit), where the module's own takes 2.7 M instructions
    #endif
    #if MPY_SSL_ENGINE_COUNTS
    .counts = mpy_ssl_esp32_counts,
    #endif
};
