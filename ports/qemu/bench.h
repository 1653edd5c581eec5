// SPDX-License-Identifier: MIT
// `_bench`: what a piece of Python code costs. Built with MPY_SSL_BENCH=1 only.
//
//   measure(kind)     start over; INSTRUCTIONS, WAITING, STACK or HEAP, one at a time so that none disturbs another
//   begin(), end()    a window; all windows since measure() are taken together
//   result()          (instructions, stack peak, heap live, heap peak, largest block, allocations); 0 where not measured
//   blocks()          heap blocks by size: [(bytes, still live, allocated)], in order of first appearance
//   pipe()            two connected stream ends that never block, with buffers outside of the heap
//
// Instructions are minstret less what passed in WFI. INSTRUCTIONS keeps interrupts off in the windows, so that the count
// is the same every time; WAITING leaves them on, for code that waits for a device or a peer. Stack is counted from the
// frame that calls begin(). Heap counts whole blocks of the garbage collector, Python's and Mbed TLS's alike; collect
// before, and keep it from running inside.
#ifndef MPY_SSL_QEMU_BENCH_H
#define MPY_SSL_QEMU_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include "py/obj.h"

struct bench_heap {
    long live; // bytes; negative when a window freed what was allocated outside of it
    long peak;
    size_t largest; // bytes of the largest single block
    size_t allocations;
};

struct bench_size {
    size_t bytes;
    long live; // blocks
    size_t total; // blocks
};

// Before Python starts again after a soft reset: nothing is watched.
#if MPY_SSL_BENCH
void bench_soft_init(void);
#else
static inline void bench_soft_init(void) {
}
#endif

void bench_heap_reset(void);
void bench_heap_watch(bool on);
struct bench_heap bench_heap_read(void);

// The entry `index` of the table of sizes; false: there are no more.
bool bench_heap_size(size_t index, struct bench_size *size);

extern const mp_obj_fun_builtin_fixed_t bench_pipe_obj;

#endif
