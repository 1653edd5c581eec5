// SPDX-License-Identifier: MIT
// lwIP's options: no OS, IPv4, sized for a dozen busy TCP connections.
#ifndef MPY_SSL_QEMU_LWIPOPTS_H
#define MPY_SSL_QEMU_LWIPOPTS_H

#include <stdint.h>

// One thread and no lwIP in interrupts: nothing to protect.
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_TESTMODE 1 // MicroPython 1.26 looks at the list of timers, which lwIP shows only so

#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_RAW 1
#define LWIP_IGMP 1
#define LWIP_DNS 1
#define LWIP_DHCP 1
#define LWIP_DHCP_DOES_ACD_CHECK 0 // no probe of the offered address: saves seconds at start
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_LOOPBACK 0 // net.c has its own, which wakes the poll
#define LWIP_HAVE_LOOPIF 0
#define SO_REUSE 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_LISTEN_BACKLOG 1

// Word-aligned and unrolled.
#define MEM_ALIGNMENT 4
#define LWIP_CHKSUM_ALGORITHM 3

// A full Ethernet segment; windows of eight segments as on the larger MicroPython boards.
#define TCP_MSS 1460
#define TCP_WND (8 * TCP_MSS)
#define TCP_SND_BUF (8 * TCP_MSS)
#define TCP_SND_QUEUELEN 40
#define TCP_OVERSIZE TCP_MSS

// A receive buffer holds a frame and the 12-byte header that virtio-net puts before it.
#define PBUF_POOL_BUFSIZE LWIP_MEM_ALIGN_SIZE(12 + 14 + 20 + 20 + TCP_MSS + 4)
#define PBUF_POOL_SIZE 96
#define MEM_SIZE (192 * 1024)
#define MEMP_NUM_PBUF 32

// Closed connections wait two minutes in TIME_WAIT; lwIP reuses the oldest of them when the pool is empty.
#define MEMP_NUM_TCP_PCB 128
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 320
#define MEMP_NUM_UDP_PCB 12
#define MEMP_NUM_REASSDATA 8
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 8)
#define TCP_MSL 1000 // ms: TIME_WAIT of two seconds is plenty behind an emulator's network

#define LWIP_RAND net_random
uint32_t net_random(void);

#endif
