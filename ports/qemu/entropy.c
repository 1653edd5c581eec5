// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/runtime.h"
#include "clock.h"
#include "entropy.h"
#include "virtio_rng.h"

#define ENTROPY_SOURCE_FAILED (-0x003C) // Mbed TLS's MBEDTLS_ERR_ENTROPY_SOURCE_FAILED; its headers may be absent

// MicroPython 1.28 has a stock one, which knows no failure.
#if !MPY_SSL_STOCK || MICROPY_VERSION < MICROPY_MAKE_VERSION(1, 28, 0)
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t length, size_t *output_length) {
    *output_length = 0;
    if (!virtio_rng_read(output, length)) {
        return ENTROPY_SOURCE_FAILED;
    }
    *output_length = length;
    return 0;
}
#endif

void mp_hal_get_random(size_t length, uint8_t *buffer) {
    if (!virtio_rng_read(buffer, length)) {
        mphalport_raise_no_device("no entropy: start QEMU with "
            "-object rng-random,id=rng0,filename=/dev/urandom -device virtio-rng-device,rng=rng0");
    }
}

uint32_t entropy_seed(void) {
    uint32_t seed;
    if (!virtio_rng_read(&seed, sizeof(seed))) {
        seed = (uint32_t)clock_ticks() * 2654435761u; // spread over all bits (Knuth's multiplicative hash)
    }
    return seed;
}
