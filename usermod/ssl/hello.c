// SPDX-License-Identifier: MIT
#include "hello.h"

#define HANDSHAKE_HEADER 4
#define CLIENT_HELLO 1
#define SERVER_HELLO 2
#define VERSION_AND_RANDOM 34
#define SUITE_AND_COMPRESSION 3
#define NAME_TYPE_HOST 0

// Takes `n` bytes off the front. False, and nothing is left, if there are fewer.
static bool take(mpy_ssl_span_t *rest, size_t n, mpy_ssl_span_t *taken) {
    if (n > rest->len) {
        *rest = *taken = (mpy_ssl_span_t) {NULL, 0};
        return false;
    }
    *taken = (mpy_ssl_span_t) {rest->data, n};
    rest->data += n;
    rest->len -= n;
    return true;
}

// Takes a vector whose length stands before it in `width` bytes (RFC 5246, 4.3).
static bool take_vector(mpy_ssl_span_t *rest, size_t width, mpy_ssl_span_t *taken) {
    mpy_ssl_span_t head;
    size_t len = 0;
    if (!take(rest, width, &head)) {
        *taken = head;
        return false;
    }
    for (size_t i = 0; i < width; ++i) {
        len = len << 8 | head.data[i];
    }
    return take(rest, len, taken);
}

static bool take_extensions(const uint8_t *hello, size_t len, mpy_ssl_span_t *extensions) {
    mpy_ssl_span_t rest = {hello, len};
    mpy_ssl_span_t skipped;
    bool ok = take(&rest, HANDSHAKE_HEADER, &skipped) && take(&rest, VERSION_AND_RANDOM, &skipped)
        && take_vector(&rest, 1, &skipped); // session_id
    if (ok && hello[0] == CLIENT_HELLO) {
        ok = take_vector(&rest, 2, &skipped) && take_vector(&rest, 1, &skipped); // cipher_suites, compression_methods
    } else if (ok) {
        ok = hello[0] == SERVER_HELLO && take(&rest, SUITE_AND_COMPRESSION, &skipped);
    }
    return ok && take_vector(&rest, 2, extensions);
}

bool mpy_ssl_hello_extension(const uint8_t *hello, size_t len, uint16_t type, mpy_ssl_span_t *body) {
    mpy_ssl_span_t extensions;
    mpy_ssl_span_t head;
    bool more = take_extensions(hello, len, &extensions);
    while (more && take(&extensions, 2, &head)) {
        uint16_t found = (uint16_t)(head.data[0] << 8 | head.data[1]);
        more = take_vector(&extensions, 2, body);
        if (more && found == type) {
            return true;
        }
    }
    return false;
}

mpy_ssl_span_t mpy_ssl_hello_server_name(const uint8_t *hello, size_t len) {
    mpy_ssl_span_t body;
    mpy_ssl_span_t list;
    mpy_ssl_span_t type;
    mpy_ssl_span_t name;
    if (mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_SERVER_NAME, &body) && take_vector(&body, 2, &list)) {
        while (take(&list, 1, &type) && take_vector(&list, 2, &name)) {
            if (type.data[0] == NAME_TYPE_HOST) {
                return name;
            }
        }
    }
    return (mpy_ssl_span_t) {NULL, 0};
}
