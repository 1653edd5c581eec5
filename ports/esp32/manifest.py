# SPDX-License-Identifier: MIT
# What every ESP32 board has in its image.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")

# mip, ntptime, requests, webrepl; its `ssl` is not reached, because the module of that name is built in.
require("bundle-networking")
require("umqtt.simple")
require("umqtt.robust")
require("aioespnow")

require("dht")
require("ds18x20")
require("neopixel")
require("onewire")
require("upysh")
