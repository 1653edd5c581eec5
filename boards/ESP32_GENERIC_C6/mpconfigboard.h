// SPDX-License-Identifier: MIT
#ifndef MICROPY_HW_BOARD_NAME // a variant may have another
#define MICROPY_HW_BOARD_NAME "ESP32-C6 module"
#endif
#define MICROPY_HW_MCU_NAME "ESP32-C6"

// The prompt is on the UART too, for boards with a USB bridge of their own.
#define MICROPY_HW_ENABLE_UART_REPL 1

// MicroPython's driver does not know this chip's I2S before 1.27.
#if MICROPY_VERSION_MAJOR == 1 && MICROPY_VERSION_MINOR < 27
#define MICROPY_PY_MACHINE_I2S 0
#endif
