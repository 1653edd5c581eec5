# SPDX-License-Identifier: MIT
include("$(BOARD_DIR)/../../ports/esp32/manifest.py")
