# SPDX-License-Identifier: MIT
set(IDF_TARGET esp32s2)
set(MICROPYTHON_SDKCONFIG usb spiram_sx spiram_quad)
include(${MICROPY_BOARD_DIR}/../../ports/esp32/board.cmake)
