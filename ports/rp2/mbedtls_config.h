// SPDX-License-Identifier: MIT
//
// What this port takes out of usermod/ssl/mbedtls_config.h.

// hashlib.md5 is not in MicroPython's default configuration of these boards, and nothing else wants it: -3 KB.
#undef MBEDTLS_MD5_C

// Loops instead of repetition: -2 KB, and 14 % more instructions for SHA-256, which is a thirtieth of a handshake.
#define MBEDTLS_SHA256_SMALLER

// P-521 alone would need Mbed TLS's arithmetic of curves, and no public CA uses it: -9 KB.
#undef MBEDTLS_ECP_DP_SECP521R1_ENABLED
#undef MBEDTLS_ECP_NIST_OPTIM
#define MPY_SSL_EC_ONLY
