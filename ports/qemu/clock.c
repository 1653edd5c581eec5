// SPDX-License-Identifier: MIT
#include "clock.h"
#include "net.h"

// 2000-01-01 00:00:00 UTC, the earliest date that MicroPython 1.25 can represent.
#define CLOCK_UNSET_NS (946684800ull * 1000000000ull)
#define CLOCK_NS_PER_TICK (1000000000u / VIRT_TIMEBASE_HZ)

static uint64_t clock_wall_offset; // wall time minus monotonic time, ns; 0: unset
static uint64_t clock_net_deadline = CLOCK_NEVER;

uint64_t clock_ticks(void) {
    uint32_t high, low;
    do {
        high = *virt_reg32(VIRT_CLINT_MTIME + 4);
        low = *virt_reg32(VIRT_CLINT_MTIME);
    } while (high != *virt_reg32(VIRT_CLINT_MTIME + 4));
    return (uint64_t)high << 32 | low;
}

uint64_t clock_wall_ns(void) {
    uint64_t offset = clock_wall_offset == 0 ? CLOCK_UNSET_NS : clock_wall_offset;
    return offset + clock_ticks() * CLOCK_NS_PER_TICK;
}

void clock_set_wall(uint64_t ns) {
    clock_wall_offset = ns - clock_ticks() * CLOCK_NS_PER_TICK;
}

bool clock_wall_is_set(void) {
    return clock_wall_offset != 0;
}

// The high word is parked at its maximum in between, so that no early alarm can fire.
static void alarm_write(uint64_t ticks) {
    *virt_reg32(VIRT_CLINT_MTIMECMP + 4) = UINT32_MAX;
    *virt_reg32(VIRT_CLINT_MTIMECMP) = (uint32_t)ticks;
    *virt_reg32(VIRT_CLINT_MTIMECMP + 4) = (uint32_t)(ticks >> 32);
}

void clock_set_net_deadline(uint64_t ticks) {
    uint32_t state = irq_disable();
    clock_net_deadline = ticks;
    alarm_write(ticks);
    irq_restore(state);
}

void clock_alarm_before(uint64_t ticks) {
    alarm_write(ticks < clock_net_deadline ? ticks : clock_net_deadline);
}

void clock_alarm_fired(void) {
    if (clock_ticks() >= clock_net_deadline) {
        clock_net_deadline = CLOCK_NEVER;
        net_wake();
    }
    alarm_write(clock_net_deadline);
}
