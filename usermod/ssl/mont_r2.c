// SPDX-License-Identifier: MIT
#include "mont_r2.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BITS (8 * sizeof(mbedtls_mpi_uint))

typedef struct {
    const mbedtls_mpi_uint *limb; // the lowest first
    size_t limbs;
} number;

static bool is_below(const mbedtls_mpi_uint *a, const number *n) {
    size_t i = n->limbs - 1;
    while (i > 0 && a[i] == n->limb[i]) {
        i--;
    }
    return a[i] < n->limb[i];
}

// a -= factor * n. Returns what is still to be taken from the limb above.
static mbedtls_mpi_uint subtract(mbedtls_mpi_uint *a, const number *n, mbedtls_mpi_uint factor) {
    mbedtls_mpi_uint above = 0;
    for (size_t i = 0; i < n->limbs; i++) {
        mbedtls_t_udbl product = (mbedtls_t_udbl)factor * n->limb[i] + above;
        mbedtls_mpi_uint low = (mbedtls_mpi_uint)product;
        above = (mbedtls_mpi_uint)(product >> BITS) + (a[i] < low);
        a[i] -= low;
    }
    return above;
}

// a becomes a 2^b modulo n, for a below n. The quotient is guessed from the topmost limbs: too low by 3 at most if n has the topmost bit;
// else each guess leaves half of what was there, about.
static void shift(mbedtls_mpi_uint *a, const number *n) {
    size_t last = n->limbs - 1;
    mbedtls_mpi_uint top = a[last];
    memmove(a + 1, a, last * sizeof(*a));
    a[0] = 0;
    while (top != 0 || !is_below(a, n)) {
        mbedtls_t_udbl guess = ((mbedtls_t_udbl)top << BITS | a[last]) / ((mbedtls_t_udbl)n->limb[last] + 1);
        top -= subtract(a, n, guess != 0 ? (mbedtls_mpi_uint)guess : 1);
    }
}

int __wrap_mbedtls_mpi_core_get_mont_r2_unsafe(mbedtls_mpi *X, const mbedtls_mpi *N) {
    const size_t limbs = N->MBEDTLS_PRIVATE(n);
    number n = {N->MBEDTLS_PRIVATE(p), limbs};
    while (n.limbs > 0 && n.limb[n.limbs - 1] == 0) {
        n.limbs--; // a key's modulus begins with a zero byte in DER, which gets a limb
    }
    int ret = n.limbs > 0 ? mbedtls_mpi_grow(X, limbs) : MBEDTLS_ERR_MPI_DIVISION_BY_ZERO;
    ret = ret == 0 ? mbedtls_mpi_lset(X, 0) : ret;
    if (ret == 0) {
        X->MBEDTLS_PRIVATE(p)[n.limbs - 1] = 1;
        for (size_t i = n.limbs - 1; i < 2 * limbs; i++) {
            shift(X->MBEDTLS_PRIVATE(p), &n);
        }
    }
    return ret;
}
