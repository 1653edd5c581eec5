// SPDX-License-Identifier: MIT
#ifndef MICROPY_HW_BOARD_NAME // a variant may have another
#define MICROPY_HW_BOARD_NAME "ESP32 module"
#endif
#define MICROPY_HW_MCU_NAME "ESP32"
