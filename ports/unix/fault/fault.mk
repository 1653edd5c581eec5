# SPDX-License-Identifier: MIT
#
# The module `_fault`; modfault.c says what it does.

SRC_C += fault/modfault.c

LDFLAGS_EXTRA += $(addprefix -Wl$(comma)--wrap=,gc_alloc gc_realloc calloc mpy_ssl_calloc mpy_ssl_free)
comma = ,
