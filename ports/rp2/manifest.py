# SPDX-License-Identifier: MIT
# What every RP2 board has in its image; nothing of it is in micropython-lib.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
