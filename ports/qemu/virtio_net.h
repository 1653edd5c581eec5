// SPDX-License-Identifier: MIT
// Ethernet over virtio-net, as an lwIP link driver.
//
// Receive: every ring slot holds a pbuf of the pool that the device writes into; a full-sized frame goes up without a
// copy, a small one is copied so that it does not pin a large buffer. Transmit: the pbuf chain itself is offered to the
// device and released when the device is done.
#ifndef MPY_SSL_QEMU_VIRTIO_NET_H
#define MPY_SSL_QEMU_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>
#include "lwip/err.h"
#include "lwip/pbuf.h"

// Looks for the device and starts it; `mac` gets its address. False: the machine has no network. Needs lwip_init().
bool virtio_net_init(uint8_t mac[6]);

// The next received frame; the caller owns it. NULL: none.
struct pbuf *virtio_net_receive(void);

// Queues a frame; takes a reference of its own. ERR_MEM: the ring is full, nothing was queued.
err_t virtio_net_send(struct pbuf *frame);

#endif
