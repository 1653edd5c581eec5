// SPDX-License-Identifier: MIT
// The `board` module: what only this machine has.
//
// board.Flash() is the storage as a block device with MicroPython's extended protocol: readblocks(block, buf[, offset]),
// writeblocks(block, buf[, offset]), ioctl(op, arg). Blocks are MICROPY_HW_FLASH_BLOCK_SIZE bytes. OSError(ENODEV): the
// machine has no storage.
#ifndef MPY_SSL_QEMU_BOARD_FLASH_H
#define MPY_SSL_QEMU_BOARD_FLASH_H

#include "py/obj.h"

extern const mp_obj_type_t board_flash_type;

#endif
