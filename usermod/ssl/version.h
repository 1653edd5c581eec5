// SPDX-License-Identifier: MIT
//
// Versions of TLS, as CPython names and numbers them, and what this build can do: the HAS_* flags.
#ifndef MPY_SSL_VERSION_H
#define MPY_SSL_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "py/obj.h"

#include "mbedtls/ssl.h"

// ssl.TLSVersion: ProtocolVersion of the RFCs as a number, and CPython's two for the ends of what is there.
enum {
    MPY_SSL_VERSION_MINIMUM_SUPPORTED = -2,
    MPY_SSL_VERSION_MAXIMUM_SUPPORTED = -1,
};
extern const mp_obj_type_t mpy_ssl_type_tls_version;

// The oldest and the newest version of this build, for the preprocessor too. An SDK's Mbed TLS may have a TLS 1.3 that this module does not drive.
#define MPY_SSL_VERSION_OLDEST 0x0303
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MPY_SSL_TLS1_3)
#define MPY_SSL_VERSION_NEWEST 0x0304
#else
#define MPY_SSL_VERSION_NEWEST 0x0303
#endif

// The newest version that a context allows unless it is told otherwise. A client takes what there is, because there are servers with
// nothing older. Every client knows TLS 1.2, so a server saves itself the key exchange that each resumed handshake of TLS 1.3 has.
#ifndef MPY_SSL_VERSION_CLIENT_DEFAULT
#define MPY_SSL_VERSION_CLIENT_DEFAULT MPY_SSL_VERSION_NEWEST
#endif
#ifndef MPY_SSL_VERSION_SERVER_DEFAULT
#define MPY_SSL_VERSION_SERVER_DEFAULT 0x0303
#endif

// A context's bounds from what a program assigns to minimum_version and maximum_version. A minimum below what is there, and
// a maximum above it, mean the end of what is there, because they allow it. Raise ValueError if nothing is left.
uint16_t mpy_ssl_version_minimum(mp_obj_t value);
uint16_t mpy_ssl_version_maximum(mp_obj_t value);

#endif
