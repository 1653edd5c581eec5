# SPDX-License-Identifier: MIT
#
# What the module `ssl` gets from this port: memory, entropy, engines. Included by usermod/ssl/micropython.cmake, in the scope of
# MicroPython's component of ESP-IDF; the options of sdkconfig are CMake variables here.

set(MPY_SSL_ESP32_DIR ${CMAKE_CURRENT_LIST_DIR})

if(NOT CONFIG_MBEDTLS_HAVE_TIME_DATE OR NOT CONFIG_MBEDTLS_SSL_PROTO_TLS1_2)
    message(FATAL_ERROR "sdkconfig leaves out what TLS needs: CONFIG_MBEDTLS_HAVE_TIME_DATE and CONFIG_MBEDTLS_SSL_PROTO_TLS1_2; "
        "add ${MPY_SSL_ESP32_DIR}/sdkconfig.tls to the board's SDKCONFIG_DEFAULTS, and build in an empty folder")
endif()
if(CONFIG_MBEDTLS_CUSTOM_MEM_ALLOC)
    message(FATAL_ERROR "CONFIG_MBEDTLS_CUSTOM_MEM_ALLOC=y leaves nothing to count memory by: set CONFIG_MBEDTLS_DEFAULT_MEM_ALLOC=y")
endif()

target_sources(usermod_ssl INTERFACE
    ${MPY_SSL_ESP32_DIR}/engines.c ${MPY_SSL_ESP32_DIR}/entropy.c ${MPY_SSL_ESP32_DIR}/heap.c)
list(APPEND MICROPY_DEF_BOARD MPY_SSL_ACCELERATOR=1 MPY_SSL_PORT_ENTROPY=1 MPY_SSL_PORT_HEAP=1)

# Boards that are built for size: where the time of a handshake and of a record goes is not. About 30 KB.
if(CONFIG_COMPILER_OPTIMIZATION_SIZE AND TARGET mbedcrypto)
    target_compile_options(mbedcrypto PRIVATE -O2)
endif()

# The arithmetic of P-256, P-384 and X25519 is a library here, because options of a source file do not reach ESP-IDF's executable, which compiles
# the sources of an interface.
get_target_property(MPY_SSL_SOURCES usermod_ssl INTERFACE_SOURCES)
list(REMOVE_ITEM MPY_SSL_SOURCES ${MPY_SSL_DIR}/ec_field.c ${MPY_SSL_DIR}/ec_x25519.c)
set_target_properties(usermod_ssl PROPERTIES INTERFACE_SOURCES "${MPY_SSL_SOURCES}")
add_library(mpy_ssl_ec STATIC ${MPY_SSL_DIR}/ec_field.c ${MPY_SSL_DIR}/ec_x25519.c)
target_compile_options(mpy_ssl_ec PRIVATE -O2 -fno-schedule-insns -ffunction-sections)
if(TARGET idf::mbedtls)
    target_link_libraries(mpy_ssl_ec PRIVATE idf::mbedtls)
endif()
target_link_libraries(usermod_ssl INTERFACE mpy_ssl_ec)

# This file includes the port's configuration by itself, a second time and without our header in front: it says the same things
# differently, of which compilers warn.
set_source_files_properties(${MICROPY_PORT_DIR}/modespnow.c PROPERTIES COMPILE_OPTIONS -Wno-error)

# Functions of ours in the place of ESP-IDF's. --undefined, because what stands only in the place of others is otherwise left
# in its archive.
set(MPY_SSL_WRAPS esp_mbedtls_mem_calloc esp_mbedtls_mem_free mbedtls_hardware_poll)

# Only with the engine has the library one function for all products that others call; in software it has its own.
if(CONFIG_MBEDTLS_HARDWARE_MPI)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_ESP32_DIR}/product.c)
    list(APPEND MPY_SSL_WRAPS mbedtls_mpi_mul_mpi mbedtls_mpi_mul_int mbedtls_mpi_exp_mod_unsafe)
    # For comparing both, where software for keys beyond the engine is there anyway.
    if(CONFIG_MBEDTLS_LARGE_KEY_SOFTWARE_MPI)
        list(APPEND MPY_SSL_WRAPS mbedtls_mpi_exp_mod)
        list(APPEND MICROPY_DEF_BOARD MPY_SSL_EXP_MOD_SOFT=1)
    endif()
endif()

foreach(name ${MPY_SSL_WRAPS})
    target_link_options(usermod_ssl INTERFACE -Wl,--wrap=${name} -Wl,--undefined=${name})
endforeach()
# The module has wraps of its own.
foreach(name ${MPY_SSL_EC_WRAPS})
    target_link_options(usermod_ssl INTERFACE -Wl,--undefined=${name})
endforeach()

# Counters of what engines do: -D MPY_SSL_ENGINE_COUNTS=1, or set by the board; 0.3 KB. Without --undefined, so that the linker still
# leaves out what nobody calls, and tools/engine_audit.py sees it.
if(MPY_SSL_ENGINE_COUNTS)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_ESP32_DIR}/counts.c)
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_ENGINE_COUNTS=1)
    foreach(name
            aes_hal_transform_block esp_aes_process_dma esp_aes_process_dma_gcm
            esp_sha_block esp_sha_dma
            esp_mont_hw_op esp_mpi_exp_mpi_mod_hw_op esp_mpi_mul_mpi_hw_op esp_mpi_mul_mpi_mod_hw_op
            esp_mpi_mult_mpi_failover_mod_mult_hw_op
            esp_ecc_point_multiply esp_ecc_point_verify)
        target_link_options(usermod_ssl INTERFACE -Wl,--wrap=${name})
    endforeach()
endif()

# An engine that does GHASH too is faster than ChaCha20-Poly1305 in software; one that does only AES is not.
if(CONFIG_MBEDTLS_HARDWARE_GCM)
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_GCM_ENGINE=1)
endif()

# The network of Espressif's QEMU.
if(CONFIG_ETH_USE_OPENETH)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_ESP32_DIR}/openeth.c)
endif()
