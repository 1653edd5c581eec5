// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/bignum.h"
#include "bignum_core.h" // of Mbed TLS's library/, which ESP-IDF has on its path

#include "accelerator.h"
#include "product.h"

#define LIMBS(X) ((X)->MBEDTLS_PRIVATE(p))
#define SIGN(X) ((X)->MBEDTLS_PRIVATE(s))

int __real_mbedtls_mpi_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B);
int __real_mbedtls_mpi_mul_int(mbedtls_mpi *X, const mbedtls_mpi *A, mbedtls_mpi_uint b);

// Of ESP-IDF's Mbed TLS, under the engine's function of that name.
int __real_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR);
int mbedtls_mpi_exp_mod_soft(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR);

static size_t words(const mbedtls_mpi *X) {
    size_t n = X->MBEDTLS_PRIVATE(n);
    while (n > 0 && LIMBS(X)[n - 1] == 0) {
        --n;
    }
    return n;
}

// X is neither A nor B.
static int multiply(mbedtls_mpi *X, const mbedtls_mpi *A, size_t a_words, const mbedtls_mpi *B, size_t b_words) {
    int ret = mbedtls_mpi_grow(X, a_words + b_words);
    if (ret == 0) {
        memset(LIMBS(X), 0, X->MBEDTLS_PRIVATE(n) * sizeof(mbedtls_mpi_uint));
        if (a_words > 0 && b_words > 0) {
            mbedtls_mpi_core_mul(LIMBS(X), LIMBS(A), a_words, LIMBS(B), b_words);
            SIGN(X) = SIGN(A) * SIGN(B);
        } else {
            SIGN(X) = 1;
        }
    }
    return ret;
}

static int multiply_in_software(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B) {
    size_t a_words = words(A), b_words = words(B);
    mbedtls_mpi a, b;
    int ret = 0;
    mbedtls_mpi_init(&a);
    mbedtls_mpi_init(&b);
    if (X == A) {
        ret = mbedtls_mpi_copy(&a, A);
        A = &a;
    }
    if (ret == 0 && X == B) {
        ret = mbedtls_mpi_copy(&b, B);
        B = &b;
    }
    if (ret == 0) {
        ret = multiply(X, A, a_words, B, b_words);
    }
    mbedtls_mpi_free(&b);
    mbedtls_mpi_free(&a);
    return ret;
}

int __wrap_mbedtls_mpi_mul_mpi(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *B) {
    if (mpy_ssl_software_only || words(A) * words(B) < mpy_ssl_accelerator.product_words) {
        return multiply_in_software(X, A, B);
    }
    return __real_mbedtls_mpi_mul_mpi(X, A, B);
}

int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR) {
    return mbedtls_mpi_exp_mod(X, A, E, N, RR);
}

#if MPY_SSL_EXP_MOD_SOFT

int __wrap_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
    mbedtls_mpi *RR) {
    return mpy_ssl_software_only ? mbedtls_mpi_exp_mod_soft(X, A, E, N, RR) : __real_mbedtls_mpi_exp_mod(X, A, E, N, RR);
}

#endif

int __wrap_mbedtls_mpi_mul_int(mbedtls_mpi *X, const mbedtls_mpi *A, mbedtls_mpi_uint b) {
    if (mpy_ssl_software_only || words(A) < mpy_ssl_accelerator.product_words) {
        mbedtls_mpi B = {.MBEDTLS_PRIVATE(p) = &b, .MBEDTLS_PRIVATE(s) = 1, .MBEDTLS_PRIVATE(n) = 1};
        return multiply_in_software(X, A, &B);
    }
    return __real_mbedtls_mpi_mul_int(X, A, b);
}
