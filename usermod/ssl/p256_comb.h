// SPDX-License-Identifier: MIT
//
// Multiples of P-256's generator for a multiplication by a signed comb: 1 KB, made by tools/p256_comb.py.
#ifndef MPY_SSL_P256_COMB_H
#define MPY_SSL_P256_COMB_H

#include "p256_field.h"

#define MPY_SSL_P256_COMB_TEETH 5
#define MPY_SSL_P256_COMB_DISTANCE 52 // bits from one tooth to the next; five times 52 are 260
#define MPY_SSL_P256_COMB_POINTS (1 << (MPY_SSL_P256_COMB_TEETH - 1))

// [i]: the affine x and y, in Montgomery's form, of the sum over all teeth of plus or minus 2^(52 tooth) times the
// generator: plus for the topmost tooth, for the others plus where that bit of i is set.
extern const mpy_ssl_fe mpy_ssl_p256_comb[MPY_SSL_P256_COMB_POINTS][2];

#endif
