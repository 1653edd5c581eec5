// SPDX-License-Identifier: MIT
//
// Arithmetic of long numbers, each where it is fastest: in the chip's MPI engine or in software.
//
// An engine has to be locked, loaded and read, which for a short product takes longer than to compute it. These functions
// stand for those of ESP-IDF's Mbed TLS (the linker's --wrap) and go by mpy_ssl_accelerator.product_words.
//
// The other way round, Mbed TLS from 3.6.1 on raises to public exponents (each verification of an RSA signature) by a function
// of its own, which no engine stands for: 4 M instructions on RV32 for 2048 bits, where the engine's way takes 13 to 19 ms.
#ifndef MPY_SSL_ESP32_PRODUCT_H
#define MPY_SSL_ESP32_PRODUCT_H

#include "mbedtls/bignum.h"

// Contracts are Mbed TLS's: X = A * B, any of them may be the same. 0 or MBEDTLS_ERR_MPI_ALLOC_FAILED.
int __wrap_mbedtls_mpi_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B);
int __wrap_mbedtls_mpi_mul_int(mbedtls_mpi *X, const mbedtls_mpi *A, mbedtls_mpi_uint b);

// X = A^E mod N with nothing secret in E: by mbedtls_mpi_exp_mod(), which has the engine and falls back to software beyond it.
// `RR` is a cache that both fill with the same.
int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR);

// X = A^E mod N: by the engine, or by software while mpy_ssl_software_only.
int __wrap_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR);

#endif
