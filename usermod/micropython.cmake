# SPDX-License-Identifier: MIT
# For MicroPython's CMake ports from 1.29 on, where USER_C_MODULES may be this folder, as it is for the make ports.
include(${CMAKE_CURRENT_LIST_DIR}/ssl/micropython.cmake)
