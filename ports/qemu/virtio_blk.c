// SPDX-License-Identifier: MIT
#include <string.h>
#include "py/mperrno.h"
#include "irq.h"
#include "virtio.h"
#include "virtio_blk.h"

#define SECTOR (512u) // virtio-blk's unit, whatever the host's is
#define ANSWER_MS (10000)
#define FEATURE_FLUSH (1u << 9)

enum { REQUEST_READ = 0, REQUEST_WRITE = 1, REQUEST_FLUSH = 4 };

struct request_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

VIRTQ_DEFINE(blk_queue, 0, 4);

static struct virtio_device blk;
static uint32_t blk_size;
static bool blk_can_flush;
static uint8_t blk_bounce[SECTOR] __attribute__((aligned(4)));

static void interrupt(uint32_t source) {
    virtio_ack(&blk);
}

void virtio_blk_init(void) {
    uint32_t features = FEATURE_FLUSH;
    if (!virtio_open(&blk, VIRTIO_BLOCK, &features)) {
        return;
    }
    if (!virtio_queue_open(&blk, &blk_queue)) {
        blk.base = 0;
        return;
    }
    uint64_t sectors = (uint64_t)virtio_config32(&blk, 4) << 32 | virtio_config32(&blk, 0);
    blk_size = sectors > UINT32_MAX / SECTOR ? UINT32_MAX / SECTOR * SECTOR : (uint32_t)sectors * SECTOR;
    blk_can_flush = features & FEATURE_FLUSH;
    irq_attach(blk.irq, interrupt);
    virtio_start(&blk);
}

uint32_t virtio_blk_size(void) {
    return blk_size;
}

// One request; `length` is 0 or whole sectors. A device that does not answer is not asked again: it may still write.
static int transfer(uint32_t type, uint32_t sector, void *buffer, size_t length) {
    static struct request_header header;
    static volatile uint8_t status;
    if (blk.base == 0) {
        return MP_ENODEV;
    }
    header = (struct request_header) { type, 0, sector };
    status = 0xff;
    uint16_t writes = type == REQUEST_READ ? VIRTQ_DESC_DEVICE_WRITES : 0;
    uint16_t tail = length > 0 ? 2 : 1;
    struct virtq_desc *desc = blk_queue.desc;
    desc[0] = (struct virtq_desc) { (uintptr_t)&header, sizeof(header), VIRTQ_DESC_NEXT, 1 };
    desc[1] = (struct virtq_desc) { (uintptr_t)buffer, length, VIRTQ_DESC_NEXT | writes, 2 };
    desc[tail] = (struct virtq_desc) { (uintptr_t)&status, 1, VIRTQ_DESC_DEVICE_WRITES, 0 };
    virtq_offer(&blk_queue, 0);
    virtio_notify(&blk, &blk_queue);
    if (virtq_wait(&blk_queue, ANSWER_MS) < 0) {
        blk.base = 0;
        return MP_EIO;
    }
    return status == 0 ? 0 : MP_EIO;
}

// The part of a request that lies in one sector without filling it, through the bounce buffer.
static int transfer_part(uint32_t type, uint32_t offset, uint8_t *buffer, size_t length) {
    uint32_t sector = offset / SECTOR;
    uint8_t *part = blk_bounce + offset % SECTOR;
    int error = transfer(REQUEST_READ, sector, blk_bounce, SECTOR);
    if (error == 0 && type == REQUEST_READ) {
        memcpy(buffer, part, length);
    } else if (error == 0) {
        memcpy(part, buffer, length);
        error = transfer(REQUEST_WRITE, sector, blk_bounce, SECTOR);
    }
    return error;
}

static int transfer_any(uint32_t type, uint32_t offset, uint8_t *buffer, size_t length) {
    if (blk.base == 0) {
        return MP_ENODEV;
    }
    if (offset > blk_size || length > blk_size - offset) {
        return MP_EINVAL;
    }
    int error = 0;
    while (error == 0 && length > 0) {
        size_t step = SECTOR - offset % SECTOR;
        if (step == SECTOR && length >= SECTOR) {
            step = length / SECTOR * SECTOR;
            error = transfer(type, offset / SECTOR, buffer, step);
        } else {
            step = step < length ? step : length;
            error = transfer_part(type, offset, buffer, step);
        }
        offset += step, buffer += step, length -= step;
    }
    return error;
}

int virtio_blk_read(uint32_t offset, void *buffer, size_t length) {
    return transfer_any(REQUEST_READ, offset, buffer, length);
}

int virtio_blk_write(uint32_t offset, const void *buffer, size_t length) {
    return transfer_any(REQUEST_WRITE, offset, (uint8_t *)buffer, length);
}

int virtio_blk_flush(void) {
    return blk_can_flush ? transfer(REQUEST_FLUSH, 0, NULL, 0) : 0;
}
