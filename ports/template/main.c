// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include "py/builtin.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/readline/readline.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

#define HEAP_SIZE (256 * 1024) // on a 32-bit MCU half of it does
#define STACK_SIZE (32 * 1024)

static char heap[HEAP_SIZE];

int main(void) {
    mp_cstack_init_with_sp_here(STACK_SIZE);
    for (;;) {
        gc_init(heap, heap + sizeof(heap));
        mp_init();
        readline_init0();
        while ((pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl()) == 0) {
        }
        gc_sweep_all();
        mp_deinit();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

// There is no file system: certificates come as bytes, `import` finds frozen and built-in modules only.
static mp_obj_t no_open(size_t n_args, const mp_obj_t *args, mp_map_t *keywords) {
    mp_raise_OSError(MP_ENODEV);
}
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 1, no_open);

mp_lexer_t *mp_lexer_new_from_file(qstr filename) {
    mp_raise_OSError(MP_ENOENT);
}

mp_import_stat_t mp_import_stat(const char *path) {
    return MP_IMPORT_STAT_NO_EXIST;
}

void nlr_jump_fail(void *value) {
    mp_hal_stdout_tx_str("FATAL: exception outside of any handler\n");
    abort();
}
