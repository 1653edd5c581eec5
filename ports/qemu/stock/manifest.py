# SPDX-License-Identifier: MIT
# MPY_SSL_STOCK=1: the board's modules, and `ssl` over `tls`.
include("$(BOARD_DIR)/manifest.py")
freeze(".", "ssl.py")
