// SPDX-License-Identifier: MIT
// The hardware layer that MicroPython's core and extmod call; see py/mphal.h for each function's contract.
#ifndef MPY_SSL_QEMU_MPHALPORT_H
#define MPY_SSL_QEMU_MPHALPORT_H

#include <stddef.h>
#include "shared/runtime/interrupt_char.h"
#include "virt.h"

#define MICROPY_BEGIN_ATOMIC_SECTION() irq_disable()
#define MICROPY_END_ATOMIC_SECTION(state) irq_restore(state)

// Polls the network if it asked for it.
#define MICROPY_INTERNAL_EVENT_HOOK mp_hal_handle_events()
// Sleeps until the next interrupt or for that many milliseconds (-1: no limit).
#define MICROPY_INTERNAL_WFE(timeout_ms) mp_hal_wait_for_event(timeout_ms)

// Fills `buffer` for os.urandom(); raises OSError(ENODEV) when the machine has no entropy source or it stalls.
void mp_hal_get_random(size_t length, uint8_t *buffer);

// Raises OSError(ENODEV, message).
__attribute__((noreturn)) void mphalport_raise_no_device(const char *message);

void mp_hal_handle_events(void);
void mp_hal_wait_for_event(mp_uint_t timeout_ms);

#endif
