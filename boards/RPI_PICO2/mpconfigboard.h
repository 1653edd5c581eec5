// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico 2"

// The image may take the first megabyte of 4.
#define MICROPY_HW_FLASH_STORAGE_BYTES (PICO_FLASH_SIZE_BYTES - 1024 * 1024)
