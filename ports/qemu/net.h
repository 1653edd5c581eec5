// SPDX-License-Identifier: MIT
// lwIP on the board's one interface.
//
// lwIP runs in the main thread only: net_poll() is called where MicroPython handles events (blocking calls, the REPL,
// select) and, through the scheduler, at the VM's back branches when an interrupt or lwIP's next timer asks for it.
#ifndef MPY_SSL_QEMU_NET_H
#define MPY_SSL_QEMU_NET_H

#include <stdbool.h>
#include "lwip/netif.h"

// Starts lwIP and the interface with the board's static addresses. Call once after power-on.
void net_init(void);

// Call after each mp_init() and before each mp_deinit(): in between, interrupts may use MicroPython's scheduler.
void net_soft_init(void);
void net_soft_deinit(void);

// Asks for net_poll(); from interrupts.
void net_wake(void);

bool net_needs_poll(void);

// Delivers received frames and runs due timers.
void net_poll(void);

// The interface; NULL: the machine has none.
struct netif *net_interface(void);

#endif
