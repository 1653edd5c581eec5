// SPDX-License-Identifier: MIT
//
// The module `_fault`: makes one chosen allocation fail, and counts what TLS holds.
//
//   _fault.arm(n)     the n-th allocation of this thread from now on fails, once; n >= 1
//   _fault.disarm()   how many allocations this thread made since arm(); the fault
//                     has fired if and only if this is at least n
//   _fault.live()     (blocks, bytes) that mpy_ssl_calloc() gave out and mpy_ssl_free()
//                     has not got back; bytes are what was asked for
//   _fault.leak(size) lose a block of libc's, to see that the sanitizer board finds leaks
//
// An allocation is a call that takes new memory: of the GC heap, also by growing
// a block, or of the TLS module. A failed one of the GC heap becomes MemoryError;
// a failed one of the TLS module is a NULL for Mbed TLS.
//
// It works by the linker's --wrap, on the unix boards only.

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "py/gc.h"
#include "py/runtime.h"

// usermod/ssl/memory.h
bool mpy_ssl_is_reserve(const void *ptr);
size_t mpy_ssl_size(const void *ptr);

#if MICROPY_TRACKED_ALLOC
#error "_fault needs TLS memory from libc: build without ffi and Bluetooth"
#endif

void *__real_gc_alloc(size_t size, unsigned int flags);
void *__real_gc_realloc(void *block, size_t size, bool allow_move);
void *__real_calloc(size_t n, size_t size);
void *__real_mpy_ssl_calloc(size_t n, size_t size);
void __real_mpy_ssl_free(void *block);

void *__wrap_gc_alloc(size_t size, unsigned int flags);
void *__wrap_gc_realloc(void *block, size_t size, bool allow_move);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_mpy_ssl_calloc(size_t n, size_t size);
void __wrap_mpy_ssl_free(void *block);

// Per thread, so that what other threads allocate does not move the fault.
static __thread bool armed;
static __thread size_t fail_at;
static __thread size_t seen;
static __thread bool starving; // libc has nothing to give

// Shared by all threads, therefore only touched by atomic additions.
static size_t live_blocks;
static size_t live_bytes;

static bool fails_now(void) {
    return armed && ++seen == fail_at;
}

void *__wrap_gc_alloc(size_t size, unsigned int flags) {
    if (size != 0 && fails_now()) {
        return NULL;
    }
    return __real_gc_alloc(size, flags);
}

void *__wrap_gc_realloc(void *block, size_t size, bool allow_move) {
    // Shrinking and in-place attempts are not allocations: callers never see them fail for want of memory.
    bool grows = allow_move && size > (block == NULL ? 0 : gc_nbytes(block));
    if (grows && fails_now()) {
        return NULL;
    }
    return __real_gc_realloc(block, size, allow_move);
}

void *__wrap_calloc(size_t n, size_t size) {
    return starving ? NULL : __real_calloc(n, size);
}

// Fails below the TLS module's allocator, where real failures come from, so that it does what it does then.
void *__wrap_mpy_ssl_calloc(size_t n, size_t size) {
    starving = fails_now();
    void *block = __real_mpy_ssl_calloc(n, size);
    starving = false;
    if (block != NULL && !mpy_ssl_is_reserve(block)) {
        __atomic_add_fetch(&live_blocks, 1, __ATOMIC_RELAXED);
        __atomic_add_fetch(&live_bytes, mpy_ssl_size(block), __ATOMIC_RELAXED);
    }
    return block;
}

void __wrap_mpy_ssl_free(void *block) {
    if (block != NULL && !mpy_ssl_is_reserve(block)) {
        __atomic_sub_fetch(&live_blocks, 1, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&live_bytes, mpy_ssl_size(block), __ATOMIC_RELAXED);
    }
    __real_mpy_ssl_free(block);
}

static mp_obj_t fault_arm(mp_obj_t n_in) {
    mp_int_t n = mp_obj_get_int(n_in);
    if (n < 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("n must be at least 1"));
    }
    fail_at = n;
    seen = 0;
    armed = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(fault_arm_obj, fault_arm);

static mp_obj_t fault_disarm(void) {
    armed = false;
    return mp_obj_new_int_from_uint(seen);
}
static MP_DEFINE_CONST_FUN_OBJ_0(fault_disarm_obj, fault_disarm);

static mp_obj_t fault_live(void) {
    mp_obj_t pair[] = {
        mp_obj_new_int_from_uint(__atomic_load_n(&live_blocks, __ATOMIC_RELAXED)),
        mp_obj_new_int_from_uint(__atomic_load_n(&live_bytes, __ATOMIC_RELAXED)),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(pair), pair);
}
static MP_DEFINE_CONST_FUN_OBJ_0(fault_live_obj, fault_live);

static mp_obj_t fault_leak(mp_obj_t size_in) {
    void *volatile block = malloc(mp_obj_get_int(size_in));
    block = NULL;
    (void)block;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(fault_leak_obj, fault_leak);

static const mp_rom_map_elem_t fault_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__fault) },
    { MP_ROM_QSTR(MP_QSTR_arm), MP_ROM_PTR(&fault_arm_obj) },
    { MP_ROM_QSTR(MP_QSTR_disarm), MP_ROM_PTR(&fault_disarm_obj) },
    { MP_ROM_QSTR(MP_QSTR_live), MP_ROM_PTR(&fault_live_obj) },
    { MP_ROM_QSTR(MP_QSTR_leak), MP_ROM_PTR(&fault_leak_obj) },
};
static MP_DEFINE_CONST_DICT(fault_globals, fault_globals_table);

const mp_obj_module_t mpy_ssl_fault_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&fault_globals,
};

MP_REGISTER_MODULE(MP_QSTR__fault, mpy_ssl_fault_module);
