// SPDX-License-Identifier: MIT
// network.LAN; included by extmod/modnetwork.c for its table.
#ifndef MPY_SSL_QEMU_NETWORK_LAN_H
#define MPY_SSL_QEMU_NETWORK_LAN_H

#include "py/obj.h"

extern const mp_obj_type_t network_lan_type;

#endif
