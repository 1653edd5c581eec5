// SPDX-License-Identifier: MIT
// The board's storage: a virtio block device, backed by a raw file on the host.
#ifndef MPY_SSL_QEMU_VIRTIO_BLK_H
#define MPY_SSL_QEMU_VIRTIO_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Looks for the device. Call once at start.
void virtio_blk_init(void);

// Size in bytes; 0: the machine has no storage.
uint32_t virtio_blk_size(void);

// Reads or writes `length` bytes at byte `offset`, both of any alignment. 0, or a positive errno: ENODEV, EINVAL (out
// of range), EIO (the device reports an error or does not answer for ten seconds).
int virtio_blk_read(uint32_t offset, void *buffer, size_t length);
int virtio_blk_write(uint32_t offset, const void *buffer, size_t length);

// Waits until everything written is on the host's disk. 0 or a positive errno.
int virtio_blk_flush(void);

#endif
