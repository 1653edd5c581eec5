// SPDX-License-Identifier: MIT
//
// Cipher suites: the default order, and names.
#ifndef MPY_SSL_CIPHERS_H
#define MPY_SSL_CIPHERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

#include "counted.h"
#include "psk.h"

// An immutable list of suites, counted because every socket made with it keeps it: Mbed TLS does not copy.
typedef struct {
    mpy_ssl_counted_t counted;
    int ids[]; // IANA numbers in order of preference, 0 at the end
} mpy_ssl_ciphers_t;

// The suites of a context that was not told otherwise, 0 at the end. Forward secrecy only; first the AEADs, of which
// ChaCha20-Poly1305 is the fastest in software and constant-time; CBC with SHA-2 and encrypt-then-MAC for old peers. A port
// whose chip does all of GCM, GHASH too, defines MPY_SSL_GCM_ENGINE=1, and AES-128-GCM is first. AES alone is not enough.
extern const int mpy_ssl_ciphers_default[];

// The ids[] that are in force: of `ciphers`, or without them the default of contexts with PSK or without. That with PSK has forward
// secrecy, too: suites without (TLS-PSK-…) have to be named.
#if MPY_SSL_HAVE_PSK
const int *mpy_ssl_ciphers_ids(const mpy_ssl_ciphers_t *ciphers, bool psk);
#else
#define mpy_ssl_ciphers_ids(ciphers, psk) ((ciphers) != NULL ? (ciphers)->ids : mpy_ssl_ciphers_default)
#endif

// True if all of ids[] have PSK, or none.
#if MPY_SSL_HAVE_PSK
bool mpy_ssl_ciphers_are(const int *ids, bool psk);
#else
#define mpy_ssl_ciphers_are(ids, psk) (true)
#endif

// From a list or tuple of names, IANA's (TLS_ECDHE_…) or Mbed TLS's (TLS-ECDHE-…). Raises ValueError naming the first
// unknown one, or for an empty list; TypeError for other types; MemoryError. The caller owns one reference.
mpy_ssl_ciphers_t *mpy_ssl_ciphers_new(mp_obj_t names);

// Narrows the bounds to the versions that ids[] has suites for, because TLS 1.3 has suites of its own: a program that names suites
// gets these and no others. Nothing is left if *minimum is above *maximum afterwards.
void mpy_ssl_ciphers_versions(const int *ids, uint16_t *minimum, uint16_t *maximum);

// Length of the suite's encryption key in bits, as CPython's cipher() gives it.
int mpy_ssl_ciphers_bits(int id);

// A list of the names of ids[], without those that this build does not have. May raise MemoryError.
mp_obj_t mpy_ssl_ciphers_names(const int *ids);

#endif
