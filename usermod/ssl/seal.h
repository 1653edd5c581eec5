// SPDX-License-Identifier: MIT
//
// Authenticated encryption of things that leave our hands and come back: tickets, stored sessions. ChaCha20-Poly1305
// (RFC 8439), the nonce in front, the tag behind.
#ifndef MPY_SSL_SEAL_H
#define MPY_SSL_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define MPY_SSL_SEAL_KEY 32
#define MPY_SSL_SEAL_NONCE 12
#define MPY_SSL_SEAL_TAG 16
#define MPY_SSL_SEAL_OVERHEAD (MPY_SSL_SEAL_NONCE + MPY_SSL_SEAL_TAG)

// Encrypts box[MPY_SSL_SEAL_NONCE .. + len - 1] where it is, and fills nonce and tag in: box holds len + MPY_SSL_SEAL_OVERHEAD
// bytes. `bound` is authenticated with it, and has to be the same on opening. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_seal(const uint8_t key[MPY_SSL_SEAL_KEY], const uint8_t *bound, size_t bound_len, uint8_t *box, size_t len);

// Decrypts box[box_len] into out[box_len - MPY_SSL_SEAL_OVERHEAD]. Returns 0, or a negative value if anything was changed.
int mpy_ssl_unseal(const uint8_t key[MPY_SSL_SEAL_KEY], const uint8_t *bound, size_t bound_len, const uint8_t *box, size_t box_len, uint8_t *out);

// A number in such a text, big endian, in 1 to 8 bytes. The first gives what follows it in `out`.
uint8_t *mpy_ssl_seal_put(uint8_t *out, size_t bytes, unsigned long long value);
unsigned long long mpy_ssl_seal_get(const uint8_t *in, size_t bytes);

#endif
