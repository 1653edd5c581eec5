// SPDX-License-Identifier: MIT
// Monotonic time from mtime, the wall clock on top of it, and the one hardware alarm.
//
// The wall clock is a board's without battery: after power-on or reset it stands at 2000-01-01 00:00:00 UTC plus the
// uptime until clock_set_wall() is called; a soft reset keeps it.
#ifndef MPY_SSL_QEMU_CLOCK_H
#define MPY_SSL_QEMU_CLOCK_H

#include "virt.h"

#define CLOCK_NEVER (UINT64_MAX)
#define CLOCK_TICKS_PER_MS (VIRT_TIMEBASE_HZ / 1000u)
#define CLOCK_TICKS_PER_US (VIRT_TIMEBASE_HZ / 1000000u)

// Ticks (100 ns) since power-on.
uint64_t clock_ticks(void);

// Nanoseconds since 1970-01-01 00:00:00 UTC.
uint64_t clock_wall_ns(void);

// Sets the wall clock to `ns` nanoseconds since 1970-01-01 00:00:00 UTC.
void clock_set_wall(uint64_t ns);

// True once clock_set_wall() was called since the last hard reset.
bool clock_wall_is_set(void);

// When the network's next timer is due (CLOCK_NEVER: no timer); net_wake() is called from the interrupt then.
void clock_set_net_deadline(uint64_t ticks);

// Arms the alarm for `ticks` or the network's deadline, whichever is first. Interrupts must be off.
void clock_alarm_before(uint64_t ticks);

// The timer interrupt's handler.
void clock_alarm_fired(void);

#endif
