// SPDX-License-Identifier: MIT
#include <string.h>
#include "irq.h"
#include "virtio.h"
#include "virtio_rng.h"

#define REQUEST_SIZE (64) // bytes asked for at once
#define STALL_MS (2000)

VIRTQ_DEFINE(rng_queue, 0, 2);

static struct virtio_device rng;
static uint8_t rng_bytes[REQUEST_SIZE] __attribute__((aligned(4)));
static bool rng_in_flight; // the device owns rng_bytes; still so after a request that timed out

static void interrupt(uint32_t source) {
    virtio_ack(&rng);
}

void virtio_rng_init(void) {
    uint32_t features = 0;
    if (!virtio_open(&rng, VIRTIO_ENTROPY, &features)) {
        return;
    }
    if (!virtio_queue_open(&rng, &rng_queue)) {
        rng.base = 0;
        return;
    }
    irq_attach(rng.irq, interrupt);
    virtio_start(&rng);
}

// Bytes that are now in rng_bytes, 0: none in time.
static size_t request(size_t wanted) {
    if (!rng_in_flight) {
        size_t size = wanted < REQUEST_SIZE ? wanted : REQUEST_SIZE;
        rng_queue.desc[0] = (struct virtq_desc) { (uintptr_t)rng_bytes, size, VIRTQ_DESC_DEVICE_WRITES, 0 };
        virtq_offer(&rng_queue, 0);
        virtio_notify(&rng, &rng_queue);
        rng_in_flight = true;
    }
    int got = virtq_wait(&rng_queue, STALL_MS);
    rng_in_flight = got < 0;
    return got < 0 ? 0 : (size_t)got;
}

bool virtio_rng_read(void *buffer, size_t length) {
    uint8_t *to = buffer;
    bool ok = rng.base != 0;
    for (size_t done = 0; ok && done < length;) {
        size_t got = request(length - done);
        if (got > length - done) {
            got = length - done;
        }
        memcpy(to + done, rng_bytes, got);
        done += got;
        ok = got > 0;
    }
    if (!ok) {
        memset(buffer, 0, length);
    }
    memset(rng_bytes, 0, rng_in_flight ? 0 : sizeof(rng_bytes));
    return ok;
}
