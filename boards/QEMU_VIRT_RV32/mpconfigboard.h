// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME "QEMU virt"
#define MICROPY_HW_MCU_NAME "RV32IMAC"

// Bytes of the Python heap: what an MCU of the RP2040 class has left.
#define MICROPY_HW_HEAP_SIZE (256 * 1024)

// The file system's erase unit; the image's size comes from the machine.
#define MICROPY_HW_FLASH_BLOCK_SIZE (4096)

// QEMU's user network with its default addresses.
#define MICROPY_HW_NET_HOSTNAME "mpy-qemu"
#define MICROPY_HW_NET_ADDRESS "10.0.2.15"
#define MICROPY_HW_NET_MASK "255.255.255.0"
#define MICROPY_HW_NET_GATEWAY "10.0.2.2"
#define MICROPY_HW_NET_DNS "10.0.2.3"

// Gives SSLSocket the method ioctl(), as stock's coverage build has it: tests of polling need it.
#define MPY_SSL_EXPOSE_IOCTL (1)
