// SPDX-License-Identifier: MIT
#include "hello.h"

#define HANDSHAKE_HEADER 4
#define CLIENT_HELLO 1
#define SERVER_HELLO 2
#define VERSION_AND_RANDOM 34
#define SUITE_AND_COMPRESSION 3
#define NAME_TYPE_HOST 0

// What follows version and random, and the session ID.
static bool take_head(const uint8_t *hello, size_t len, mpy_ssl_span_t *rest) {
    mpy_ssl_span_t skipped;
    *rest = (mpy_ssl_span_t) {hello, len};
    return mpy_ssl_span_take(rest, HANDSHAKE_HEADER, &skipped) && mpy_ssl_span_take(rest, VERSION_AND_RANDOM, &skipped)
           && mpy_ssl_span_take_vector(rest, 1, &skipped);
}

static bool take_extensions(const uint8_t *hello, size_t len, mpy_ssl_span_t *extensions) {
    mpy_ssl_span_t rest;
    mpy_ssl_span_t skipped;
    bool ok = take_head(hello, len, &rest);
    if (ok && hello[0] == CLIENT_HELLO) {
        ok = mpy_ssl_span_take_vector(&rest, 2, &skipped) && mpy_ssl_span_take_vector(&rest, 1, &skipped); // suites, compression
    } else if (ok) {
        ok = hello[0] == SERVER_HELLO && mpy_ssl_span_take(&rest, SUITE_AND_COMPRESSION, &skipped);
    }
    return ok && mpy_ssl_span_take_vector(&rest, 2, extensions);
}

bool mpy_ssl_hello_extension(const uint8_t *hello, size_t len, uint16_t type, mpy_ssl_span_t *body) {
    mpy_ssl_span_t extensions;
    uint32_t found;
    bool more = take_extensions(hello, len, &extensions);
    while (more && mpy_ssl_span_take_number(&extensions, 2, &found)) {
        more = mpy_ssl_span_take_vector(&extensions, 2, body);
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
    if (mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_SERVER_NAME, &body) && mpy_ssl_span_take_vector(&body, 2, &list)) {
        while (mpy_ssl_span_take(&list, 1, &type) && mpy_ssl_span_take_vector(&list, 2, &name)) {
            if (type.data[0] == NAME_TYPE_HOST) {
                return name;
            }
        }
    }
    return (mpy_ssl_span_t) {NULL, 0};
}

bool mpy_ssl_hello_offers_suite(const uint8_t *hello, size_t len, int suite) {
    mpy_ssl_span_t rest;
    mpy_ssl_span_t suites;
    uint32_t offered;
    if (take_head(hello, len, &rest) && hello[0] == CLIENT_HELLO && mpy_ssl_span_take_vector(&rest, 2, &suites)) {
        while (mpy_ssl_span_take_number(&suites, 2, &offered)) {
            if ((int)offered == suite) {
                return true;
            }
        }
    }
    return false;
}
