# SPDX-License-Identifier: MIT
#
# The module `_clock`; modclock.c says what it does.

SRC_C += clock/modclock.c

LDFLAGS_EXTRA += -Wl,--wrap=gettimeofday -Wl,--wrap=time
