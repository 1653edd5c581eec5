// SPDX-License-Identifier: MIT
#include "irq.h"
#include "clock.h"

#define PLIC_PRIORITY(source) virt_reg32(VIRT_PLIC_BASE + 4 * (source))
#define PLIC_ENABLE virt_reg32(VIRT_PLIC_BASE + 0x2000)
#define PLIC_THRESHOLD virt_reg32(VIRT_PLIC_BASE + 0x200000)
#define PLIC_CLAIM virt_reg32(VIRT_PLIC_BASE + 0x200004)

#define IRQ_SOURCES (16)
#define CAUSE_TIMER (7u)

static irq_handler_t irq_handlers[IRQ_SOURCES];
static volatile bool irq_event;
static uint64_t irq_idle;

void irq_init(void) {
    *PLIC_THRESHOLD = 0;
    *PLIC_ENABLE = 0;
    CSR_WRITE(mie, MIE_MTIE | MIE_MEIE);
    irq_restore(MSTATUS_MIE);
}

void irq_attach(uint32_t source, irq_handler_t handler) {
    irq_handlers[source] = handler;
    *PLIC_PRIORITY(source) = 1;
    *PLIC_ENABLE |= 1u << source;
}

void irq_wake(void) {
    irq_event = true;
}

uint64_t irq_instructions(void) {
    uint32_t high, low;
    do {
        high = CSR_READ(minstreth);
        low = CSR_READ(minstret);
    } while (high != CSR_READ(minstreth));
    return (uint64_t)high << 32 | low;
}

// The interrupt that ends WFI is taken when MIE is set again, so `irq_event` cannot change between test and WFI.
void irq_sleep_until(uint64_t deadline) {
    uint32_t state = irq_disable();
    if (!irq_event) {
        clock_alarm_before(deadline);
        uint64_t before = irq_instructions();
        __asm volatile ("wfi" : : : "memory");
        irq_idle += irq_instructions() - before;
    }
    irq_event = false;
    irq_restore(state);
}

uint64_t irq_idle_instructions(void) {
    return irq_idle;
}

static void irq_external(void) {
    uint32_t source;
    while ((source = *PLIC_CLAIM) != 0) {
        if (source < IRQ_SOURCES && irq_handlers[source] != 0) {
            irq_handlers[source](source);
        }
        *PLIC_CLAIM = source;
    }
    irq_event = true;
}

void irq_dispatch(uint32_t cause) {
    if ((cause & 0xff) == CAUSE_TIMER) {
        clock_alarm_fired();
    } else {
        irq_external();
    }
}
