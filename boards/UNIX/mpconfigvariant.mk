# SPDX-License-Identifier: MIT
include $(UNIX_PORT_DIR)/variant.mk
