// SPDX-License-Identifier: MIT
// What cannot be survived: CPU exceptions, stack overflow, failed assertions, uncaught C-level errors.
//
// All of them print one line that starts with "FATAL: " on the console (a CPU exception adds the registers) and reset
// the board, so that a crash is visible to whoever reads the console and the board comes back.
#ifndef MPY_SSL_QEMU_FAULT_H
#define MPY_SSL_QEMU_FAULT_H

#include <stdint.h>

// Registers at the exception: word 0 is mepc, word n is xn.
struct fault_frame {
    uint32_t x[32];
};

enum reset_cause {
    RESET_POWER_ON = 1, // the machine was started
    RESET_HARD = 2, // machine.reset()
    RESET_FATAL = 3, // after a "FATAL: " line
};

// Locks the guard page below the stack and latches the reset cause. Call first in main().
void fault_init(void);

// Why the board started, as the enum above.
enum reset_cause fault_reset_cause(void);

// Resets the machine; `cause` is what the next start reports.
__attribute__((noreturn)) void fault_reset(enum reset_cause cause);

// Prints "FATAL: <message>" and resets.
__attribute__((noreturn)) void fault_fatal(const char *message);

// Entry from start.S.
__attribute__((noreturn)) void fault_trap(uint32_t cause, uint32_t mtval, const struct fault_frame *frame);

#endif
