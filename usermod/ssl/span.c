// SPDX-License-Identifier: MIT
#include "span.h"

bool mpy_ssl_span_take(mpy_ssl_span_t *rest, size_t n, mpy_ssl_span_t *taken) {
    if (n > rest->len) {
        *rest = *taken = (mpy_ssl_span_t) {NULL, 0};
        return false;
    }
    *taken = (mpy_ssl_span_t) {rest->data, n};
    rest->data += n;
    rest->len -= n;
    return true;
}

bool mpy_ssl_span_take_number(mpy_ssl_span_t *rest, size_t width, uint32_t *number) {
    mpy_ssl_span_t bytes;
    bool ok = mpy_ssl_span_take(rest, width, &bytes);
    *number = 0;
    for (size_t i = 0; i < bytes.len; ++i) {
        *number = *number << 8 | bytes.data[i];
    }
    return ok;
}

bool mpy_ssl_span_take_vector(mpy_ssl_span_t *rest, size_t width, mpy_ssl_span_t *taken) {
    uint32_t len;
    *taken = (mpy_ssl_span_t) {NULL, 0};
    return mpy_ssl_span_take_number(rest, width, &len) && mpy_ssl_span_take(rest, len, taken);
}
