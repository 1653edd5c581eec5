# SPDX-License-Identifier: MIT
set(IDF_TARGET esp32c3)
set(MICROPYTHON_SDKCONFIG riscv ble c3 csi)
include(${MICROPY_BOARD_DIR}/../../ports/esp32/board.cmake)
