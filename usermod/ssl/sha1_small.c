// SPDX-License-Identifier: MIT
//
// The compression of SHA-1 (FIPS 180-4, 6.1.3) as loops over its 80 rounds, in the place of Mbed TLS's, which has them one after the
// other. An option of the build for boards that are short of flash, MPY_SSL_SHA1_SMALL: 0.3 KB instead of 4.4 KB on a Cortex-M0+, and
// 2.8 times the cycles, which is as fast as SHA-256 there. Buffering, padding and lengths stay with Mbed TLS.
#include "mbedtls/sha1.h"

#if defined(MBEDTLS_SHA1_PROCESS_ALT)

#include <string.h>

#include "mbedtls/platform_util.h"

#define PHASES 4
#define ROUNDS 20   // of a phase, with the same function and constant
#define STATE 5     // words a, b, c, d, e
#define SCHEDULE 16 // words of the message schedule that are kept, 6.1.3

static uint32_t rotated_left(uint32_t x, unsigned bits) {
    return x << bits | x >> (32 - bits);
}

// The function of a phase with its constant: Ch, Parity, Maj, Parity (4.1.1, 4.2.1).
static uint32_t mixed(unsigned phase, uint32_t x, uint32_t y, uint32_t z) {
    static const uint32_t constants[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    uint32_t value = x ^ y ^ z;
    if (phase == 0) {
        value = (x & y) | (~x & z);
    } else if (phase == 2) {
        value = (x & y) | (z & (x | y));
    }
    return value + constants[phase];
}

static uint32_t big_endian(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// The word of round `t`, which takes the place of the one 16 rounds before it.
static uint32_t scheduled(uint32_t *w, unsigned t, const unsigned char *block) {
    uint32_t *word = &w[t % SCHEDULE];
    if (t < SCHEDULE) {
        *word = big_endian(block + 4 * t);
    } else {
        *word = rotated_left(w[(t - 3) % SCHEDULE] ^ w[(t - 8) % SCHEDULE] ^ w[(t - 14) % SCHEDULE] ^ *word, 1);
    }
    return *word;
}

int mbedtls_internal_sha1_process(mbedtls_sha1_context *ctx, const unsigned char data[64]) {
    struct {
        uint32_t schedule[SCHEDULE];
        uint32_t s[STATE];
    } secret;
    uint32_t *s = secret.s;
    memcpy(s, ctx->MBEDTLS_PRIVATE(state), sizeof(secret.s));
    unsigned t = 0;
    for (unsigned phase = 0; phase < PHASES; phase++) {
        for (unsigned end = t + ROUNDS; t < end; t++) {
            uint32_t a = rotated_left(s[0], 5) + mixed(phase, s[1], s[2], s[3]) + s[4] + scheduled(secret.schedule, t, data);
            s[4] = s[3];
            s[3] = s[2];
            s[2] = rotated_left(s[1], 30);
            s[1] = s[0];
            s[0] = a;
        }
    }
    for (unsigned i = 0; i < STATE; i++) {
        ctx->MBEDTLS_PRIVATE(state)[i] += s[i];
    }
    mbedtls_platform_zeroize(&secret, sizeof(secret));
    return 0;
}

#endif
