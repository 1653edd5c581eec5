// SPDX-License-Identifier: MIT
//
// Multiples of the generators for a multiplication by a signed comb, made by tools/ec_comb.py: 1 KB and 1.5 KB.
#ifndef MPY_SSL_EC_COMB_H
#define MPY_SSL_EC_COMB_H

#include <stdint.h>

#define MPY_SSL_COMB_TEETH 5
#define MPY_SSL_COMB_POINTS (1 << (MPY_SSL_COMB_TEETH - 1))
#define MPY_SSL_COMB_DISTANCE_P256 52 // bits from one tooth to the next; five times 52 are 260
#define MPY_SSL_COMB_DISTANCE_P384 77

// Entry i: the affine x and y, in Montgomery's form, of the sum over all teeth of plus or minus 2^(distance * tooth) times the
// generator: plus for the topmost tooth, for the others plus where that bit of i is set.
extern const uint32_t mpy_ssl_comb_p256[MPY_SSL_COMB_POINTS * 2 * 8];
extern const uint32_t mpy_ssl_comb_p384[MPY_SSL_COMB_POINTS * 2 * 12];

#endif
