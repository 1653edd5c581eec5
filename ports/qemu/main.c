// SPDX-License-Identifier: MIT
// Start-up, and the life of the board: boot.py, main.py, REPL, soft reset, again.
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "extmod/modnetwork.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"
#include "bench.h"
#include "fault.h"
#include "irq.h"
#include "net.h"
#include "uart.h"
#include "virtio_blk.h"
#include "virtio_rng.h"

extern uint8_t virt_stack_bottom[];
extern uint8_t virt_stack_top[];

static uint8_t heap[MICROPY_HW_HEAP_SIZE] __attribute__((aligned(16)));

static void hardware_init(void) {
    fault_init();
    irq_init();
    uart_init();
    virtio_rng_init();
    virtio_blk_init();
    net_init();
}

// True: the script asked for a soft reset.
static bool run_scripts(void) {
    pyexec_frozen_module("_boot.py", false);
    int result = pyexec_file_if_exists("boot.py");
    if (!(result & PYEXEC_FORCED_EXIT) && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && result != 0) {
        result = pyexec_file_if_exists("main.py");
    }
    return result & PYEXEC_FORCED_EXIT;
}

static void run_repl(void) {
    int result = 0;
    while (result == 0) {
        result = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    }
}

static void run_until_soft_reset(void) {
    gc_init(heap, heap + sizeof(heap));
    bench_soft_init();
    mp_init();
    net_soft_init();
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_lib));
    readline_init0();
    mod_network_init();
    if (!run_scripts()) {
        run_repl();
    }
    mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
    gc_sweep_all();
    net_soft_deinit();
    mod_network_deinit();
    mp_deinit();
}

int main(void) {
    hardware_init();
    mp_cstack_init_with_top(virt_stack_top, virt_stack_top - virt_stack_bottom);
    for (;;) {
        run_until_soft_reset();
    }
}
