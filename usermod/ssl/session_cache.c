// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mpstate.h"
#include "py/runtime.h"

#include "session_cache.h"

typedef struct _mpy_ssl_session_cache_t {
    mp_obj_base_t base;
    size_t count;
    mpy_ssl_slot_t slots[MPY_SSL_SESSION_CACHE_LIMIT];
} mpy_ssl_session_cache_t;

MP_REGISTER_ROOT_POINTER(struct _mpy_ssl_session_cache_t *mpy_ssl_session_cache);

static mp_obj_t cache_del(mp_obj_t self_in) {
    mpy_ssl_session_cache_t *self = MP_OBJ_TO_PTR(self_in);
    mpy_ssl_slots_clear(self->slots, self->count);
    if (MP_STATE_VM(mpy_ssl_session_cache) == self) {
        MP_STATE_VM(mpy_ssl_session_cache) = NULL; // a soft reset takes its heap away
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(cache_del_obj, cache_del);

static const mp_rom_map_elem_t cache_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&cache_del_obj)},
};
static MP_DEFINE_CONST_DICT(cache_locals, cache_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(type_cache, MP_QSTR_, MP_TYPE_FLAG_NONE, locals_dict, &cache_locals);

static void replace(size_t count) {
    mpy_ssl_session_cache_t *old = MP_STATE_VM(mpy_ssl_session_cache);
    mpy_ssl_session_cache_t *cache = mp_obj_malloc_with_finaliser(mpy_ssl_session_cache_t, &type_cache);
    memset(cache->slots, 0, sizeof(cache->slots));
    cache->count = count;
    MP_STATE_VM(mpy_ssl_session_cache) = cache;
    if (old != NULL) {
        mpy_ssl_slots_clear(old->slots, old->count);
    }
}

void mpy_ssl_session_cache_prepare(void) {
    if (MP_STATE_VM(mpy_ssl_session_cache) == NULL) {
        replace(MPY_SSL_SESSION_CACHE_SIZE);
    }
}

mpy_ssl_saved_t *mpy_ssl_session_cache_find(const uint8_t binding[MPY_SSL_BINDING]) {
    mpy_ssl_session_cache_t *cache = MP_STATE_VM(mpy_ssl_session_cache);
    return cache != NULL ? mpy_ssl_slots_find(cache->slots, cache->count, binding) : NULL;
}

void mpy_ssl_session_cache_store(mpy_ssl_saved_t *saved) {
    mpy_ssl_session_cache_t *cache = MP_STATE_VM(mpy_ssl_session_cache);
    if (cache != NULL) {
        mpy_ssl_slots_store(cache->slots, cache->count, saved->binding, saved);
    }
}

void mpy_ssl_session_cache_forget(const uint8_t binding[MPY_SSL_BINDING]) {
    mpy_ssl_session_cache_t *cache = MP_STATE_VM(mpy_ssl_session_cache);
    if (cache != NULL) {
        mpy_ssl_slots_store(cache->slots, cache->count, binding, NULL);
    }
}

static mp_obj_t session_cache_size(size_t n_args, const mp_obj_t *args) {
    if (n_args > 0) {
        mp_int_t size = mp_obj_get_int(args[0]);
        if (size < 0 || size > MPY_SSL_SESSION_CACHE_LIMIT) {
            mp_raise_ValueError(MP_ERROR_TEXT("session cache size must be 0 to 8"));
        }
        replace((size_t)size);
    }
    mpy_ssl_session_cache_prepare();
    return MP_OBJ_NEW_SMALL_INT(MP_STATE_VM(mpy_ssl_session_cache)->count);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mpy_ssl_session_cache_size_obj, 0, 1, session_cache_size);
