// SPDX-License-Identifier: MIT
//
// Bytes that an argument stands for: data as it is, or the content of the file that a str names.
#ifndef MPY_SSL_BLOB_H
#define MPY_SSL_BLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "py/obj.h"

typedef struct {
    const unsigned char *data; // data[len] is 0 if owned is not NULL
    size_t len;
    unsigned char *owned; // to be zeroed and freed by mpy_ssl_blob_free(), or NULL: then data is the caller's
    bool pem;             // has a PEM header; then owned is not NULL
} mpy_ssl_blob_t;

// Reads `source`: a str is a path, or PEM text; a bytes-like object is data. Returns MP_OBJ_NULL, or the exception that
// stands in the way, which the caller raises after it has cleaned up: OSError (ENOENT and others, naming the file; ENOMEM)
// or TypeError. Does not raise. The blob is to be freed in either case, and before the source changes.
mp_obj_t mpy_ssl_blob_read(mpy_ssl_blob_t *blob, mp_obj_t source);

void mpy_ssl_blob_free(mpy_ssl_blob_t *blob);

#endif
