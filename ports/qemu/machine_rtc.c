// SPDX-License-Identifier: MIT
// machine.RTC: the wall clock of clock.h as (year, month, day, weekday, hours, minutes, seconds, microseconds), UTC.
#include "py/runtime.h"
#include "shared/timeutils/timeutils.h"
#include "clock.h"
#include "machine_rtc.h"

#define NS_PER_S (1000000000ull)

typedef struct {
    mp_obj_base_t base;
} rtc_obj_t;

static const rtc_obj_t rtc_obj = { { &machine_rtc_type } };

static mp_obj_t rtc_get(void) {
    uint64_t ns = clock_wall_ns();
    timeutils_struct_time_t tm;
    timeutils_seconds_since_epoch_to_struct_time(ns / NS_PER_S, &tm);
    mp_obj_t items[8] = {
        MP_OBJ_NEW_SMALL_INT(tm.tm_year),
        MP_OBJ_NEW_SMALL_INT(tm.tm_mon),
        MP_OBJ_NEW_SMALL_INT(tm.tm_mday),
        MP_OBJ_NEW_SMALL_INT(tm.tm_wday),
        MP_OBJ_NEW_SMALL_INT(tm.tm_hour),
        MP_OBJ_NEW_SMALL_INT(tm.tm_min),
        MP_OBJ_NEW_SMALL_INT(tm.tm_sec),
        MP_OBJ_NEW_SMALL_INT(ns % NS_PER_S / 1000),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

static mp_int_t rtc_field(mp_obj_t item, mp_int_t low, mp_int_t high) {
    mp_int_t value = mp_obj_get_int(item);
    if (value < low || value > high) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("RTC: %d is not in %d..%d"),
            (int)value, (int)low, (int)high);
    }
    return value;
}

// The weekday is derived, so its field is ignored.
static void rtc_set(mp_obj_t tuple) {
    mp_obj_t *items;
    mp_obj_get_array_fixed_n(tuple, 8, &items);
    mp_int_t year = rtc_field(items[0], 2000, 2099);
    mp_int_t month = rtc_field(items[1], 1, 12);
    mp_int_t day = rtc_field(items[2], 1, timeutils_days_in_month(year, month));
    mp_int_t hour = rtc_field(items[4], 0, 23);
    mp_int_t minute = rtc_field(items[5], 0, 59);
    mp_int_t second = rtc_field(items[6], 0, 59);
    mp_int_t micros = rtc_field(items[7], 0, 999999);
    uint64_t seconds = timeutils_seconds_since_epoch(year, month, day, hour, minute, second);
    clock_set_wall(seconds * NS_PER_S + micros * 1000ull);
}

static mp_obj_t rtc_datetime(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return rtc_get();
    }
    rtc_set(args[1]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(rtc_datetime_obj, 1, 2, rtc_datetime);

static mp_obj_t rtc_init(mp_obj_t self, mp_obj_t tuple) {
    rtc_set(tuple);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(rtc_init_obj, rtc_init);

static mp_obj_t rtc_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&rtc_obj);
}

static const mp_rom_map_elem_t rtc_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_datetime), MP_ROM_PTR(&rtc_datetime_obj) },
    { MP_ROM_QSTR(MP_QSTR_init), MP_ROM_PTR(&rtc_init_obj) },
};
static MP_DEFINE_CONST_DICT(rtc_locals, rtc_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    machine_rtc_type,
    MP_QSTR_RTC,
    MP_TYPE_FLAG_NONE,
    make_new, rtc_make_new,
    locals_dict, &rtc_locals
    );
