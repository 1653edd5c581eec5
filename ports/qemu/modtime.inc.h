// SPDX-License-Identifier: MIT
// This port's part of the `time` module; extmod/modtime.c includes it. Its contract changed in MicroPython 1.27.
#include "shared/timeutils/timeutils.h"
#include "clock.h"

#define TIME_NS_PER_S (1000000000ull)

static void time_now(timeutils_struct_time_t *tm) {
    timeutils_seconds_since_epoch_to_struct_time(clock_wall_ns() / TIME_NS_PER_S, tm);
}

#if MICROPY_VERSION < MICROPY_MAKE_VERSION(1, 27, 0)
static mp_obj_t mp_time_localtime_get(void) {
    timeutils_struct_time_t tm;
    time_now(&tm);
    mp_obj_t items[8] = {
        MP_OBJ_NEW_SMALL_INT(tm.tm_year), MP_OBJ_NEW_SMALL_INT(tm.tm_mon), MP_OBJ_NEW_SMALL_INT(tm.tm_mday),
        MP_OBJ_NEW_SMALL_INT(tm.tm_hour), MP_OBJ_NEW_SMALL_INT(tm.tm_min), MP_OBJ_NEW_SMALL_INT(tm.tm_sec),
        MP_OBJ_NEW_SMALL_INT(tm.tm_wday), MP_OBJ_NEW_SMALL_INT(tm.tm_yday),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
#else
static void mp_time_localtime_get(timeutils_struct_time_t *tm) {
    time_now(tm);
}
#endif

static mp_obj_t mp_time_time_get(void) {
    return mp_obj_new_int_from_ull(clock_wall_ns() / TIME_NS_PER_S);
}
