// SPDX-License-Identifier: MIT
// Interrupts: one trap handler, the PLIC for devices, and the wake flag that keeps sleeping race-free.
//
// Handlers run with interrupts off on their own 4 KB stack. They move data into buffers, set flags and schedule;
// they never touch lwIP, the GC heap or Python objects.
#ifndef MPY_SSL_QEMU_IRQ_H
#define MPY_SSL_QEMU_IRQ_H

#include "virt.h"

typedef void (*irq_handler_t)(uint32_t source);

// Enables interrupts: PLIC threshold, timer and external lines. Call once, before the drivers' init functions.
void irq_init(void);

// Calls handler(source) whenever PLIC line `source` (1..15) is raised.
void irq_attach(uint32_t source, irq_handler_t handler);

// Says that something happened for which a sleeper may wait. Any device interrupt does this by itself.
void irq_wake(void);

// Sleeps (WFI) until an interrupt after the last call, or until mtime reaches `deadline`; may return early.
// An event between the caller's last check and this call makes it return at once, so no wake-up is lost.
void irq_sleep_until(uint64_t deadline);

// Instructions (minstret) since boot.
uint64_t irq_instructions(void);

// Instructions that passed inside WFI since boot. With -icount, QEMU counts idle time as instructions.
uint64_t irq_idle_instructions(void);

// Entry from start.S.
void irq_dispatch(uint32_t cause);

#endif
