# SPDX-License-Identifier: MIT
set(IDF_TARGET esp32s3)
set(MICROPYTHON_SDKCONFIG usb ble spiram_sx spiram_quad csi)
include(${MICROPY_BOARD_DIR}/../../ports/esp32/board.cmake)
