// SPDX-License-Identifier: MIT
// This port's part of the `os` module; extmod/modos.c includes it.
// MicroPython 1.28 brings os.urandom() itself.
#include "py/mphal.h"

#if MICROPY_VERSION < MICROPY_MAKE_VERSION(1, 28, 0)
static mp_obj_t mp_os_urandom(mp_obj_t count_in) {
    mp_int_t count = mp_obj_get_int(count_in);
    if (count < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("urandom: negative length"));
    }
    vstr_t bytes;
    vstr_init_len(&bytes, count);
    mp_hal_get_random(bytes.len, (uint8_t *)bytes.buf);
    return mp_obj_new_bytes_from_vstr(&bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);
#endif
