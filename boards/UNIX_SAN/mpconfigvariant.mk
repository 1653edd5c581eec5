# SPDX-License-Identifier: MIT
BOARD_SANITIZE = 1
MPY_SSL_DEBUG = 1
include $(UNIX_PORT_DIR)/variant.mk
MPY_SSL_CFLAGS += -DMPY_SSL_SHA1_SMALL=1 # of small boards
