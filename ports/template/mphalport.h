// SPDX-License-Identifier: MIT
#ifndef MPY_SSL_TEMPLATE_MPHALPORT_H
#define MPY_SSL_TEMPLATE_MPHALPORT_H

#include <stddef.h>
#include "shared/runtime/interrupt_char.h"
#include "port_hooks.h"

#define MICROPY_INTERNAL_EVENT_HOOK port_handle_events()
#define MICROPY_INTERNAL_WFE(timeout_ms) port_wait_for_event(timeout_ms)

#endif
