// SPDX-License-Identifier: MIT
//
// ssl.debug(level): what Mbed TLS tells of its work, line by line, where print() prints.
//
// These are the functions that Mbed TLS calls with MBEDTLS_DEBUG_C, in the place of its own debug.c: at its levels 3 and 4 that prints
// buffers, numbers and points, premaster and master secrets among them. Here nothing of them comes out but names and sizes, so no line
// holds a key or data. A build has this with MPY_SSL_DEBUG=1: some 40 KB of flash, nearly all of it texts.
#ifndef MPY_SSL_DEBUG_H
#define MPY_SSL_DEBUG_H

#include "py/obj.h"

#include "mbedtls/ssl.h"

#ifndef MPY_SSL_DEBUG
#define MPY_SSL_DEBUG 0
#endif

// debug(level): 0 for nothing, which it is at first, 1 for errors, 2 for changes of state, 3 for messages and their extensions, 4 for
// records. Raises ValueError, and NotImplementedError in a build without it.
MP_DECLARE_CONST_FUN_OBJ_1(mpy_ssl_debug_obj);

#if MPY_SSL_DEBUG

struct mbedtls_ecdh_context;

void mbedtls_debug_print_msg(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *format, ...);
void mbedtls_debug_print_ret(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text, int ret);
void mbedtls_debug_print_buf(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text,
    const unsigned char *buf, size_t len);
void mbedtls_debug_print_mpi(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text, const mbedtls_mpi *X);
void mbedtls_debug_print_ecp(const mbedtls_ssl_context *ssl, int level, const char *file, int line, const char *text,
    const mbedtls_ecp_point *X);
void mbedtls_debug_printf_ecdh(const mbedtls_ssl_context *ssl, int level, const char *file, int line,
    const struct mbedtls_ecdh_context *ecdh, unsigned which);

#endif
#endif
