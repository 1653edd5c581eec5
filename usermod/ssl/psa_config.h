// SPDX-License-Identifier: MIT
//
// What Mbed TLS's PSA has to offer for the key schedule of TLS 1.3 (RFC 8446, 7.1), and nothing else: ECDH, HKDF, HMAC, hashes.
// Mbed TLS includes it after mbedtls_config.h, in place of its own psa/crypto_config.h: the build gives the path as
// MBEDTLS_PSA_CRYPTO_CONFIG_FILE.
#ifndef MPY_SSL_PSA_CONFIG_H
#define MPY_SSL_PSA_CONFIG_H

#define PSA_WANT_ALG_SHA_256 1
#define PSA_WANT_ALG_SHA_384 1
#define PSA_WANT_ALG_HMAC 1
#define PSA_WANT_ALG_HKDF_EXTRACT 1
#define PSA_WANT_ALG_HKDF_EXPAND 1
#define PSA_WANT_ALG_ECDH 1

#define PSA_WANT_KEY_TYPE_HMAC 1
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_IMPORT 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_EXPORT 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1

// The curves are those of mbedtls_config.h.

#endif
