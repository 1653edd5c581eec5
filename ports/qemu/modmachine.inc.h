// SPDX-License-Identifier: MIT
// This port's part of the `machine` module; extmod/modmachine.c includes it.
#include "fault.h"
#include "irq.h"
#include "clock.h"
#include "machine_rtc.h"
#include "net.h"

// unique_id(): the network interface's hardware address, which QEMU takes from its command line.
static mp_obj_t board_unique_id(void) {
    const struct netif *netif = net_interface();
    return netif == NULL ? mp_const_empty_bytes : mp_obj_new_bytes(netif->hwaddr, sizeof(netif->hwaddr));
}
static MP_DEFINE_CONST_FUN_OBJ_0(board_unique_id_obj, board_unique_id);

static void mp_machine_idle(void) {
    mp_event_wait_ms(1);
}

__attribute__((noreturn)) static void mp_machine_reset(void) {
    fault_reset(RESET_HARD);
}

static mp_int_t mp_machine_reset_cause(void) {
    return fault_reset_cause();
}

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_unique_id), MP_ROM_PTR(&board_unique_id_obj) }, \
    { MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&machine_rtc_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(RESET_POWER_ON) }, \
    { MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(RESET_HARD) }, \
    { MP_ROM_QSTR(MP_QSTR_FATAL_RESET), MP_ROM_INT(RESET_FATAL) },
