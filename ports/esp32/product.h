// SPDX-License-Identifier: MIT
//
// Products of long numbers, each where it is fastest: in the chip's MPI engine or in software.
//
// An engine has to be locked, loaded and read, which for a short product takes longer than to compute it. These functions
// stand for those of ESP-IDF's Mbed TLS (the linker's --wrap) and go by mpy_ssl_accelerator.product_words.
#ifndef MPY_SSL_ESP32_PRODUCT_H
#define MPY_SSL_ESP32_PRODUCT_H

#include "mbedtls/bignum.h"

// Contracts are Mbed TLS's: X = A * B, any of them may be the same. 0 or MBEDTLS_ERR_MPI_ALLOC_FAILED.
int __wrap_mbedtls_mpi_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B);
int __wrap_mbedtls_mpi_mul_int(mbedtls_mpi *X, const mbedtls_mpi *A, mbedtls_mpi_uint b);

#endif
