# SPDX-License-Identifier: MIT
include("$(BOARD_DIR)/../../ports/rp2/manifest.py")
