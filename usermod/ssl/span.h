// SPDX-License-Identifier: MIT
//
// Taking a message of TLS apart from its front (RFC 8446, 3). Nothing is copied, nothing is read beyond the end.
#ifndef MPY_SSL_SPAN_H
#define MPY_SSL_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data; // inside the message; NULL for nothing
    size_t len;
} mpy_ssl_span_t;

// Takes `n` bytes off the front. False, and both are empty, if there are fewer.
static inline bool mpy_ssl_span_take(mpy_ssl_span_t *rest, size_t n, mpy_ssl_span_t *taken) {
    if (n > rest->len) {
        *rest = *taken = (mpy_ssl_span_t) {NULL, 0};
        return false;
    }
    *taken = (mpy_ssl_span_t) {rest->data, n};
    rest->data += n;
    rest->len -= n;
    return true;
}

// Takes a number of `width` bytes, at most 4. False, and `rest` is empty, if there are fewer.
static inline bool mpy_ssl_span_take_number(mpy_ssl_span_t *rest, size_t width, uint32_t *number) {
    mpy_ssl_span_t bytes;
    bool ok = mpy_ssl_span_take(rest, width, &bytes);
    *number = 0;
    for (size_t i = 0; i < bytes.len; ++i) {
        *number = *number << 8 | bytes.data[i];
    }
    return ok;
}

// Takes a vector whose length stands before it in `width` bytes. False, and both are empty, if it is longer than the rest.
static inline bool mpy_ssl_span_take_vector(mpy_ssl_span_t *rest, size_t width, mpy_ssl_span_t *taken) {
    uint32_t len;
    *taken = (mpy_ssl_span_t) {NULL, 0};
    return mpy_ssl_span_take_number(rest, width, &len) && mpy_ssl_span_take(rest, len, taken);
}

#endif
