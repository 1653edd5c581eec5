// SPDX-License-Identifier: MIT
//
// Random numbers: one CTR_DRBG (NIST SP 800-90A, AES-256) for the whole module, seeded from the port.
#ifndef MPY_SSL_RANDOM_H
#define MPY_SSL_RANDOM_H

#include <stddef.h>

// What a port provides, under the name that Mbed TLS gave it: true random bytes from hardware. Writes *olen <= len
// bytes and returns 0, or returns a negative Mbed TLS error. Weak here, and failing: a port without an entropy source
// has no TLS. On unix the module reads getrandom(). A weak definition hides a strong one that is in a library: a port whose
// objects are in one, or whose SDK has this function, defines MPY_SSL_PORT_ENTROPY=1, and nothing is defined here.
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen);

// Seeds the generator if it is not seeded yet. Returns 0 or MBEDTLS_ERR_ENTROPY_SOURCE_FAILED; the latter also when
// the source is stuck (repeats itself), as SP 800-90B, 4.4 asks.
int mpy_ssl_random_ready(void);

// Fills output[0 .. len-1]. Signature of Mbed TLS's f_rng; ctx is ignored. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_random(void *ctx, unsigned char *output, size_t len);

// Makes Mbed TLS's PSA ready, which TLS 1.3 derives its keys with and takes its random numbers from here; 0 without TLS 1.3.
// It holds no memory but its static key slots, and they are empty whenever no connection is open: there is nothing to free.
// To be called after mpy_ssl_random_ready(). Returns 0 or MBEDTLS_ERR_SSL_INTERNAL_ERROR.
int mpy_ssl_random_psa_ready(void);

#endif
