// SPDX-License-Identifier: MIT
//
// Memory for Mbed TLS and for what the module keeps outside Python's objects, its need of stack, and its one lock.
#ifndef MPY_SSL_MEMORY_H
#define MPY_SSL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Gives n * size bytes, zeroed, or NULL. With MICROPY_TRACKED_ALLOC the block is in the GC heap and stays alive
// until mpy_ssl_free(); a full heap is collected first. Otherwise the block is from the C heap, and a failure is
// tried again after one collection, because a finaliser may give back a whole session. Never raises. With
// MPY_SSL_PORT_HEAP the port decides all this.
void *mpy_ssl_calloc(size_t n, size_t size);

// Frees a block of mpy_ssl_calloc(); NULL is allowed. May be called from a finaliser.
void mpy_ssl_free(void *ptr);

// Gives back what a pool keeps in store; for the end of a session. May be called from a finaliser.
void mpy_ssl_trim(void);

// The bytes that were asked for when `ptr` was allocated; 0 for NULL.
size_t mpy_ssl_size(const void *ptr);

// Stands for the running thread; NULL where there is only one.
const void *mpy_ssl_this_thread(void);

// While open, the first `times` requests of this thread for `least` bytes or more get `bytes`. For mbedtls_ssl_setup(),
// which takes record buffers of full size before there is anything to put in. The caller owns the structure and closes
// what it has opened; nothing in between may raise. Afterwards `times` says how many of the requests have not come.
typedef struct mpy_ssl_cut {
    struct mpy_ssl_cut *next;
    const void *thread;
    size_t times;
    size_t least;
    size_t bytes;
} mpy_ssl_cut_t;
void mpy_ssl_cut_open(mpy_ssl_cut_t *cut, size_t times, size_t least, size_t bytes);
void mpy_ssl_cut_close(mpy_ssl_cut_t *cut);

// What all blocks together hold, in bytes asked for; the heap's own overhead comes on top. `peak` and `largest` are the
// highest values since power-up.
typedef struct {
    size_t bytes;
    size_t blocks;
    size_t peak;
    size_t largest; // of a single block
} mpy_ssl_memory_t;
mpy_ssl_memory_t mpy_ssl_memory(void);

// What one owner of several blocks holds, and has held at most. Between start and stop, all that is allocated and freed is
// taken for its own, except what lies within another start and stop. Threads that allocate meanwhile blur the numbers.
typedef struct {
    size_t bytes;
    size_t peak;
} mpy_ssl_usage_t;
typedef struct { // readings at the start
    mpy_ssl_usage_t *usage;
    size_t own;
    size_t bytes;
    size_t high;
    size_t counted;
} mpy_ssl_meter_t;
void mpy_ssl_meter_start(mpy_ssl_meter_t *meter, mpy_ssl_usage_t *usage);
void mpy_ssl_meter_stop(const mpy_ssl_meter_t *meter);

// Number of allocations that have failed since power-up. A caller compares two readings to learn that a failure in
// between was a lack of memory, which Mbed TLS often reports as something else.
size_t mpy_ssl_alloc_failures(void);

// Bytes that the last failed allocation asked for.
size_t mpy_ssl_alloc_failed_bytes(void);

#if MPY_SSL_PORT_HEAP
// What a port with a heap of its own provides; contracts as above, `bytes` is never 0.
void *mpy_ssl_port_calloc(size_t bytes);
void mpy_ssl_port_free(void *ptr);

// Bytes free in that heap, and in its largest free block.
void mpy_ssl_port_heap_info(size_t *free, size_t *largest);
#endif

// While open, a hash context that cannot be allocated comes from a reserve of one, and still counts as a failure. Mbed TLS
// 3.6 (mbedtls_ssl_derive_keys(), RFC 7627's session hash) goes on without it and reads past a buffer; so it finishes the
// step with the reserve, and the caller, who sees the count, ends the handshake after it.
void mpy_ssl_reserve(bool open);

// True for the reserve, which is no block of any heap; for instruments that count blocks.
bool mpy_ssl_is_reserve(const void *ptr);

// Raises RuntimeError (maximum recursion depth exceeded) unless MPY_SSL_STACK bytes of C stack are left. Called before
// Mbed TLS is entered, which looks at no limit itself: a handshake deep inside Python calls must not crash the board.
void mpy_ssl_stack_check(void);

// Measured on RV32IMAC, servers with P-256: 2632 in a handshake of TLS 1.2, 3224 of TLS 1.3; P-384 takes 200 more.
#if defined(MPY_SSL_TLS1_3)
#define MPY_SSL_STACK 3584
#else
#define MPY_SSL_STACK 3072
#endif

// The module's lock, for ports whose threads run without a global interpreter lock; nothing elsewhere. Not
// recursive. Nothing that allocates, raises or calls Python may run inside. Init may be called many times.
void mpy_ssl_lock_init(void);
void mpy_ssl_lock(void);
void mpy_ssl_unlock(void);

#endif
