# SPDX-License-Identifier: MIT
#
# What every unix board's mpconfigvariant.mk includes. MicroPython reads that
# file before its own rules, so that additions to its variables take effect.
#
#   BOARD_SANITIZE=1  AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer

PROG = micropython
REPO_DIR := $(abspath $(UNIX_PORT_DIR)/../..)

FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

# Debian strips the library that `btree` needs. Without `ffi` MicroPython keeps
# Mbed TLS's memory in libc, where sanitizers see every block of its own.
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0

# Stock TLS makes way for the user C module.
MICROPY_PY_SSL = 0

# No path of this machine gets into the image; of several matches the last one counts.
CFLAGS_EXTRA += \
	-ffile-prefix-map=$(REPO_DIR)=mpy-ssl \
	$(if $(MBEDTLS_DIR),-ffile-prefix-map=$(MBEDTLS_DIR)=mbedtls) \
	-ffile-prefix-map=$(MICROPY_DIR)=micropython \
	-ffile-prefix-map=$(VARIANT_DIR)=board \
	-ffile-prefix-map=$(BUILD)=build

# Sources of this port, found beside MicroPython's own.
vpath %.c $(UNIX_PORT_DIR)
vpath %.h $(UNIX_PORT_DIR)

include $(UNIX_PORT_DIR)/clock/clock.mk
include $(UNIX_PORT_DIR)/fault/fault.mk
include $(UNIX_PORT_DIR)/interrupt/interrupt.mk

ifeq ($(BOARD_SANITIZE),1)
include $(UNIX_PORT_DIR)/sanitizer/sanitizer.mk
endif
