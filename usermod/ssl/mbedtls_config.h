// SPDX-License-Identifier: MIT
//
// The Mbed TLS 3.6 configuration of this module: TLS 1.2 and 1.3, client and server, ECDHE with AEAD or CBC suites, X.509, PSK.
// Sizes behind an option are bytes of flash on RV32IMC at -Os unless stated; DESIGN.md has the measurements.
// Options that are absent are absent on purpose; the reasons stand at the end.
#ifndef MPY_SSL_MBEDTLS_CONFIG_H
#define MPY_SSL_MBEDTLS_CONFIG_H

#include <stddef.h>

// Tells the module that this file is in force, and not the configuration of a port or an SDK.
#define MPY_SSL_OWN_CONFIG

// --- Platform -------------------------------------------------------------------------------------------------
// Memory comes from memory.c: the GC heap where the port tracks allocations, the C heap elsewhere.
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO mpy_ssl_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO mpy_ssl_free
void *mpy_ssl_calloc(size_t n, size_t size);
void mpy_ssl_free(void *ptr);

// The wall clock is MicroPython's; without it expired certificates would pass. See clock.c.
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO long long
#define MBEDTLS_PLATFORM_TIME_MACRO mpy_ssl_time
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#define MBEDTLS_PLATFORM_MS_TIME_ALT
long long mpy_ssl_time(long long *seconds);

#define MBEDTLS_DEPRECATED_REMOVED

// Assembly for multi-precision multiplication where Mbed TLS has it (Arm, Xtensa has none): RSA 1.5 to 1.8 times faster.
#define MBEDTLS_HAVE_ASM

// --- Random numbers -------------------------------------------------------------------------------------------
// One CTR_DRBG for all, seeded straight from the port's entropy source: no entropy pool, which saves its
// accumulator (about 700 bytes of heap for each context of the stock module). See random.c.
#define MBEDTLS_CTR_DRBG_C

// --- Ciphers and hashes ---------------------------------------------------------------------------------------
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES          // tables in flash instead of 8.5 KB of RAM
#define MBEDTLS_AES_FEWER_TABLES        // -5.6 KB; a block of AES-256 takes 460 instructions more on RV32IMAC
#define MBEDTLS_GCM_C
#define MBEDTLS_BLOCK_CIPHER_C          // GCM has its AES in itself: 160 bytes of heap less a connection, and fewer calls
#define MBEDTLS_CHACHA20_C              // ChaCha20-Poly1305: +3 KB, 2.6 to 5 times fewer instructions a byte than AES-GCM
#define MBEDTLS_POLY1305_C              // in software, and no table that a cache could betray
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_CIPHER_MODE_CBC         // old servers, and MicroPython's cryptolib
#define MBEDTLS_CIPHER_MODE_CTR         // cryptolib
#define MBEDTLS_CIPHER_PADDING_PKCS7    // encrypted private keys
#define MBEDTLS_MD_C
#define MBEDTLS_MD5_C                   // hashlib only: no suite and no certificate may use it
#define MBEDTLS_SHA1_C                  // hashlib, and CBC suites that a program asks for by name
#if defined(MPY_SSL_SHA1_SMALL) && MPY_SSL_SHA1_SMALL // an option of the build
#define MBEDTLS_SHA1_PROCESS_ALT        // -4.0 KB on a Cortex-M0+: sha1_small.c
#endif
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA512_SMALLER          // -2.2 KB; only suites and certificates with SHA-384 notice

// --- Public keys ----------------------------------------------------------------------------------------------
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_OID_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21               // RSA-PSS signatures in certificates
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#if !defined(MPY_SSL_X25519) || MPY_SSL_X25519 // an option of the build
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#endif
#define MBEDTLS_ECP_NIST_OPTIM          // +2.7 KB; P-521 takes 4 to 6 times fewer instructions
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0 // -10 KB: tables of all curves; P-256 and P-384 have their own (ec_comb.h)
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC     // RFC 6979: a weak random number cannot reveal the server's key
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PKCS5_C                 // PBES2, for load_cert_chain(password=)
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C

// --- Certificates ---------------------------------------------------------------------------------------------
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_REMOVE_INFO        // -2.7 KB: texts that nobody prints

