// SPDX-License-Identifier: MIT
//
// The module `_clock`: sets this process's wall clock, as machine.RTC does on a board.
//
//   _clock.shift(seconds)   from now on the time is the host's plus that many seconds
//
// `time` and mp_hal_time_ns() follow; ticks and timeouts do not. The host's clock
// is not touched. It works by the linker's --wrap, on the unix boards only.

#include <sys/time.h>
#include <time.h>

#include "py/obj.h"
#include "py/runtime.h"

int __real_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone);
time_t __wrap_time(time_t *now);

// Written by one thread and read by others, therefore only accessed atomically.
static time_t offset;

int __wrap_gettimeofday(struct timeval *now, void *zone) {
    int result = __real_gettimeofday(now, zone);
    now->tv_sec += __atomic_load_n(&offset, __ATOMIC_RELAXED);
    return result;
}

time_t __wrap_time(time_t *now) {
    struct timeval exact;
    __wrap_gettimeofday(&exact, NULL);
    if (now != NULL) {
        *now = exact.tv_sec;
    }
    return exact.tv_sec;
}

static mp_obj_t clock_shift(mp_obj_t seconds) {
    __atomic_store_n(&offset, (time_t)mp_obj_get_int(seconds), __ATOMIC_RELAXED);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(clock_shift_obj, clock_shift);

static const mp_rom_map_elem_t clock_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__clock) },
    { MP_ROM_QSTR(MP_QSTR_shift), MP_ROM_PTR(&clock_shift_obj) },
};
static MP_DEFINE_CONST_DICT(clock_globals, clock_globals_table);

const mp_obj_module_t mpy_ssl_clock_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&clock_globals,
};

MP_REGISTER_MODULE(MP_QSTR__clock, mpy_ssl_clock_module);
