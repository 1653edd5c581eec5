// SPDX-License-Identifier: MIT
// machine.RTC.
#ifndef MPY_SSL_QEMU_MACHINE_RTC_H
#define MPY_SSL_QEMU_MACHINE_RTC_H

#include "py/obj.h"

extern const mp_obj_type_t machine_rtc_type;

#endif
