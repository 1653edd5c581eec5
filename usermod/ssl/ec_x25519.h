// SPDX-License-Identifier: MIT
//
// X25519 (RFC 7748, 5): the u coordinate of a multiple of a point on Curve25519, without memory from a heap.
//
// Numbers are eight words of 32 bits, the least significant first, in an mpy_ssl_fe whose other words are not looked at. The
// sequence of instructions and of addresses depends on none of them. About 600 bytes of stack.
#ifndef MPY_SSL_EC_X25519_H
#define MPY_SSL_EC_X25519_H

#include "ec_field.h"

#ifndef MPY_SSL_X25519
#define MPY_SSL_X25519 1 // 0 leaves the group out; see mbedtls_config.h
#endif

// Numbers modulo p = 2^255 - 19 as they are, and not in Montgomery's form: `square` is not used. Arguments may be any numbers below
// 2^256, but for those of add: below 2^255 + 2^23, which a product, a square and a number below p are. No result need be below p.
// b of sub is at most 2^256 - 38. RV32IM: 680, 490, 70 and 80 instructions.
extern const mpy_ssl_field mpy_ssl_field_25519;

// r = scalar * u, below p, for a scalar with the bits set and cleared that RFC 7748 calls for (decodeScalar25519), and any u, whose
// topmost bit is ignored; u = 9 if it is NULL. r is zero if u is of small order, which the caller has to look for (6.1). `blind` is
// random and scales the coordinates that are computed with, as in ec_point.h. RV32IM: 1.7 M instructions, 1.6 M with 9.
void mpy_ssl_x25519(mpy_ssl_fe *r, const mpy_ssl_fe *scalar, const mpy_ssl_fe *u, const mpy_ssl_fe *blind);

#endif
