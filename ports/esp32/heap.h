// SPDX-License-Identifier: MIT
//
// Memory for TLS: the heap of ESP-IDF, which Python's heap grows into, with PSRAM where the board has it.
#ifndef MPY_SSL_ESP32_HEAP_H
#define MPY_SSL_ESP32_HEAP_H

#include <stddef.h>

// From this size on a block comes from PSRAM first: record buffers, chains. Below, where bignum and the engines' contexts
// are, from internal RAM first, which is several times as fast and which DMA reaches without a bounce buffer.
#define HEAP_PSRAM_BYTES 2048

// They stand for ESP-IDF's functions of the same names (the linker's --wrap), by which all of Mbed TLS allocates: what TLS
// wants is counted, and tried again after a garbage collection. Callable from every task; only Python's collect.
void *__wrap_esp_mbedtls_mem_calloc(size_t n, size_t size);
void __wrap_esp_mbedtls_mem_free(void *ptr);

#endif
