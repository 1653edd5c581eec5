# SPDX-License-Identifier: MIT
include("$(BOARD_DIR)/../../ports/rp2/manifest.py")
require("onewire")
require("ds18x20")
require("dht")
require("neopixel")

# mip, ntptime, requests, webrepl; its `ssl` is not reached, because the module of that name is built in.
require("bundle-networking")
require("aioble")
