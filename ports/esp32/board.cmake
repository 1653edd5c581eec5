# SPDX-License-Identifier: MIT
#
# Included by the mpconfigboard.cmake of our boards, which sets before:
#
#   IDF_TARGET        the chip
#   MICROPYTHON_SDKCONFIG
#                     fragments of MicroPython's ports/esp32/boards, without "sdkconfig."; those that this version of
#                     MicroPython does not have are left out, because they have had several names
#
# Gives SDKCONFIG_DEFAULTS and MICROPY_FROZEN_MANIFEST. What comes later in SDKCONFIG_DEFAULTS wins.

set(SDKCONFIG_DEFAULTS ${CMAKE_CURRENT_SOURCE_DIR}/boards/sdkconfig.base)
if(NOT EXISTS ${SDKCONFIG_DEFAULTS})
    message(FATAL_ERROR "${SDKCONFIG_DEFAULTS} is missing: build this board in MicroPython's ports/esp32, 1.25 to 1.29")
endif()
foreach(name ${MICROPYTHON_SDKCONFIG})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/boards/sdkconfig.${name})
        list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_CURRENT_SOURCE_DIR}/boards/sdkconfig.${name})
    endif()
endforeach()

list(APPEND SDKCONFIG_DEFAULTS
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.tls
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.${IDF_TARGET}
    ${MICROPY_BOARD_DIR}/sdkconfig.board)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
