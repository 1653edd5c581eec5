// SPDX-License-Identifier: MIT
#include <stdio.h>
#include "py/mpprint.h"
#include "py/runtime.h"
#include "fault.h"
#include "uart.h"
#include "virt.h"

// A word that DRAM does not hold by chance; the cause is in its low byte.
#define CAUSE_MAGIC (0x5e7ca500u)
// Locked, naturally aligned power of two, no permission.
#define PMP_LOCKED_NAPOT (0x98u)
#define GUARD_SIZE (4096u)

extern uint8_t virt_stack_guard[];
extern volatile uint32_t fault_next_cause;

static enum reset_cause last_cause;

void fault_init(void) {
    last_cause = (fault_next_cause & ~0xffu) == CAUSE_MAGIC ? (enum reset_cause)(fault_next_cause & 0xff) : RESET_POWER_ON;
    fault_next_cause = 0;
    CSR_WRITE(pmpaddr0, ((uintptr_t)virt_stack_guard >> 2) | (GUARD_SIZE / 8 - 1));
    CSR_WRITE(pmpcfg0, PMP_LOCKED_NAPOT);
}

enum reset_cause fault_reset_cause(void) {
    return last_cause;
}

void fault_reset(enum reset_cause cause) {
    irq_disable();
    fault_next_cause = CAUSE_MAGIC | cause;
    *virt_reg32(VIRT_TEST_BASE) = VIRT_TEST_RESET;
    for (;;) {
        __asm volatile ("wfi");
    }
}

static void print_uart(void *env, const char *text, size_t length) {
    uart_write(text, length);
}

static const mp_print_t fault_print = { NULL, print_uart };

void fault_fatal(const char *message) {
    irq_disable();
    mp_printf(&fault_print, "\r\nFATAL: %s\r\n", message);
    fault_reset(RESET_FATAL);
}

static const char *cause_name(uint32_t cause, uint32_t mtval) {
    static const char *const names[] = {
        "instruction address misaligned", "instruction access fault", "illegal instruction", "breakpoint",
        "load address misaligned", "load access fault", "store address misaligned", "store access fault",
    };
    if (mtval - (uintptr_t)virt_stack_guard < GUARD_SIZE) {
        return "stack overflow";
    }
    return cause < MP_ARRAY_SIZE(names) ? names[cause] : "CPU exception";
}

void fault_trap(uint32_t cause, uint32_t mtval, const struct fault_frame *frame) {
    static bool nested;
    if (!nested) {
        nested = true;
        mp_printf(&fault_print, "\r\nFATAL: %s: mcause=%u mepc=%08x mtval=%08x\r\n",
            cause_name(cause, mtval), (unsigned)cause, (unsigned)frame->x[0], (unsigned)mtval);
        for (unsigned i = 1; i < 32; ++i) {
            mp_printf(&fault_print, "x%-2u=%08x%s", i, (unsigned)frame->x[i], i % 8 == 7 ? "\r\n" : " ");
        }
        mp_printf(&fault_print, "\r\n");
    }
    fault_reset(RESET_FATAL);
}

void nlr_jump_fail(void *value) {
    mp_printf(&fault_print, "\r\n");
    if (value != NULL) {
        mp_obj_print_exception(&fault_print, MP_OBJ_FROM_PTR(value));
    }
    fault_fatal("exception outside of any handler");
}

// picolibc's assert() and abort(), and whatever exit() would end here.
__attribute__((noreturn)) void __assert_func(const char *file, int line, const char *function, const char *text);
void __assert_func(const char *file, int line, const char *function, const char *text) {
    mp_printf(&fault_print, "\r\n%s:%d: %s: assertion failed: %s", file, line, function ? function : "?", text);
    fault_fatal("assertion failed");
}

__attribute__((noreturn)) void abort(void);
void abort(void) {
    fault_fatal("abort() called");
}

__attribute__((noreturn)) void _exit(int status);
void _exit(int status) {
    fault_fatal("exit() called");
}
