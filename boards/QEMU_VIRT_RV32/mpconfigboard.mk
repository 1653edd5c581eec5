# SPDX-License-Identifier: MIT
BOARD_STACK_SIZE = 32768
