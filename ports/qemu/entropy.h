// SPDX-License-Identifier: MIT
// Randomness for everything above the driver: Mbed TLS, random, lwIP; os.urandom() has mp_hal_get_random().
#ifndef MPY_SSL_QEMU_ENTROPY_H
#define MPY_SSL_QEMU_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

// Mbed TLS's entropy source: all `length` bytes or nothing. 0: done; MBEDTLS_ERR_ENTROPY_SOURCE_FAILED: the machine has
// no virtio-rng or it stalls.
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t length, size_t *output_length);

// For the `random` module's seed and lwIP's port and sequence numbers: from the device, else from the clock. Not for
// secrets.
uint32_t entropy_seed(void);

#endif
