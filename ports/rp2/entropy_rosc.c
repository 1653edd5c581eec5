// SPDX-License-Identifier: MIT
//
// RP2040: the low bit of its ring oscillator (datasheet, 2.17.5), which runs on its own and is sampled by the crystal's
// clock. The oscillator drifts by jitter alone, and little in a microsecond; that is why so little is claimed of a sample.
#include "hardware/structs/rosc.h"
#include "hardware/timer.h"

#include "entropy.h"

// The distance of two samples, in microseconds, is one of 1 to 4, told by the samples before: an even distance could
// beat with the oscillator.
#define DISTANCES 4

static bool sample(uint8_t raw[ENTROPY_RAW_BYTES]) {
    for (size_t i = 0; i < ENTROPY_RAW_BYTES; ++i) {
        uint8_t byte = 0;
        for (int bit = 0; bit < 8; ++bit) {
            busy_wait_us_32(1 + byte % DISTANCES);
            byte = (uint8_t)(byte << 1 | (rosc_hw->randombit & 1));
        }
        raw[i] = byte;
    }
    return true;
}

const entropy_source_t entropy_source = {"RP2040 ring oscillator", sample};
