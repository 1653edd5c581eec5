# SPDX-License-Identifier: MIT
include("$(QEMU_PORT_DIR)/manifest.py")
