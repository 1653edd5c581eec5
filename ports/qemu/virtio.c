// SPDX-License-Identifier: MIT
#include "clock.h"
#include "fault.h"
#include "irq.h"
#include "virtio.h"

// Register offsets, section 4.2.2 of the specification.
enum {
    REG_MAGIC = 0x000, REG_VERSION = 0x004, REG_DEVICE_ID = 0x008,
    REG_DEVICE_FEATURES = 0x010, REG_DEVICE_FEATURES_SELECT = 0x014,
    REG_DRIVER_FEATURES = 0x020, REG_DRIVER_FEATURES_SELECT = 0x024,
    REG_QUEUE_SELECT = 0x030, REG_QUEUE_MAX = 0x034, REG_QUEUE_SIZE = 0x038, REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050, REG_INTERRUPT_STATUS = 0x060, REG_INTERRUPT_ACK = 0x064, REG_STATUS = 0x070,
    REG_QUEUE_DESC = 0x080, REG_QUEUE_DRIVER = 0x090, REG_QUEUE_DEVICE = 0x0a0, REG_CONFIG = 0x100,
};

enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8 };

#define MAGIC (0x74726976u) // "virt"

static volatile uint32_t *reg(const struct virtio_device *device, uint32_t offset) {
    return virt_reg32(device->base + offset);
}

static void barrier(void) {
    __asm volatile ("fence iorw, iorw" : : : "memory");
}

static bool negotiate(const struct virtio_device *device, uint32_t *features) {
    *reg(device, REG_STATUS) = 0;
    *reg(device, REG_STATUS) = STATUS_ACKNOWLEDGE;
    *reg(device, REG_STATUS) = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    *reg(device, REG_DEVICE_FEATURES_SELECT) = 0;
    *features &= *reg(device, REG_DEVICE_FEATURES);
    *reg(device, REG_DRIVER_FEATURES_SELECT) = 0;
    *reg(device, REG_DRIVER_FEATURES) = *features;
    *reg(device, REG_DRIVER_FEATURES_SELECT) = 1;
    *reg(device, REG_DRIVER_FEATURES) = 1u << (VIRTIO_F_VERSION_1 - 32);
    *reg(device, REG_STATUS) = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
    return *reg(device, REG_STATUS) & STATUS_FEATURES_OK;
}

bool virtio_open(struct virtio_device *device, enum virtio_type type, uint32_t *features) {
    for (uint32_t slot = 0; slot < VIRT_VIRTIO_SLOTS; ++slot) {
        device->base = VIRT_VIRTIO_BASE + slot * VIRT_VIRTIO_STRIDE;
        device->irq = VIRT_IRQ_VIRTIO0 + slot;
        if (*reg(device, REG_MAGIC) == MAGIC && *reg(device, REG_DEVICE_ID) == (uint32_t)type) {
            if (*reg(device, REG_VERSION) != 2) {
                fault_fatal("QEMU offers legacy virtio: add `-global virtio-mmio.force-legacy=false`");
            }
            if (negotiate(device, features)) {
                return true;
            }
        }
    }
    device->base = 0;
    return false;
}

bool virtio_queue_open(const struct virtio_device *device, struct virtq *queue) {
    *reg(device, REG_QUEUE_SELECT) = queue->number;
    if (*reg(device, REG_QUEUE_MAX) < queue->size) {
        return false;
    }
    *reg(device, REG_QUEUE_SIZE) = queue->size;
    *reg(device, REG_QUEUE_DESC) = (uintptr_t)queue->desc;
    *reg(device, REG_QUEUE_DESC + 4) = 0;
    *reg(device, REG_QUEUE_DRIVER) = (uintptr_t)queue->avail;
    *reg(device, REG_QUEUE_DRIVER + 4) = 0;
    *reg(device, REG_QUEUE_DEVICE) = (uintptr_t)queue->used;
    *reg(device, REG_QUEUE_DEVICE + 4) = 0;
    *reg(device, REG_QUEUE_READY) = 1;
    return true;
}

void virtio_start(const struct virtio_device *device) {
    *reg(device, REG_STATUS) = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
}

uint32_t virtio_config32(const struct virtio_device *device, uint32_t offset) {
    return *reg(device, REG_CONFIG + offset);
}

void virtio_ack(const struct virtio_device *device) {
    *reg(device, REG_INTERRUPT_ACK) = *reg(device, REG_INTERRUPT_STATUS);
}

void virtq_offer(struct virtq *queue, uint16_t head) {
    queue->avail->ring[queue->avail->index % queue->size] = head;
    barrier();
    queue->avail->index += 1;
}

void virtio_notify(const struct virtio_device *device, const struct virtq *queue) {
    barrier();
    *reg(device, REG_QUEUE_NOTIFY) = queue->number;
}

int virtq_take(struct virtq *queue, uint32_t *length) {
    if (queue->used->index == queue->used_seen) {
        return -1;
    }
    barrier();
    const struct virtq_used_element *element = &queue->used->ring[queue->used_seen % queue->size];
    queue->used_seen += 1;
    *length = element->length;
    return (int)element->id;
}

int virtq_wait(struct virtq *queue, uint32_t ms) {
    uint64_t deadline = clock_ticks() + (uint64_t)ms * CLOCK_TICKS_PER_MS;
    uint32_t length;
    int head;
    while ((head = virtq_take(queue, &length)) < 0 && clock_ticks() < deadline) {
        irq_sleep_until(deadline);
    }
    return head < 0 ? -1 : (int)length;
}
