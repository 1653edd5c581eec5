# SPDX-License-Identifier: MIT
BOARD_SANITIZE = 1
include $(UNIX_PORT_DIR)/variant.mk
