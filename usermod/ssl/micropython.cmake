# SPDX-License-Identifier: MIT
#
# The user C module `ssl` for MicroPython's CMake ports (rp2, esp32): USER_C_MODULES=<this file>.
#
# Mbed TLS is the port's or the SDK's: on rp2 MicroPython's submodule, built here with this module's configuration; on
# esp32 ESP-IDF's component, with the SDK's configuration.

set(MPY_SSL_DIR ${CMAKE_CURRENT_LIST_DIR})

if(NOT MPY_SSL_VERSION)
    execute_process(COMMAND git -C ${MPY_SSL_DIR} describe --tags --always --dirty
        OUTPUT_VARIABLE MPY_SSL_VERSION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT MPY_SSL_VERSION)
    set(MPY_SSL_VERSION unknown)
endif()

add_library(usermod_ssl INTERFACE)

foreach(name blob certificate ciphers clock context error memory module random record session socket stream)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_DIR}/${name}.c)
endforeach()

target_include_directories(usermod_ssl INTERFACE ${MPY_SSL_DIR})
target_compile_definitions(usermod_ssl INTERFACE MPY_SSL_VERSION="${MPY_SSL_VERSION}")

if(TARGET micropy_lib_mbedtls)
    # MicroPython's own build of Mbed TLS takes the configuration from here, and the stock module is left out.
    set_target_properties(micropy_lib_mbedtls PROPERTIES INTERFACE_COMPILE_DEFINITIONS
        "MBEDTLS_CONFIG_FILE=\"${MPY_SSL_DIR}/mbedtls_config.h\"")
    target_compile_definitions(usermod_ssl INTERFACE MICROPY_PY_SSL=0)
else()
    # ESP-IDF: mpconfigport.h defines MICROPY_PY_SSL without asking, so a header of ours stands in front of it.
    list(APPEND MICROPY_DEF_BOARD "MP_CONFIGFILE=\"${MPY_SSL_DIR}/mpconfig_without_stock_ssl.h\"")
endif()

target_link_libraries(usermod INTERFACE usermod_ssl)
