// SPDX-License-Identifier: MIT
#include "hello.h"
#include "message_header.h"

#define CLIENT_HELLO 1
#define SERVER_HELLO 2
#define ENCRYPTED_EXTENSIONS 8
#define VERSION_AND_RANDOM 34
#define SUITE_AND_COMPRESSION 3
#define NAME_TYPE_HOST 0

// What follows version and random, and the session ID.
static bool take_head(const uint8_t *hello, size_t len, mpy_ssl_span_t *rest) {
    mpy_ssl_span_t skipped;
    *rest = (mpy_ssl_span_t) {hello, len};
    return mpy_ssl_span_take(rest, MPY_SSL_MESSAGE_HEADER, &skipped) && mpy_ssl_span_take(rest, VERSION_AND_RANDOM, &skipped)
           && mpy_ssl_span_take_vector(rest, 1, &skipped);
}

// Takes all in front of the extensions.
static bool take_fixed_part(const uint8_t *message, size_t len, mpy_ssl_span_t *rest) {
    mpy_ssl_span_t skipped;
    #if defined(MPY_SSL_MESSAGE_CHECKS)
    if (message[0] == ENCRYPTED_EXTENSIONS) {
        *rest = (mpy_ssl_span_t) {message, len};
        return mpy_ssl_span_take(rest, MPY_SSL_MESSAGE_HEADER, &skipped);
    }
    #endif
    bool ok = take_head(message, len, rest);
    if (ok && message[0] == CLIENT_HELLO) {
        return mpy_ssl_span_take_vector(rest, 2, &skipped) && mpy_ssl_span_take_vector(rest, 1, &skipped); // suites, compression
    }
    return ok && message[0] == SERVER_HELLO && mpy_ssl_span_take(rest, SUITE_AND_COMPRESSION, &skipped);
}

#if defined(MPY_SSL_MESSAGE_CHECKS)
bool mpy_ssl_hello_extensions(const uint8_t *message, size_t len, mpy_ssl_span_t *extensions) {
    mpy_ssl_span_t rest;
    *extensions = (mpy_ssl_span_t) {NULL, 0};
    return take_fixed_part(message, len, &rest) && (rest.len == 0 || (mpy_ssl_span_take_vector(&rest, 2, extensions) && rest.len == 0));
}
#endif

bool mpy_ssl_hello_next(mpy_ssl_span_t *extensions, uint16_t *type, mpy_ssl_span_t *body) {
    mpy_ssl_span_t rest = *extensions;
    uint32_t number;
    if (!mpy_ssl_span_take_number(&rest, 2, &number) || !mpy_ssl_span_take_vector(&rest, 2, body)) {
        return false;
    }
    *type = (uint16_t)number;
    *extensions = rest;
    return true;
}

bool mpy_ssl_hello_extension(const uint8_t *hello, size_t len, uint16_t type, mpy_ssl_span_t *body) {
    mpy_ssl_span_t rest;
    mpy_ssl_span_t extensions;
    uint16_t found;
    bool more = take_fixed_part(hello, len, &rest) && mpy_ssl_span_take_vector(&rest, 2, &extensions);
    while (more && mpy_ssl_hello_next(&extensions, &found, body)) {
        if (found == type) {
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
