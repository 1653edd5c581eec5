// SPDX-License-Identifier: MIT
#ifndef MICROPY_HW_BOARD_NAME // a variant may have another
#define MICROPY_HW_BOARD_NAME "ESP32-S2 module"
#endif
#define MICROPY_HW_MCU_NAME "ESP32-S2"

// The prompt is on the UART too, for boards with a USB bridge of their own.
#define MICROPY_HW_ENABLE_UART_REPL 1

// The chip has no Bluetooth.
#define MICROPY_PY_BLUETOOTH 0
