// SPDX-License-Identifier: MIT
//
// Compiled in front of Mbed TLS 3.6's rsa.c, to leave out what computes the missing numbers of a private key: 0.7 KB. Keys come here from
// files only, which have them all (RFC 8017, A.1.2), and Mbed TLS refuses a file in which one is zero.
#ifndef MPY_SSL_RSA_COMPLETE_H
#define MPY_SSL_RSA_COMPLETE_H

#include "bignum_core.h" // of Mbed TLS's library folder; before its public headers
#include "rsa_alt_helpers.h"

#define mbedtls_rsa_deduce_primes(...) (MBEDTLS_ERR_RSA_BAD_INPUT_DATA)
#define mbedtls_rsa_deduce_private_exponent(...) (MBEDTLS_ERR_RSA_BAD_INPUT_DATA)

#endif
