// SPDX-License-Identifier: MIT
//
// RP2350: its random number generator (datasheet, 12.12), with the hardware's own tests switched on. A sample is one bit
// of what passed its decorrelator; that is far better than what entropy.h claims.
#include <string.h>

#include "hardware/structs/trng.h"
#include "hardware/timer.h"

#include "entropy.h"

// Clock cycles between two samples of the oscillator: Arm's advice is to find the least that passes the tests. This one
// leaves a wide margin and still gives 192 bits in about a millisecond at 150 MHz.
#define SAMPLE_CYCLES 1000
#define WORD_COUNT 6            // EHR_DATA0 to EHR_DATA5
#define ATTEMPTS 16             // of one collection; the autocorrelation test also refuses good data now and then
#define TIMEOUT_US 200000

// The registers follow each other at TRNG_EHR_DATA0.
static bool collect(uint32_t words[WORD_COUNT]) {
    uint32_t start = time_us_32();
    trng_hw->rng_icr = ~0u;
    trng_hw->rnd_source_enable = 1;
    while (!(trng_hw->rng_isr & TRNG_RNG_ISR_EHR_VALID_BITS)) {
        bool refused = trng_hw->rng_isr & (TRNG_RNG_ISR_CRNGT_ERR_BITS | TRNG_RNG_ISR_VN_ERR_BITS | TRNG_RNG_ISR_AUTOCORR_ERR_BITS);
        if (refused || time_us_32() - start > TIMEOUT_US) {
            return false;
        }
    }
    for (size_t i = 0; i < WORD_COUNT; ++i) {
        words[i] = trng_hw->ehr_data[i]; // reading the last one starts the next collection
    }
    return true;
}

static void restart(void) {
    trng_hw->rnd_source_enable = 0;
    trng_hw->trng_sw_reset = 1;
    // Writes are ignored while it resets, and the counter keeps what was written when that is over.
    for (int i = 0; i < 1000 && trng_hw->sample_cnt1 != SAMPLE_CYCLES; ++i) {
        trng_hw->sample_cnt1 = SAMPLE_CYCLES;
    }
    trng_hw->trng_debug_control = 0;
    trng_hw->trng_config = 0;
}

static bool collect_patiently(uint32_t words[WORD_COUNT]) {
    bool ok = collect(words);
    for (int attempt = 1; !ok && attempt < ATTEMPTS; ++attempt) {
        restart();
        ok = collect(words);
    }
    return ok;
}

static bool sample(uint8_t raw[ENTROPY_RAW_BYTES]) {
    uint32_t words[WORD_COUNT];
    bool ok = true;
    restart();
    for (size_t have = 0; ok && have < ENTROPY_RAW_BYTES; have += sizeof(words)) {
        ok = collect_patiently(words);
        size_t left = ENTROPY_RAW_BYTES - have;
        memcpy(raw + have, words, left < sizeof(words) ? left : sizeof(words));
    }
    trng_hw->rnd_source_enable = 0;
    memset(words, 0, sizeof(words));
    return ok;
}

const entropy_source_t entropy_source = {"RP2350 TRNG", sample};
