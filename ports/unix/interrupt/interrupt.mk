# SPDX-License-Identifier: MIT
#
# Ctrl-C that cannot be missed; interrupt.c says how.

SRC_C += interrupt/interrupt.c

LDFLAGS_EXTRA += -Wl,--wrap=mp_sched_keyboard_interrupt
