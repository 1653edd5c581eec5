// SPDX-License-Identifier: MIT
//
// Secrets of connections in the format of NSS (SSLKEYLOGFILE), for tools like Wireshark: one line for a handshake of TLS 1.2, five for one
// of TLS 1.3. Off unless a program sets SSLContext.keylog_filename or keylog_callback; a build without MPY_SSL_KEYLOG does not have it. What was logged opens its connection.
#ifndef MPY_SSL_KEYLOG_H
#define MPY_SSL_KEYLOG_H

#include <stddef.h>

#include "py/obj.h"

#include "mbedtls/ssl.h"

#ifndef MPY_SSL_KEYLOG
#define MPY_SSL_KEYLOG 1
#endif

// Part of a connection; all zero at the start.
typedef struct {
    mp_obj_t file;     // path to append to, or MP_OBJ_NULL or None
    mp_obj_t callback; // callable(line: str), the line without its end; or MP_OBJ_NULL or None
    char *lines;    // to be written, each with its newline; zeroed before they are freed
    size_t len;     // of lines
    const mbedtls_ssl_context *ssl;
} mpy_ssl_keylog_t;

// What a program may assign to keylog_filename: a path, which is opened once to see whether that works, or None.
void mpy_ssl_keylog_check(mp_obj_t file);

// The same for keylog_callback: a callable or None. Raises TypeError.
void mpy_ssl_keylog_check_callback(mp_obj_t callback);

// Collects the secrets of `ssl`, if there is a file or a callback for them. After mbedtls_ssl_setup().
void mpy_ssl_keylog_start(mpy_ssl_keylog_t *keylog, mbedtls_ssl_context *ssl, mp_obj_t file, mp_obj_t callback);

// Writes what was collected since the last call. Runs Python's files and the callback, so it must not be called inside Mbed TLS. Does not
// raise; returns the exception, or MP_OBJ_NULL.
mp_obj_t mpy_ssl_keylog_write(mpy_ssl_keylog_t *keylog);

// Frees the lines.
void mpy_ssl_keylog_free(mpy_ssl_keylog_t *keylog);

#endif
