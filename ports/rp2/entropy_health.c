// SPDX-License-Identifier: MIT
#include "entropy.h"

#define SAMPLES (ENTROPY_RAW_BYTES * 8)
#define LONGEST_RUN 480   // 30 / (1/16): chance 2^-30, SP 800-90B, 4.4.1
#define WINDOW 1024       // SP 800-90B, 4.4.2, for a binary source
#define MOST_IN_WINDOW 1013 // of one value: chance 2^-30 at 1/16 bit a sample
#define LONGEST_PERIOD 64

static unsigned sample_at(const uint8_t *raw, size_t i) {
    return raw[i / 8] >> (7 - i % 8) & 1;
}

static bool runs_are_short(const uint8_t *raw) {
    size_t run = 1;
    for (size_t i = 1; i < SAMPLES; ++i) {
        run = sample_at(raw, i) == sample_at(raw, i - 1) ? run + 1 : 1;
        if (run > LONGEST_RUN) {
            return false;
        }
    }
    return true;
}

static bool proportions_are_fair(const uint8_t *raw) {
    for (size_t start = 0; start < SAMPLES; start += WINDOW) {
        size_t ones = 0;
        for (size_t i = 0; i < WINDOW; ++i) {
            ones += sample_at(raw, start + i);
        }
        if (ones > MOST_IN_WINDOW || ones < WINDOW - MOST_IN_WINDOW) {
            return false;
        }
    }
    return true;
}

static bool has_period(const uint8_t *raw, size_t period) {
    for (size_t i = period; i < SAMPLES; ++i) {
        if (sample_at(raw, i) != sample_at(raw, i - period)) {
            return false;
        }
    }
    return true;
}

bool entropy_is_healthy(const uint8_t raw[ENTROPY_RAW_BYTES]) {
    for (size_t period = 1; period <= LONGEST_PERIOD; ++period) {
        if (has_period(raw, period)) {
            return false;
        }
    }
    return runs_are_short(raw) && proportions_are_fair(raw);
}
