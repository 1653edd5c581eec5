// SPDX-License-Identifier: MIT
// The parts of QEMU's `-M virt` machine that this port touches: addresses, interrupt numbers, CSR access.
// Source: QEMU, docs/system/riscv/virt.rst and the device tree that `-machine dumpdtb=` writes.
#ifndef MPY_SSL_QEMU_VIRT_H
#define MPY_SSL_QEMU_VIRT_H

#include <stdbool.h>
#include <stdint.h>

#define VIRT_TEST_BASE (0x00100000u) // "sifive_test": a write ends or resets the machine
#define VIRT_CLINT_MTIMECMP (0x02004000u)
#define VIRT_CLINT_MTIME (0x0200bff8u)
#define VIRT_PLIC_BASE (0x0c000000u)
#define VIRT_UART0_BASE (0x10000000u)
#define VIRT_VIRTIO_BASE (0x10001000u) // eight slots, 0x1000 apart
#define VIRT_VIRTIO_STRIDE (0x1000u)
#define VIRT_VIRTIO_SLOTS (8u)

#define VIRT_IRQ_VIRTIO0 (1u) // slot n interrupts on 1 + n
#define VIRT_IRQ_UART0 (10u)

#define VIRT_TIMEBASE_HZ (10000000u) // mtime counts at 10 MHz

#define VIRT_TEST_RESET (0x7777u)

#define MSTATUS_MIE (0x8u)
#define MIE_MTIE (0x80u)
#define MIE_MEIE (0x800u)

#define CSR_READ(name) ({ uint32_t value_; __asm volatile ("csrr %0, " #name : "=r" (value_)); value_; })
#define CSR_WRITE(name, value) __asm volatile ("csrw " #name ", %0" : : "r" (value) : "memory")
#define CSR_SET(name, bits) __asm volatile ("csrs " #name ", %0" : : "r" (bits) : "memory")
// Clears `bits` and gives the register as it was before.
#define CSR_FETCH_CLEAR(name, bits) \
    ({ uint32_t value_; __asm volatile ("csrrc %0, " #name ", %1" : "=r" (value_) : "r" (bits) : "memory"); value_; })

static inline volatile uint32_t *virt_reg32(uintptr_t address) {
    return (volatile uint32_t *)address;
}

static inline volatile uint8_t *virt_reg8(uintptr_t address) {
    return (volatile uint8_t *)address;
}

// Interrupts off; gives the state for irq_restore(). Nests.
static inline uint32_t irq_disable(void) {
    return CSR_FETCH_CLEAR(mstatus, MSTATUS_MIE) & MSTATUS_MIE;
}

static inline void irq_restore(uint32_t state) {
    CSR_SET(mstatus, state & MSTATUS_MIE);
}

#endif
