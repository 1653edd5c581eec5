// SPDX-License-Identifier: MIT
//
// RP2350: SHA-256 of whole messages by its engine (datasheet, 12.13), which starts from the initial value only and can
// neither be read nor set in between: the running hash of a handshake stays with software.
#include <string.h>

#include "hardware/structs/sha256.h"
#include "pico/platform.h"

#include "accelerator.h"

#define BLOCK 64

// Held by the core that uses the engine. Not waited for: software is there at once.
static uint32_t busy;

static bool claim(void) {
    return __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static void release(void) {
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

static void put_block(const unsigned char block[BLOCK]) {
    for (size_t i = 0; i < BLOCK; i += 4) {
        uint32_t word;
        memcpy(&word, block + i, sizeof(word));
        while (!(sha256_hw->csr & SHA256_CSR_WDATA_RDY_BITS)) {
            tight_loop_contents();
        }
        sha256_hw->wdata = word; // the engine swaps its bytes
    }
}

// The last block or two: what is left, a bit, and the length of all in bits (FIPS 180-4, 5.1.1).
static void put_end(const unsigned char *rest, size_t n, size_t total) {
    unsigned char end[2 * BLOCK] = {0};
    size_t length = n < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    memcpy(end, rest, n);
    end[n] = 0x80;
    for (size_t i = 0; i < 8; ++i) {
        end[length - 1 - i] = (unsigned char)((uint64_t)total * 8 >> 8 * i);
    }
    put_block(end);
    if (length > BLOCK) {
        put_block(end + BLOCK);
    }
    memset(end, 0, sizeof(end));
}

static void get_digest(unsigned char digest[32]) {
    while (!(sha256_hw->csr & SHA256_CSR_SUM_VLD_BITS)) {
        tight_loop_contents();
    }
    for (size_t i = 0; i < 8; ++i) {
        uint32_t word = __builtin_bswap32(sha256_hw->sum[i]);
        memcpy(digest + 4 * i, &word, sizeof(word));
    }
}

static uint32_t messages;

static bool hash(const unsigned char *data, size_t len, unsigned char digest[32]) {
    if (!claim()) {
        return false;
    }
    sha256_hw->csr = SHA256_CSR_BSWAP_BITS | SHA256_CSR_START_BITS;
    size_t whole = len - len % BLOCK;
    for (size_t i = 0; i < whole; i += BLOCK) {
        put_block(data + i);
    }
    put_end(data + whole, len - whole, len);
    get_digest(digest);
    ++messages;
    release();
    return true;
}

static const mpy_ssl_engine_count_t counts[] = {{"SHA-256", &messages}, {NULL, NULL}};

const mpy_ssl_accelerator_t mpy_ssl_accelerator = {
    .sha256_name = "RP2350 SHA-256 engine",
    .sha256 = hash,
    .counts = counts,
};
