// SPDX-License-Identifier: MIT
//
// Application protocols (ALPN, RFC 7301), in our order of preference. Left out by a build without MBEDTLS_SSL_ALPN.
#ifndef MPY_SSL_ALPN_H
#define MPY_SSL_ALPN_H

#include <stddef.h>

#include "py/obj.h"

#include "counted.h"

// An immutable list, counted because every socket made with it keeps it: Mbed TLS does not copy.
typedef struct {
    mpy_ssl_counted_t counted;
    const char *names[]; // NULL at the end; the texts follow in the same block
} mpy_ssl_alpn_t;

// From a list or tuple of str or bytes. NULL for an empty one. Raises ValueError for a name that is empty, longer than
// 255 bytes (RFC 7301, 3.1) or holds a NUL, and for a list that is too long for the extension; TypeError for other types;
// OSError(ENOMEM). The caller owns one reference.
mpy_ssl_alpn_t *mpy_ssl_alpn_new(mp_obj_t names);

#endif
