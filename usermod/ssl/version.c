// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#include "version.h"

static const mp_rom_map_elem_t versions_table[] = {
    {MP_ROM_QSTR(MP_QSTR_MINIMUM_SUPPORTED), MP_ROM_INT(MPY_SSL_VERSION_MINIMUM_SUPPORTED)},
    {MP_ROM_QSTR(MP_QSTR_MAXIMUM_SUPPORTED), MP_ROM_INT(MPY_SSL_VERSION_MAXIMUM_SUPPORTED)},
    {MP_ROM_QSTR(MP_QSTR_TLSv1), MP_ROM_INT(0x0301)},
    {MP_ROM_QSTR(MP_QSTR_TLSv1_1), MP_ROM_INT(0x0302)},
    {MP_ROM_QSTR(MP_QSTR_TLSv1_2), MP_ROM_INT(0x0303)},
    {MP_ROM_QSTR(MP_QSTR_TLSv1_3), MP_ROM_INT(0x0304)},
};
static MP_DEFINE_CONST_DICT(versions, versions_table);

MP_DEFINE_CONST_OBJ_TYPE(mpy_ssl_type_tls_version, MP_QSTR_TLSVersion, MP_TYPE_FLAG_NONE, locals_dict, &versions);

static mp_int_t known(mp_obj_t value) {
    mp_int_t version = mp_obj_get_int(value);
    if (version == MPY_SSL_VERSION_MINIMUM_SUPPORTED) {
        return MPY_SSL_VERSION_OLDEST;
    }
    if (version == MPY_SSL_VERSION_MAXIMUM_SUPPORTED) {
        return MPY_SSL_VERSION_NEWEST;
    }
    if (version < 0x0300 || version > 0x0304) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a version of ssl.TLSVersion"));
    }
    return version;
}

uint16_t mpy_ssl_version_minimum(mp_obj_t value) {
    mp_int_t version = known(value);
    if (version > MPY_SSL_VERSION_NEWEST) {
        mp_raise_ValueError(MP_ERROR_TEXT("this firmware has no TLS 1.3"));
    }
    return (uint16_t)MAX(version, MPY_SSL_VERSION_OLDEST);
}

uint16_t mpy_ssl_version_maximum(mp_obj_t value) {
    mp_int_t version = known(value);
    if (version < MPY_SSL_VERSION_OLDEST) {
        mp_raise_ValueError(MP_ERROR_TEXT("this firmware has no TLS older than 1.2"));
    }
    return (uint16_t)MIN(version, MPY_SSL_VERSION_NEWEST);
}
