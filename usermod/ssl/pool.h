// SPDX-License-Identifier: MIT
//
// A pool for the small blocks of Mbed TLS, on ports with MPY_SSL_POOL=1; memory.c uses it, nobody else.
//
// A handshake makes thousands of allocations that live for microseconds. In the GC heap each of them costs a search that
// takes the longer the more is alive. Here they come from slabs of about a kilobyte, which are tracked blocks of the GC
// heap: blocks of one size each, found and given back in constant time. Blocks above the largest size, and all that does
// not fit, go to the GC heap as before. Needs MICROPY_TRACKED_ALLOC, finalisers, and a port that runs them all before a
// soft reset (gc_sweep_all()).
#ifndef MPY_SSL_POOL_H
#define MPY_SSL_POOL_H

#include <stddef.h>

// Gives size > 0 bytes, zeroed, aligned to 8, or NULL. Never raises.
void *mpy_ssl_pool_calloc(size_t size);

// Frees such a block; NULL is allowed. May be called from a finaliser. The last block of all gives the slabs back.
void mpy_ssl_pool_free(void *ptr);

// Gives back the slabs that are kept empty, one for each size at most. For the end of a session, so that nothing stays of
// it. May be called from a finaliser.
void mpy_ssl_pool_trim(void);

// Makes the pool's lock, for ports whose threads run without a global interpreter lock. May be called many times.
void mpy_ssl_pool_init(void);

#endif
