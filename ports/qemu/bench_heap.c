// SPDX-License-Identifier: MIT
// Stands between everybody and the garbage collector's allocator (ld --wrap) and keeps count while it is watched.
#include "py/gc.h"
#include "py/mpconfig.h"
#include "py/misc.h"
#include "bench.h"

#if MPY_SSL_BENCH

#define SIZES (128) // different block sizes that are told apart; the last entry takes all others

void *__real_gc_alloc(size_t bytes, unsigned int flags);
void __real_gc_free(void *block);
void *__real_gc_realloc(void *block, size_t bytes, bool may_move);
void *__wrap_gc_alloc(size_t bytes, unsigned int flags);
void __wrap_gc_free(void *block);
void *__wrap_gc_realloc(void *block, size_t bytes, bool may_move);

static bool watching;
static struct bench_heap heap;
static struct bench_size sizes[SIZES];

void bench_heap_reset(void) {
    watching = false;
    heap = (struct bench_heap) {0};
    for (size_t i = 0; i < SIZES; ++i) {
        sizes[i] = (struct bench_size) {0};
    }
}

void bench_heap_watch(bool on) {
    watching = on;
}

struct bench_heap bench_heap_read(void) {
    return heap;
}

bool bench_heap_size(size_t index, struct bench_size *size) {
    if (index >= SIZES || sizes[index].bytes == 0) {
        return false;
    }
    *size = sizes[index];
    return true;
}

static struct bench_size *entry(size_t bytes) {
    size_t i = 0;
    while (i < SIZES - 1 && sizes[i].bytes != 0 && sizes[i].bytes != bytes) {
        ++i;
    }
    sizes[i].bytes = bytes;
    return &sizes[i];
}

static void add(const void *block) {
    size_t bytes = gc_nbytes(block);
    struct bench_size *size = entry(bytes);
    size->live += 1;
    size->total += 1;
    heap.allocations += 1;
    heap.live += bytes;
    heap.peak = MAX(heap.peak, heap.live);
    heap.largest = MAX(heap.largest, bytes);
}

static void subtract(size_t bytes) {
    entry(bytes)->live -= 1;
    heap.live -= bytes;
}

void *__wrap_gc_alloc(size_t bytes, unsigned int flags) {
    void *block = __real_gc_alloc(bytes, flags);
    if (watching && block != NULL) {
        add(block);
    }
    return block;
}

void __wrap_gc_free(void *block) {
    if (watching && block != NULL) {
        subtract(gc_nbytes(block));
    }
    __real_gc_free(block);
}

void *__wrap_gc_realloc(void *block, size_t bytes, bool may_move) {
    size_t before = watching && block != NULL ? gc_nbytes(block) : 0;
    void *after = __real_gc_realloc(block, bytes, may_move);
    if (watching && (after != NULL || bytes == 0)) {
        if (before != 0) {
            subtract(before);
        }
        if (after != NULL) {
            add(after);
        }
    }
    return after;
}

#endif
