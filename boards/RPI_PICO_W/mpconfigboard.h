// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico W"

// Of 2 MB of flash; the image, with the firmware of the wireless chip, may take the rest, 1200 KB.
#define MICROPY_HW_FLASH_STORAGE_BYTES (848 * 1024)

#define MICROPY_PY_NETWORK 1
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "PicoW"

// The wireless chip hangs on a PIO state machine that speaks its half-duplex SPI, and has pins of its own.
#define CYW43_USE_SPI 1
#define CYW43_SPI_PIO 1
#define CYW43_LWIP 1
#define CYW43_GPIO 1
#define MICROPY_HW_PIN_EXT_COUNT CYW43_WL_GPIO_COUNT

// Pins of the wireless chip keep their interrupts over a soft reset.
int mp_hal_is_pin_reserved(int n);
#define MICROPY_HW_PIN_RESERVED(i) mp_hal_is_pin_reserved(i)
