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

#include "memory.h"
#include "pool.h"

static size_t alloc_failures;

#if MPY_SSL_POOL

static void *port_calloc(size_t bytes) {
    return mpy_ssl_pool_calloc(bytes);
}

void mpy_ssl_free(void *ptr) {
    mpy_ssl_pool_free(ptr);
}

#elif MICROPY_TRACKED_ALLOC

static void *port_calloc(size_t bytes) {
    return m_tracked_calloc(1, bytes);
}

void mpy_ssl_free(void *ptr) {
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

void mpy_ssl_free(void *ptr) {
    free(ptr);
}

#endif

void *mpy_ssl_calloc(size_t n, size_t size) {
    void *ptr = NULL;
    if (size == 0 || n <= SIZE_MAX / 2 / size) {
        ptr = port_calloc(n * size != 0 ? n * size : 1);
    }
    if (ptr == NULL) {
        alloc_failures++;
    }
    return ptr;
}

size_t mpy_ssl_alloc_failures(void) {
    return alloc_failures;
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
