# SPDX-License-Identifier: MIT
#
# What the module `ssl` gets from this port: entropy, and engines. Included by usermod/ssl/micropython.cmake, in MicroPython's own scope.

set(MPY_SSL_RP2_DIR ${CMAKE_CURRENT_LIST_DIR})

# MicroPython's hooks for its own configuration of Mbed TLS; ours are below and in the module. Not compiled, but listed.
set_source_files_properties(${MICROPY_PORT_DIR}/mbedtls/mbedtls_port.c PROPERTIES HEADER_FILE_ONLY TRUE)

target_include_directories(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR})
target_sources(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR}/entropy.c ${MPY_SSL_RP2_DIR}/entropy_health.c ${MPY_SSL_RP2_DIR}/strstr.c)
target_link_options(usermod_ssl INTERFACE -Wl,--wrap=strstr)
if(PICO_RP2040)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR}/entropy_rosc.c ${MPY_SSL_DIR}/ec_field_thumb.S)
    set_source_files_properties(${MPY_SSL_DIR}/ec_field.c ${MPY_SSL_DIR}/ec_x25519.c PROPERTIES
        COMPILE_OPTIONS "" COMPILE_DEFINITIONS MPY_SSL_EC_FIELD_ASM)
    # In units of slices.h, each of about 1 M cycles here: one operation with a key.
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_SLICE_BUDGET=16)
else()
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_RP2_DIR}/entropy_trng.c ${MPY_SSL_RP2_DIR}/sha256_rp2350.c)
    # Messages that are hashed at once go to the engine; see accelerator.h of the module.
    target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_sha256)
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_ACCELERATOR=1 MPY_SSL_ACCELERATOR_SHA256=1)
endif()

# Where the time of a handshake and of a record goes; the rest stays at -Os.
foreach(name bignum_core chacha20 poly1305)
    set_source_files_properties(${MICROPY_LIB_MBEDTLS_DIR}/library/${name}.c PROPERTIES COMPILE_OPTIONS -O2)
endforeach()

set_property(TARGET micropy_lib_mbedtls APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS
    "MPY_SSL_MBEDTLS_PORT_CONFIG=\"${MPY_SSL_RP2_DIR}/mbedtls_config.h\"")

# Mbed TLS lives in the GC heap; its small blocks have a pool in there.
list(APPEND MICROPY_DEF_BOARD MPY_SSL_POOL=1)
