// SPDX-License-Identifier: MIT
// The machine's entropy source (virtio-rng).
#ifndef MPY_SSL_QEMU_VIRTIO_RNG_H
#define MPY_SSL_QEMU_VIRTIO_RNG_H

#include <stdbool.h>
#include <stddef.h>

// Looks for the device. Call once at start.
void virtio_rng_init(void);

// Fills `length` bytes from the device. False, with the buffer cleared: there is no device, or it gave nothing for
// two seconds. There is no fallback.
bool virtio_rng_read(void *buffer, size_t length);

#endif
