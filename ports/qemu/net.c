// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/runtime.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "clock.h"
#include "entropy.h"
#include "extmod/modnetwork.h"
#include "irq.h"
#include "net.h"
#include "netif/ethernet.h"
#include "virtio_net.h"

#define NET_MTU (1500)
#define LOOP_QUEUE (64) // packets of the board to itself; more are dropped

static struct netif net_netif;
static struct netif net_loopback;
static struct pbuf *loop_queue[LOOP_QUEUE];
static uint32_t loop_in;
static uint32_t loop_out;
static bool net_present;
static volatile bool net_pending;
static mp_sched_node_t net_node;
static volatile bool net_may_schedule; // false while MicroPython's scheduler is being torn down or set up
static uint32_t net_random_state;

// lwIP's clock.
u32_t sys_now(void) {
    return (u32_t)(clock_ticks() / CLOCK_TICKS_PER_MS);
}

// lwIP's port and sequence numbers: xorshift32 from an entropy seed, reseeded now and then.
u32_t net_random(void) {
    static uint8_t uses;
    if (uses++ % 64 == 0) {
        net_random_state ^= entropy_seed() | 1;
    }
    net_random_state ^= net_random_state << 13;
    net_random_state ^= net_random_state >> 17;
    net_random_state ^= net_random_state << 5;
    return net_random_state;
}

static err_t transmit(struct netif *netif, struct pbuf *frame) {
    return virtio_net_send(frame);
}

// A packet of the board to itself is delivered at the next poll, so that lwIP is not entered from within.
static err_t loop_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
    if (loop_in - loop_out == LOOP_QUEUE) {
        return ERR_MEM;
    }
    struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
    if (copy == NULL) {
        return ERR_MEM;
    }
    loop_queue[loop_in++ % LOOP_QUEUE] = copy;
    net_wake();
    return ERR_OK;
}

static err_t ethernet_output_or_loop(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
    if (ip4_addr_eq(to, netif_ip4_addr(netif))) {
        return loop_output(netif, packet, to);
    }
    return etharp_output(netif, packet, to);
}

static err_t loopback_init(struct netif *netif) {
    netif->name[0] = 'l';
    netif->name[1] = 'o';
    netif->mtu = NET_MTU;
    netif->output = loop_output;
    return ERR_OK;
}

static void loopback_start(void) {
    ip4_addr_t own, mask;
    IP4_ADDR(&own, 127, 0, 0, 1);
    IP4_ADDR(&mask, 255, 0, 0, 0);
    netif_add(&net_loopback, &own, &mask, &own, NULL, loopback_init, ip_input);
    netif_set_link_up(&net_loopback);
    netif_set_up(&net_loopback);
}

static void loop_deliver(void) {
    while (loop_in != loop_out) {
        struct pbuf *packet = loop_queue[loop_out++ % LOOP_QUEUE];
        if (ip_input(packet, &net_loopback) != ERR_OK) {
            pbuf_free(packet);
        }
    }
}

static err_t interface_init(struct netif *netif) {
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hostname = mod_network_hostname_data;
    netif->mtu = NET_MTU;
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP;
    netif->output = ethernet_output_or_loop;
    netif->linkoutput = transmit;
    return ERR_OK;
}

static ip_addr_t address(const char *text) {
    ip_addr_t result;
    if (!ipaddr_aton(text, &result)) {
        ip_addr_set_zero(&result);
    }
    return result;
}

void net_init(void) {
    lwip_init();
    loopback_start();
    if (!virtio_net_init(net_netif.hwaddr)) {
        return;
    }
    ip_addr_t own = address(MICROPY_HW_NET_ADDRESS);
    ip_addr_t mask = address(MICROPY_HW_NET_MASK);
    ip_addr_t gateway = address(MICROPY_HW_NET_GATEWAY);
    ip_addr_t dns = address(MICROPY_HW_NET_DNS);
    netif_add(&net_netif, ip_2_ip4(&own), ip_2_ip4(&mask), ip_2_ip4(&gateway), NULL, interface_init, ethernet_input);
    netif_set_default(&net_netif);
    netif_set_link_up(&net_netif);
    netif_set_up(&net_netif);
    dns_setserver(0, &dns);
    net_present = true;
    net_pending = true;
}

static void scheduled(mp_sched_node_t *node) {
    if (net_needs_poll()) {
        net_poll();
    }
}

// A node that was scheduled before a soft reset is still on MicroPython's list, so it stays as it is.
void net_soft_init(void) {
    net_may_schedule = true;
    net_wake();
}

void net_soft_deinit(void) {
    net_may_schedule = false;
}

void net_wake(void) {
    net_pending = true;
    irq_wake();
    if (net_may_schedule) {
        mp_sched_schedule_node(&net_node, scheduled);
    }
}

bool net_needs_poll(void) {
    return net_pending;
}

void net_poll(void) {
    net_pending = false;
    struct pbuf *frame;
    while (net_present && (frame = virtio_net_receive()) != NULL) {
        if (net_netif.input(frame, &net_netif) != ERR_OK) {
            pbuf_free(frame);
        }
    }
    sys_check_timeouts();
    loop_deliver();
    uint32_t sleep_ms = sys_timeouts_sleeptime();
    if (sleep_ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE) {
        clock_set_net_deadline(clock_ticks() + (uint64_t)sleep_ms * CLOCK_TICKS_PER_MS);
    }
}

struct netif *net_interface(void) {
    return net_present ? &net_netif : NULL;
}
