// SPDX-License-Identifier: MIT
//
// What a chip computes by itself, and what the module says about it.
//
// A port that has engines defines MPY_SSL_ACCELERATOR=1 and mpy_ssl_accelerator; the linker's --wrap puts it between Mbed
// TLS and the engine. With MPY_SSL_ACCELERATOR_SHA256=1 and --wrap=mbedtls_sha256 that is here: software takes over whenever the engine refuses, and for
// good when it fails its known answer at the first use. An SDK whose Mbed TLS drives engines by itself is only listed.
#ifndef MPY_SSL_ACCELERATOR_H
#define MPY_SSL_ACCELERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

typedef struct {
    const char *algorithm; // a key of ssl.engines(), NULL at the end of a list
    const char *name;
    bool has_software;     // software for it is in the image too, and used while mpy_ssl_software_only
} mpy_ssl_engine_t;

// How often engines were started for an algorithm.
typedef struct {
    const char *algorithm;      // NULL at the end of a list
    const uint32_t *operations; // since power-up; wraps around
} mpy_ssl_engine_count_t;

typedef struct {
    const mpy_ssl_engine_t *engines; // those that Mbed TLS itself drives, or NULL
    // Products of long numbers that take fewer multiplications of words than this are faster in software; 0: none is. The
    // port's wrap of mbedtls_mpi_mul_mpi() goes by it.
    size_t product_words;
    // Mbed TLS hands the multiplication of points of P-256 to an engine: ec_mbedtls.c leaves it there.
    bool multiplies_points;
    const char *sha256_name; // for ssl.engines(), or NULL: there is none
    // SHA-256 of a whole message. False, with nothing written, if the engine cannot be had now. Runs on either core.
    bool (*sha256)(const unsigned char *data, size_t len, unsigned char digest[32]);
    const mpy_ssl_engine_count_t *counts; // for ssl.engine_counts(), or NULL: this build does not count
} mpy_ssl_accelerator_t;

extern const mpy_ssl_accelerator_t mpy_ssl_accelerator;

#if MPY_SSL_ACCELERATOR
#define MPY_SSL_ENGINE_MULTIPLIES_POINTS (mpy_ssl_accelerator.multiplies_points && !mpy_ssl_software_only)
#else
#define MPY_SSL_ENGINE_MULTIPLIES_POINTS (false)
#endif

// True while what has software beside its engine uses that, for comparing the two. Only with MPY_SSL_ACCELERATOR.
extern bool mpy_ssl_software_only;

// Where entropy comes from, as ssl.engines() shows it. Weak: "hardware", or "operating system"; a port knows better.
const char *mpy_ssl_entropy_name(void);

// ssl.engines(): a dict from an algorithm's name to what computes it: an engine's name, or "software".
MP_DECLARE_CONST_FUN_OBJ_0(mpy_ssl_engines_obj);

// ssl.engine_counts(): a dict from an algorithm's name to the operations that its engine has done since power-up. Empty if this
// build does not count or has no engines.
MP_DECLARE_CONST_FUN_OBJ_0(mpy_ssl_engine_counts_obj);

// _ssl_primitives.software_only(flag): see primitives.h.
MP_DECLARE_CONST_FUN_OBJ_1(mpy_ssl_software_only_obj);

#endif
