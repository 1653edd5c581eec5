# SPDX-License-Identifier: MIT
set(IDF_TARGET esp32c6)
set(MICROPYTHON_SDKCONFIG riscv c6 ble csi)
include(${MICROPY_BOARD_DIR}/../../ports/esp32/board.cmake)
