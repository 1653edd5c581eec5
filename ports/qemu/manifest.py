# SPDX-License-Identifier: MIT
# What every board of this port carries frozen.
freeze("modules")
include("$(MPY_DIR)/extmod/asyncio")
