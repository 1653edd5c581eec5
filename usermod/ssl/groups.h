// SPDX-License-Identifier: MIT
//
// Groups for the agreement on keys (RFC 8446, 4.2.7; RFC 8422, 5.1.1): the default order, and names.
#ifndef MPY_SSL_GROUPS_H
#define MPY_SSL_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

#include "counted.h"

#ifndef MPY_SSL_GROUPS
#define MPY_SSL_GROUPS 1 // 0 leaves the choice out, and Mbed TLS's order in force
#endif

// An immutable list of groups, counted because every socket made with it keeps it: Mbed TLS does not copy.
typedef struct {
    mpy_ssl_counted_t counted;
    uint16_t ids[]; // IANA's numbers in order of preference, 0 at the end
} mpy_ssl_groups_t;

#if MPY_SSL_GROUPS

// All groups of this build, which a context has that was not told otherwise, 0 at the end. By what a handshake costs, both of a
// client's or server's multiplications together: X25519, P-256, P-384, P-521.
extern const uint16_t mpy_ssl_groups_default[];

// From a list or tuple of names or a string of names with colons between: OpenSSL's names, in upper or lower case. Raises ValueError
// for an unknown one, with those that are known, and for an empty list; TypeError; OSError(ENOMEM). The caller owns one reference.
mpy_ssl_groups_t *mpy_ssl_groups_new(mp_obj_t names);

// A list of the names of all groups of this build. May raise MemoryError.
mp_obj_t mpy_ssl_groups_names(void);

#endif

#endif
