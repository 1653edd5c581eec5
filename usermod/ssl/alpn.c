// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "alpn.h"
#include "memory.h"

#define NAME_MAX_LEN 255
#define LIST_MAX_LEN 1024 // bytes on the wire: RFC 7301 allows 64 KB, but a ClientHello has to fit our output buffer

static void check_name(const char *name, size_t len) {
    if (len == 0 || len > NAME_MAX_LEN || memchr(name, '\0', len) != NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("ALPN protocols must be 1 to 255 in length, without NUL"));
    }
}

// Bytes of all names with a NUL each, which is as many as they take on the wire with their lengths.
static size_t check_names(size_t count, const mp_obj_t *items) {
    size_t total = 0;
    for (size_t i = 0; i < count; ++i) {
        size_t len;
        const char *name = mp_obj_str_get_data(items[i], &len);
        check_name(name, len);
        total += len + 1;
    }
    if (total > LIST_MAX_LEN) {
        mp_raise_ValueError(MP_ERROR_TEXT("ALPN protocols take more than 1024 bytes"));
    }
    return total;
}

mpy_ssl_alpn_t *mpy_ssl_alpn_new(mp_obj_t names) {
    size_t count;
    mp_obj_t *items;
    mp_obj_get_array(names, &count, &items);
    size_t texts = check_names(count, items);
    if (count == 0) {
        return NULL;
    }
    mpy_ssl_alpn_t *alpn = mpy_ssl_counted_new(sizeof(*alpn) + (count + 1) * sizeof(alpn->names[0]) + texts, mpy_ssl_free);
    if (alpn == NULL) {
        mp_raise_OSError(MP_ENOMEM);
    }
    char *text = (char *)&alpn->names[count + 1];
    for (size_t i = 0; i < count; ++i) {
        size_t len;
        const char *name = mp_obj_str_get_data(items[i], &len);
        alpn->names[i] = memcpy(text, name, len);
        text += len + 1;
    }
    return alpn;
}