// --- TLS ------------------------------------------------------------------------------------------------------
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_CIPHERSUITES MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 // its default, which ciphers.c overrules: -0.8 KB, and 0.1 KB of RAM
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET  // RFC 7627, +0.6 KB with the next: against triple handshakes
#define MBEDTLS_SSL_ENCRYPT_THEN_MAC        // RFC 7366: CBC without padding oracles
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES      // bad_record_mac is sent, not only meant
#define MBEDTLS_SSL_SESSION_TICKETS         // resumption, both roles, by ticket and by session ID: see resume.h
#define MBEDTLS_SSL_ALPN                    // RFC 7301: set_alpn_protocols()
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE   // getpeercert(); the first certificate's DER stays on the heap
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_RSA_ENABLED    // never offered by default (no forward secrecy): see ciphers.c

#if defined(MPY_SSL_PSK)
#define MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED
#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED    // no forward secrecy, so by name only: what other stacks of this size have
#define MBEDTLS_PSK_MAX_LEN 64              // RFC 4279, 5.3
#endif

#if !defined(MPY_SSL_MFL) || MPY_SSL_MFL
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH     // RFC 6066, 4: an option of the build, see fragment.h
#if defined(MPY_SSL_TLS1_3)
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT       // RFC 8449: see record_size_limit.h
#endif
#endif
#if defined(MPY_SSL_DTLS)
#define MBEDTLS_SSL_PROTO_DTLS
#define MBEDTLS_SSL_DTLS_ANTI_REPLAY
#define MBEDTLS_SSL_DTLS_HELLO_VERIFY       // RFC 6347, 4.2.1: else anybody can have a server send certificates to any address
#define MBEDTLS_SSL_COOKIE_C
#define MBEDTLS_SSL_DTLS_MAX_BUFFERING 8192 // bytes of messages that come in pieces, or too early; buffers.c has room for the longest
#endif

// A record from the peer may have 16 KB (RFC 5246, 6.2.1) and has to fit; ours are cut to 4 KB to save 12 KB. The buffers have
// these sizes only while such records are in them: buffers.c.
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4096

// --- TLS 1.3 --------------------------------------------------------------------------------------------------
// An option of the build, see micropython.mk and micropython.cmake. Mbed TLS derives its keys through PSA, of which
// psa_config.h asks for no more than that: keys in static slots, random numbers from random.c, no files. X.509, records and
// TLS 1.2 stay with the functions above.
#if defined(MPY_SSL_TLS1_3)
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED // resumption, never without a key exchange
#define MBEDTLS_SSL_TLS1_3_TICKET_AGE_TOLERANCE (1000LL * 86400 * 7) // ms; a clock that was set must not end resumption, and early data, which age guards, is not built
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE // RFC 8446, D.4: middleboxes that expect TLS 1.2
#define MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY 1 // no padding; record.c knows an encrypted alert by its length
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG       // random.c
#define MBEDTLS_PSA_CRYPTO_CONFIG             // the build names psa_config.h in MBEDTLS_PSA_CRYPTO_CONFIG_FILE
// A client's handshake holds one from its ClientHello to the server's; each step takes up to two more for its own time.
#ifndef MBEDTLS_PSA_KEY_SLOT_COUNT
#define MBEDTLS_PSA_KEY_SLOT_COUNT 16
#endif
#if defined(__linux__)
#define MBEDTLS_THREADING_C                   // threads without a global lock share the slots
#define MBEDTLS_THREADING_PTHREAD
#endif
#endif

// --- Debugging ------------------------------------------------------------------------------------------------
// An option of the build: calls of the functions in debug.c, and the texts for them, +50 KB.
#if defined(MPY_SSL_DEBUG) && MPY_SSL_DEBUG
#define MBEDTLS_DEBUG_C
#endif

// A port may add to or change the above for its chip (accelerators, smaller tables).
#ifdef MPY_SSL_MBEDTLS_PORT_CONFIG
#include MPY_SSL_MBEDTLS_PORT_CONFIG
#endif

// Absent on purpose:
//   ENTROPY_C               the pool above the port's entropy source, see random.c
//   ERROR_C                 error.c has the names, shorter and for what can happen here
//   SHA256_SMALLER          14 % more instructions for 0.9 KB
//   SSL_RENEGOTIATION       attack surface; a request is answered with no_renegotiation
//   SSL_VARIABLE_BUFFER_LENGTH with MAX_FRAGMENT_LENGTH it breaks a 16 KB in / 4 KB out split; buffers.c does more
//   SSL_DTLS_CLIENT_PORT_REUSE, SSL_DTLS_CONNECTION_ID    touch the record buffers, which are buffers.c's
//   curves below 256 bits, the Koblitz and the Brainpool curves       -15 KB; no public CA uses them
#endif
