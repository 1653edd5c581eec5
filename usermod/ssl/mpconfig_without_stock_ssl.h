// SPDX-License-Identifier: MIT
//
// Stands in front of a port's mpconfigport.h (MP_CONFIGFILE): switches the stock ssl module off, also where the port
// switches it on without asking (esp32), and keeps what some versions of MicroPython derive from it.
#include "mpconfigport.h"

// Some ports define this one by the next, so it is settled first.
#if MICROPY_SSL_MBEDTLS
#undef MICROPY_SSL_MBEDTLS
#define MICROPY_SSL_MBEDTLS 1
#endif

#undef MICROPY_PY_SSL
#define MICROPY_PY_SSL 0

// hashlib and cryptolib stay as complete as they are with stock ssl, unless the port says otherwise.
#ifndef MICROPY_PY_CRYPTOLIB
#define MICROPY_PY_CRYPTOLIB 1
#endif
#ifndef MICROPY_PY_HASHLIB_MD5
#define MICROPY_PY_HASHLIB_MD5 1
#endif
#ifndef MICROPY_PY_HASHLIB_SHA1
#define MICROPY_PY_HASHLIB_SHA1 1
#endif

// Mbed TLS lives in the GC heap where there is no other: bare metal, unless the port has a C heap and says so.
#if !defined(MICROPY_TRACKED_ALLOC) && !defined(MPY_SSL_C_HEAP) && !defined(__unix__) && !defined(__APPLE__) && !defined(_WIN32)
#define MICROPY_TRACKED_ALLOC 1
#endif
