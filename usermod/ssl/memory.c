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

// In front of each block. As long as what Mbed TLS aligns most strictly.
typedef union {
    size_t bytes;
    uint64_t alignment;
} header_t;

static mpy_ssl_memory_t total;
static size_t high;    // total.bytes at its highest since the newest meter was started
static size_t counted; // bytes that meters have given to their owners
static mpy_ssl_cut_t *cuts;

const void *mpy_ssl_this_thread(void) {
    #if MICROPY_PY_THREAD
    return mp_thread_get_state();
    #else
    return NULL;
    #endif
}

void mpy_ssl_cut_open(mpy_ssl_cut_t *cut, size_t times, size_t least, size_t bytes) {
    *cut = (mpy_ssl_cut_t) {.thread = mpy_ssl_this_thread(), .times = times, .least = least, .bytes = bytes};
    mpy_ssl_lock();
    cut->next = cuts;
    cuts = cut;
    mpy_ssl_unlock();
}

void mpy_ssl_cut_close(mpy_ssl_cut_t *cut) {
    mpy_ssl_lock();
    mpy_ssl_cut_t **place = &cuts;
    while (*place != cut) {
        place = &(*place)->next;
    }
    *place = cut->next;
    mpy_ssl_unlock();
}

static size_t after_cut(size_t bytes) {
    if (cuts != NULL) {
        const void *thread = mpy_ssl_this_thread();
        mpy_ssl_lock();
        for (mpy_ssl_cut_t *cut = cuts; cut != NULL; cut = cut->next) {
            if (cut->thread == thread && cut->times > 0 && bytes >= cut->least) {
                cut->times--;
                bytes = cut->bytes;
            }
        }
        mpy_ssl_unlock();
    }
    return bytes;
}

static void count_allocated(size_t bytes) {
    mpy_ssl_lock();
    total.bytes += bytes;
    total.blocks++;
    total.peak = MAX(total.peak, total.bytes);
    high = MAX(high, total.bytes);
    total.largest = MAX(total.largest, bytes);
    mpy_ssl_unlock();
}

static void count_freed(size_t bytes) {
    mpy_ssl_lock();
    total.bytes -= bytes;
    total.blocks--;
    mpy_ssl_unlock();
}

mpy_ssl_memory_t mpy_ssl_memory(void) {
    mpy_ssl_lock();
    mpy_ssl_memory_t copy = total;
    mpy_ssl_unlock();
    return copy;
}

static void *allocate(size_t bytes) {
    header_t *header = port_calloc(sizeof(header_t) + bytes);
    if (header == NULL) {
        return NULL;
    }
    header->bytes = bytes;
    count_allocated(bytes);
    return header + 1;
}

void *mpy_ssl_calloc(size_t n, size_t size) {
    bool possible = size == 0 || n <= SIZE_MAX / 2 / size;
    size_t bytes = possible ? after_cut(n * size) : SIZE_MAX;
    void *ptr = possible ? allocate(bytes) : NULL;
    if (ptr == NULL) {
        alloc_failures++;
        failed_bytes = bytes;
        ptr = lend_reserve(bytes);
    }
    return ptr;
}

size_t mpy_ssl_size(const void *ptr) {
    return ptr == NULL ? 0 : mpy_ssl_is_reserve(ptr) ? sizeof(reserve) : ((const header_t *)ptr - 1)->bytes;
}

void mpy_ssl_free(void *ptr) {
    if (mpy_ssl_is_reserve(ptr)) {
        mbedtls_platform_zeroize(reserve.bytes, sizeof(reserve.bytes));
        reserve_lent = false;
    } else if (ptr != NULL) {
        header_t *header = (header_t *)ptr - 1;
        count_freed(header->bytes);
        port_free(header);
    }
}

void mpy_ssl_trim(void) {
    #if MPY_SSL_POOL
    mpy_ssl_pool_trim();
    #endif
}

void mpy_ssl_meter_start(mpy_ssl_meter_t *meter, mpy_ssl_usage_t *usage) {
    mpy_ssl_lock();
    *meter = (mpy_ssl_meter_t) {.usage = usage, .own = usage->bytes, .bytes = total.bytes, .high = high, .counted = counted};
    high = total.bytes;
    mpy_ssl_unlock();
}

// Unsigned arithmetic wraps, and so the differences are right also when less is held than at the start.
void mpy_ssl_meter_stop(const mpy_ssl_meter_t *meter) {
    mpy_ssl_usage_t *usage = meter->usage;
    mpy_ssl_lock();
    usage->peak = MAX(usage->peak, meter->own + (high - meter->bytes));
    high = MAX(high, meter->high);
    size_t own = (total.bytes - meter->bytes) - (counted - meter->counted);
    counted += own;
    usage->bytes += own;
    mpy_ssl_unlock();
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
