// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "mbedtls/ssl.h"

#include "groups.h"
#include "memory.h"

#if MPY_SSL_GROUPS

// What a configuration of Mbed TLS may be without.
#if defined(MBEDTLS_ECP_DP_CURVE25519_ENABLED)
#define X25519(...) __VA_ARGS__,
#else
#define X25519(...)
#endif
#if defined(MBEDTLS_ECP_DP_SECP256R1_ENABLED)
#define P256(...) __VA_ARGS__,
#else
#define P256(...)
#endif
#if defined(MBEDTLS_ECP_DP_SECP384R1_ENABLED)
#define P384(...) __VA_ARGS__,
#else
#define P384(...)
#endif
#if defined(MBEDTLS_ECP_DP_SECP521R1_ENABLED)
#define P521(...) __VA_ARGS__,
#else
#define P521(...)
#endif

const uint16_t mpy_ssl_groups_default[] = {
    X25519(MBEDTLS_SSL_IANA_TLS_GROUP_X25519)
    P256(MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1)
    P384(MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1)
    P521(MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1)
    0,
};

#define COUNT (MP_ARRAY_SIZE(mpy_ssl_groups_default) - 1)
#define NAMES 3

// In the same order; the first name is the one that is given back.
static const char *const names[COUNT][NAMES] = {
    X25519({"X25519"})
    P256({"prime256v1", "P-256", "secp256r1"})
    P384({"secp384r1", "P-384"})
    P521({"secp521r1", "P-521"})
};

typedef struct {
    const char *text;
    size_t len;
} name_t;

static bool is_same(const char *known, const name_t *name) {
    bool same = known != NULL && strlen(known) == name->len;
    for (size_t i = 0; same && i < name->len; ++i) {
        same = (char)unichar_tolower((byte)known[i]) == (char)unichar_tolower((byte)name->text[i]);
    }
    return same;
}

__attribute__((noreturn)) static void raise_unknown(const name_t *name) {
    vstr_t text;
    vstr_init(&text, 80);
    vstr_printf(&text, "unknown group '%.*s'; known are", (int)name->len, name->text);
    for (size_t i = 0; i < COUNT; ++i) {
        vstr_printf(&text, " %s", names[i][0]);
    }
    nlr_raise(mp_obj_new_exception_arg1(&mp_type_ValueError, mp_obj_new_str_from_vstr(&text)));
}

static uint16_t id_of(const name_t *name) {
    for (size_t i = 0; i < COUNT * NAMES; ++i) {
        if (is_same(names[i / NAMES][i % NAMES], name)) {
            return mpy_ssl_groups_default[i / NAMES];
        }
    }
    raise_unknown(name);
}

// The names between colons; `ids` may be NULL, to count and check them.
static size_t parse_text(mp_obj_t text, uint16_t *ids) {
    size_t count = 0;
    size_t len;
    const char *rest = mp_obj_str_get_data(text, &len);
    const char *end = rest + len;
    for (; len > 0 && rest <= end; ++count) {
        const char *colon = memchr(rest, ':', (size_t)(end - rest));
        name_t name = {rest, (size_t)((colon != NULL ? colon : end) - rest)};
        uint16_t id = id_of(&name);
        if (ids != NULL) {
            ids[count] = id;
        }
        rest += name.len + 1;
    }
    return count;
}

static size_t parse(mp_obj_t given, uint16_t *ids) {
    size_t len;
    mp_obj_t *items;
    if (mp_obj_is_str(given)) {
        return parse_text(given, ids);
    }
    mp_obj_get_array(given, &len, &items);
    size_t count = 0;
    for (size_t i = 0; i < len; ++i) {
        count += parse_text(items[i], ids != NULL ? ids + count : NULL);
    }
    return count;
}

mpy_ssl_groups_t *mpy_ssl_groups_new(mp_obj_t given) {
    size_t count = parse(given, NULL);
    if (count == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("no groups given"));
    }
    mpy_ssl_groups_t *groups = mpy_ssl_counted_new(sizeof(*groups) + (count + 1) * sizeof(groups->ids[0]), mpy_ssl_free);
    if (groups == NULL) {
        mp_raise_OSError(MP_ENOMEM);
    }
    parse(given, groups->ids);
    return groups;
}

mp_obj_t mpy_ssl_groups_names(void) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (size_t i = 0; i < COUNT; ++i) {
        mp_obj_list_append(list, mp_obj_new_str_from_cstr(names[i][0]));
    }
    return list;
}

#endif
