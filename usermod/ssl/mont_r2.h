// SPDX-License-Identifier: MIT
//
// The square of Montgomery's R modulo N, with which each first use of an RSA key begins, and so each verification with a CA that is parsed
// for one handshake (certificate.h). Mbed TLS divides for it, bit by bit; here it takes a division a limb: an eighth of the instructions.
//
// What bignum.c and rsa.c of Mbed TLS call comes here by a name that they are compiled with. Like Mbed TLS's own it takes a time that
// depends on N, which is public, or a prime of a private key, for which it is asked once.
#ifndef MPY_SSL_MONT_R2_H
#define MPY_SSL_MONT_R2_H

#include "mbedtls/bignum.h"

// X = 2^(2 n b) modulo N, where N has n limbs of b bits. 0, MBEDTLS_ERR_MPI_ALLOC_FAILED, or MBEDTLS_ERR_MPI_DIVISION_BY_ZERO.
int __wrap_mbedtls_mpi_core_get_mont_r2_unsafe(mbedtls_mpi *X, const mbedtls_mpi *N);

#endif
