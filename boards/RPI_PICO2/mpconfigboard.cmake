# SPDX-License-Identifier: MIT
set(PICO_BOARD "pico2")
set(PICO_PLATFORM "rp2350-arm-s")
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
