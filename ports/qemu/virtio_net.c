// SPDX-License-Identifier: MIT
#include <string.h>
#include "irq.h"
#include "net.h"
#include "virtio.h"
#include "virtio_net.h"

#define FEATURE_MAC (1u << 5)
#define HEADER_SIZE (12u) // struct virtio_net_hdr with num_buffers; all zero: no offload
#define RECEIVE_SLOTS (32)
#define TRANSMIT_SLOTS (256) // descriptors; a frame takes two or three
#define COPY_BELOW (256u) // bytes: where a copy is cheaper than a pinned pool buffer

VIRTQ_DEFINE(receive_queue, 0, RECEIVE_SLOTS);
VIRTQ_DEFINE(transmit_queue, 1, TRANSMIT_SLOTS);

static struct virtio_device nic;
static struct pbuf *receive_buffers[RECEIVE_SLOTS]; // what the device may write to; NULL: slot waits for memory
static uint16_t receive_empty = RECEIVE_SLOTS; // slots without a buffer
static struct pbuf *transmit_frames[TRANSMIT_SLOTS]; // by head descriptor
static uint16_t transmit_free[TRANSMIT_SLOTS]; // stack of descriptors
static uint16_t transmit_free_count;
static uint8_t transmit_header[HEADER_SIZE];

static void interrupt(uint32_t source) {
    virtio_ack(&nic);
    net_wake();
}

static void offer_slot(uint16_t slot) {
    struct pbuf *buffer = receive_buffers[slot];
    receive_queue.desc[slot] = (struct virtq_desc) {
        (uintptr_t)buffer->payload, buffer->len, VIRTQ_DESC_DEVICE_WRITES, 0
    };
    virtq_offer(&receive_queue, slot);
}

// Gives every empty slot a buffer, as far as the pool goes.
static void refill(void) {
    bool offered = false;
    for (uint16_t slot = 0; receive_empty > 0 && slot < RECEIVE_SLOTS; ++slot) {
        if (receive_buffers[slot] == NULL) {
            receive_buffers[slot] = pbuf_alloc(PBUF_RAW, PBUF_POOL_BUFSIZE, PBUF_POOL);
            if (receive_buffers[slot] == NULL) {
                break;
            }
            receive_empty -= 1;
            offer_slot(slot);
            offered = true;
        }
    }
    if (offered) {
        virtio_notify(&nic, &receive_queue);
    }
}

bool virtio_net_init(uint8_t mac[6]) {
    uint32_t features = FEATURE_MAC;
    if (!virtio_open(&nic, VIRTIO_NET, &features)) {
        return false;
    }
    if (!virtio_queue_open(&nic, &receive_queue) || !virtio_queue_open(&nic, &transmit_queue)) {
        return false;
    }
    uint32_t words[2] = { virtio_config32(&nic, 0), virtio_config32(&nic, 4) };
    memcpy(mac, words, 6);
    transmit_queue.avail->flags = VIRTQ_AVAIL_NO_INTERRUPT;
    for (uint16_t i = 0; i < TRANSMIT_SLOTS; ++i) {
        transmit_free[transmit_free_count++] = i;
    }
    irq_attach(nic.irq, interrupt);
    virtio_start(&nic);
    refill();
    return true;
}

// A copy when the frame is small (the slot keeps its buffer), else the buffer itself (the slot becomes empty).
static struct pbuf *detach(uint16_t slot, uint32_t length) {
    struct pbuf *buffer = receive_buffers[slot];
    if (length >= COPY_BELOW) {
        receive_buffers[slot] = NULL;
        receive_empty += 1;
        pbuf_realloc(buffer, HEADER_SIZE + length);
        pbuf_remove_header(buffer, HEADER_SIZE);
        return buffer;
    }
    struct pbuf *copy = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
    if (copy != NULL) {
        memcpy(copy->payload, (uint8_t *)buffer->payload + HEADER_SIZE, length);
    }
    offer_slot(slot);
    virtio_notify(&nic, &receive_queue);
    return copy;
}

static void reclaim(void) {
    uint32_t length;
    int head;
    while ((head = virtq_take(&transmit_queue, &length)) >= 0) {
        pbuf_free(transmit_frames[head]);
        transmit_frames[head] = NULL;
        uint16_t index = (uint16_t)head;
        for (;;) {
            transmit_free[transmit_free_count++] = index;
            if (!(transmit_queue.desc[index].flags & VIRTQ_DESC_NEXT)) {
                break;
            }
            index = transmit_queue.desc[index].next;
        }
    }
}

struct pbuf *virtio_net_receive(void) {
    uint32_t length;
    int slot;
    struct pbuf *frame = NULL;
    while (frame == NULL && (slot = virtq_take(&receive_queue, &length)) >= 0) {
        // A frame that finds no memory is dropped; TCP sends it again.
        frame = detach((uint16_t)slot, length - HEADER_SIZE);
    }
    refill();
    reclaim();
    return frame;
}

static uint16_t chain(uint16_t next, bool last, const void *data, uint32_t length) {
    uint16_t index = transmit_free[--transmit_free_count];
    transmit_queue.desc[index] = (struct virtq_desc) {
        (uintptr_t)data, length, last ? 0 : VIRTQ_DESC_NEXT, next
    };
    return index;
}

err_t virtio_net_send(struct pbuf *frame) {
    reclaim();
    uint16_t parts = pbuf_clen(frame);
    if (nic.base == 0 || parts + 1 > transmit_free_count) {
        return ERR_MEM;
    }
    uint16_t head = chain(0, false, transmit_header, HEADER_SIZE);
    uint16_t previous = head;
    for (const struct pbuf *part = frame; part != NULL; part = part->next) {
        uint16_t index = chain(0, part->next == NULL, part->payload, part->len);
        transmit_queue.desc[previous].next = index;
        previous = index;
    }
    pbuf_ref(frame);
    transmit_frames[head] = frame;
    virtq_offer(&transmit_queue, head);
    virtio_notify(&nic, &transmit_queue);
    return ERR_OK;
}
