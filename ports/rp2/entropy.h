// SPDX-License-Identifier: MIT
//
// Entropy on RP2: raw samples from the chip, tests of their health, and a conditioner. The module asks for it through
// mbedtls_hardware_poll(), which is here in place of MicroPython's own for this port: that one runs the samples of the
// RP2040's ring oscillator through a shift register, so that a dead oscillator gives a sequence that looks alive.
#ifndef MPY_SSL_RP2_ENTROPY_H
#define MPY_SSL_RP2_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTROPY_RAW_BYTES 256 // 2048 samples, conditioned into ENTROPY_OUT_BYTES: one bit is asked of 16 samples
#define ENTROPY_OUT_BYTES 16

// What the chip has: one source a file (entropy_rosc.c, entropy_trng.c).
typedef struct {
    const char *name;
    // Fills raw[] with one sample a bit, unconditioned. False if the hardware reports a failure or does not answer.
    bool (*sample)(uint8_t raw[ENTROPY_RAW_BYTES]);
} entropy_source_t;

extern const entropy_source_t entropy_source;

// Tests of SP 800-90B, 4.4 on the samples in raw[], most significant bit first, for a source that is claimed to give at
// least 1/16 bit of min-entropy a sample: repetition count, and adaptive proportion in windows of 1024. Also false if the
// samples repeat with a period of up to 64. By chance a good source fails once in 2^30 samples. In entropy_health.c,
// which depends on nothing, so that a test on the host can feed it.
bool entropy_is_healthy(const uint8_t raw[ENTROPY_RAW_BYTES]);

#endif
