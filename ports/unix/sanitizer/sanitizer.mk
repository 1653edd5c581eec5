# SPDX-License-Identifier: MIT
#
# A unix board that stops at the first memory error or undefined behaviour, and
# at exit reports what was not freed. sanitizer.c has the run-time options.

SRC_C += sanitizer/sanitizer.c

# Assertions on, symbols kept, and fast enough for TLS handshakes.
DEBUG = 1
COPT = -O1
STRIP =

SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# setjmp is the way to unwind that compilers know; MicroPython's own assembly loses locals in instrumented code.
CFLAGS_EXTRA += $(SANITIZERS) -DMP_ASAN=1 -DMP_UBSAN=1 -DMICROPY_NLR_SETJMP=1 -Wno-clobbered
# Static, so that other libraries may be preloaded.
LDFLAGS_EXTRA += $(SANITIZERS) -static-libasan -static-libubsan -Wl,--wrap=mp_deinit

# MicroPython itself calls memcpy(NULL, NULL, 0), counts from a null pointer, and
# shifts into the sign; only its own files may.
$(BUILD)/py/%.o: CFLAGS += -fno-sanitize=nonnull-attribute,pointer-overflow,shift
$(BUILD)/extmod/%.o: CFLAGS += -fno-sanitize=nonnull-attribute,pointer-overflow
$(BUILD)/lib/littlefs/%.o: CFLAGS += -fno-sanitize=signed-integer-overflow
