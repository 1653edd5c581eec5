// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "py/cstack.h"
#include "py/gc.h"
#include "py/misc.h"
#include "py/mpconfig.h"
#include "py/mpstate.h"
#include "py/mpthread.h"
#include "py/runtime.h"

#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"
#include "mbedtls/sha512.h"

#include "memory.h"
#include "pool.h"

static size_t alloc_failures;
static size_t failed_bytes;

#if MPY_SSL_POOL

static void *port_calloc(size_t bytes) {
    return mpy_ssl_pool_calloc(bytes);
}

static void port_free(void *ptr) {
    mpy_ssl_pool_free(ptr);
}

#elif MPY_SSL_PORT_HEAP

static void *port_calloc(size_t bytes) {
    return mpy_ssl_port_calloc(bytes);
}

static void port_free(void *ptr) {
    mpy_ssl_port_free(ptr);
}

#elif MICROPY_TRACKED_ALLOC

static void *port_calloc(size_t bytes) {
    return m_tracked_calloc(1, bytes);
}

static void port_free(void *ptr) {
    m_tracked_free(ptr);
}

#else

static void *port_calloc(size_t bytes) {
    void *ptr = calloc(1, bytes);
    if (ptr == NULL) {
        gc_collect();
        ptr = calloc(1, bytes);
    }
    return ptr;
}

static void port_free(void *ptr) {
    free(ptr);
}

#endif

// The reserve: one hash context, for the time of a step of a handshake.
static union {
    mbedtls_sha512_context largest;
    unsigned char bytes[sizeof(mbedtls_sha512_context)];
} reserve;
static bool reserve_open;
static bool reserve_lent;

void mpy_ssl_reserve(bool open) {
    reserve_open = open;
}

bool mpy_ssl_is_reserve(const void *ptr) {
    return ptr == reserve.bytes;
}

static void *lend_reserve(size_t bytes) {
    void *ptr = NULL;
    mpy_ssl_lock();
    if (reserve_open && !reserve_lent && (bytes == sizeof(mbedtls_sha256_context) || bytes == sizeof(mbedtls_sha512_context))) {
        reserve_lent = true;
        ptr = reserve.bytes;
    }
    mpy_ssl_unlock();
    return ptr;
}

void *mpy_ssl_calloc(size_t n, size_t size) {
    void *ptr = NULL;
    if (size == 0 || n <= SIZE_MAX / 2 / size) {
        ptr = port_calloc(n * size != 0 ? n * size : 1);
    }
    if (ptr == NULL) {
        alloc_failures++;
        failed_bytes = n * size;
        ptr = lend_reserve(n * size);
    }
    return ptr;
}

void mpy_ssl_free(void *ptr) {
    if (mpy_ssl_is_reserve(ptr)) {
        mbedtls_platform_zeroize(reserve.bytes, sizeof(reserve.bytes));
        reserve_lent = false;
    } else {
        port_free(ptr);
    }
}

size_t mpy_ssl_alloc_failures(void) {
    return alloc_failures;
}

size_t mpy_ssl_alloc_failed_bytes(void) {
    return failed_bytes;
}

void mpy_ssl_stack_check(void) {
    #if MICROPY_STACK_CHECK
    if (mp_cstack_usage() + MPY_SSL_STACK > MP_STATE_THREAD(stack_limit) + MICROPY_STACK_CHECK_MARGIN) {
        mp_raise_recursion_depth();
    }
    #endif
}

#if MICROPY_PY_THREAD && !MICROPY_PY_THREAD_GIL

static mp_thread_mutex_t lock;
static bool lock_ready;

void mpy_ssl_lock_init(void) {
    if (!lock_ready) {
        mp_thread_mutex_init(&lock);
        #if MPY_SSL_POOL
        mpy_ssl_pool_init();
        #endif
        lock_ready = true;
    }
}

void mpy_ssl_lock(void) {
    mp_thread_mutex_lock(&lock, 1);
}

void mpy_ssl_unlock(void) {
    mp_thread_mutex_unlock(&lock);
}

#else

void mpy_ssl_lock_init(void) {
}

void mpy_ssl_lock(void) {
}

void mpy_ssl_unlock(void) {
}

#endif

void mpy_ssl_count_up(size_t *refs) {
    mpy_ssl_lock();
    ++*refs;
    mpy_ssl_unlock();
}

bool mpy_ssl_count_down(size_t *refs) {
    mpy_ssl_lock();
    bool last = --*refs == 0;
    mpy_ssl_unlock();
    return last;
}
