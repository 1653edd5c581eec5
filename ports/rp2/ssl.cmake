# SPDX-License-Identifier: MIT
#
# What the module `ssl` needs of this port: entropy. Included by usermod/ssl/micropython.cmake, in MicroPython's own scope.

set(MPY_SSL_RP2_DIR ${CMAKE_CURRENT_LIST_DIR})

# MicroPython's hooks for its own configuration of Mbed TLS; ours are below and in the module. Not compiled, but listed.
set_source_files_properties(${MICROPY_PORT_DIR}/mbedtls/mbedtls_port.c PROPERTIES HEADER_FILE_ONLY TRUE)

target_include_directories(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR})
target_sources(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR}/entropy.c ${MPY_SSL_RP2_DIR}/entropy_health.c)
if(PICO_RP2040)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR}/entropy_rosc.c)
else()
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR}/entropy_trng.c)
endif()

# Where the time of a handshake and of a record goes; the rest stays at -Os.
foreach(name aes bignum bignum_core chacha20 chachapoly constant_time ecp ecp_curves gcm poly1305 sha256)
    set_source_files_properties(${MICROPY_LIB_MBEDTLS_DIR}/library/${name}.c PROPERTIES COMPILE_OPTIONS -O2)
endforeach()
