// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico"

// Of 2 MB of flash; the image may take the rest, 640 KB.
#define MICROPY_HW_FLASH_STORAGE_BYTES (1408 * 1024)
