// SPDX-License-Identifier: MIT
// Virtio over MMIO, register layout 2 ("modern"), split queues. Source: OASIS Virtual I/O Device Version 1.1.
//
// All memory is the caller's and static; addresses are physical. One thread and its interrupts use a device.
#ifndef MPY_SSL_QEMU_VIRTIO_H
#define MPY_SSL_QEMU_VIRTIO_H

#include "virt.h"

enum virtio_type { VIRTIO_NET = 1, VIRTIO_BLOCK = 2, VIRTIO_ENTROPY = 4 };

#define VIRTIO_F_VERSION_1 (32) // feature bit that every modern device has

#define VIRTQ_DESC_NEXT (1)
#define VIRTQ_DESC_DEVICE_WRITES (2)
#define VIRTQ_AVAIL_NO_INTERRUPT (1)

struct virtq_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct virtq_used_element {
    uint32_t id;
    uint32_t length;
};

struct virtq_avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[];
};

struct virtq_used {
    uint16_t flags;
    volatile uint16_t index;
    struct virtq_used_element ring[];
};

struct virtq {
    uint16_t size; // descriptors, a power of two
    uint16_t number; // of the queue in its device
    uint16_t used_seen;
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
};

// Defines a static `struct virtq name` with room for `count` descriptors.
#define VIRTQ_DEFINE(name, queue_number, count) \
    static struct virtq_desc name##_desc[count] __attribute__((aligned(16))); \
    static uint16_t name##_avail[2 + (count)] __attribute__((aligned(4))); \
    static uint32_t name##_used[1 + 2 * (count)] __attribute__((aligned(4))); \
    static struct virtq name = { \
        (count), (queue_number), 0, name##_desc, (struct virtq_avail *)name##_avail, (struct virtq_used *)name##_used }

struct virtio_device {
    uintptr_t base; // 0: the machine has no such device
    uint32_t irq;
};

// Finds the first device of that type and negotiates VIRTIO_F_VERSION_1 plus those of `features` (bits 0..31) that the
// device offers; `*features` tells which. False: there is no such device, or it refuses. Legacy devices are fatal,
// with a line that names the missing QEMU option.
bool virtio_open(struct virtio_device *device, enum virtio_type type, uint32_t *features);

// Hands a queue to the device. False: the device does not have it or not as many descriptors.
bool virtio_queue_open(const struct virtio_device *device, struct virtq *queue);

// After the queues: the device may start.
void virtio_start(const struct virtio_device *device);

// 32 bits of the device's configuration at `offset`.
uint32_t virtio_config32(const struct virtio_device *device, uint32_t offset);

// Clears the device's interrupt line.
void virtio_ack(const struct virtio_device *device);

// Offers the chain that starts at descriptor `head`; virtio_notify() tells the device.
void virtq_offer(struct virtq *queue, uint16_t head);
void virtio_notify(const struct virtio_device *device, const struct virtq *queue);

// The next chain that the device is done with: its head, and in `*length` the bytes it wrote; -1: none.
int virtq_take(struct virtq *queue, uint32_t *length);

// Waits at most `ms` milliseconds for virtq_take() to give a chain; gives the bytes that the device wrote, -1: timed
// out. Interrupts run meanwhile, Python never. The device's interrupt must be attached.
int virtq_wait(struct virtq *queue, uint32_t ms);

#endif
