# SPDX-License-Identifier: MIT
set(IDF_TARGET esp32)
set(MICROPYTHON_SDKCONFIG ble csi)
include(${MICROPY_BOARD_DIR}/../../ports/esp32/board.cmake)
