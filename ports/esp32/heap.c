// SPDX-License-Identifier: MIT
#include <stdint.h>

#include "esp_heap_caps.h"
#include "py/gc.h"
#include "py/mpconfig.h"
#include "py/mpthread.h"

#include "heap.h"
#include "memory.h"

static void *take(size_t bytes) {
    uint32_t internal = MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT;
    uint32_t external = MALLOC_CAP_SPIRAM | MALLOC_CAP_8BIT;
    if (bytes >= HEAP_PSRAM_BYTES) {
        return heap_caps_calloc_prefer(1, bytes, 2, external, internal);
    }
    return heap_caps_calloc_prefer(1, bytes, 2, internal, external);
}

// Wi-Fi's tasks use Mbed TLS too, and must neither collect Python's garbage nor count as a failure of TLS.
static bool is_python(void) {
    return mp_thread_get_state() != NULL;
}

void *mpy_ssl_port_calloc(size_t bytes) {
    void *ptr = take(bytes);
    if (ptr == NULL && is_python()) {
        gc_collect(); // closes lost connections, and gives empty parts of Python's heap back
        ptr = take(bytes);
    }
    return ptr;
}

void mpy_ssl_port_free(void *ptr) {
    heap_caps_free(ptr);
}

void mpy_ssl_port_heap_info(size_t *free, size_t *largest) {
    *free = heap_caps_get_free_size(MALLOC_CAP_8BIT);
    *largest = heap_caps_get_largest_free_block(MALLOC_CAP_8BIT);
}

void *__wrap_esp_mbedtls_mem_calloc(size_t n, size_t size) {
    if (is_python()) {
        return mpy_ssl_calloc(n, size);
    }
    return size == 0 || n <= SIZE_MAX / 2 / size ? take(n * size != 0 ? n * size : 1) : NULL;
}

void __wrap_esp_mbedtls_mem_free(void *ptr) {
    mpy_ssl_free(ptr);
}
