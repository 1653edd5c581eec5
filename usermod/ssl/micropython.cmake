# SPDX-License-Identifier: MIT
#
# The user C module `ssl` for MicroPython's CMake ports (rp2, esp32): USER_C_MODULES=<this file>.
#
#   MBEDTLS_DIR        Mbed TLS 3.6 on rp2; default: MicroPython's own submodule lib/mbedtls
#   MPY_SSL_VERSION    compiled in as ssl.VERSION; default: what git says of this checkout
#   MPY_SSL_PRIMITIVES 0 leaves out what examples/selftest.py needs; default: 1
#
# On rp2 Mbed TLS is built here, with this module's configuration; on esp32 it is ESP-IDF's component, with the SDK's.
# What the module needs from a port beyond that is in ports/<port>/ssl.cmake of this project, where there is one.

set(MPY_SSL_DIR ${CMAKE_CURRENT_LIST_DIR})
get_filename_component(MPY_SSL_PORT "${MICROPY_PORT_DIR}" NAME)

if(NOT MPY_SSL_VERSION)
    execute_process(COMMAND git -C ${MPY_SSL_DIR} describe --tags --always --dirty
        OUTPUT_VARIABLE MPY_SSL_VERSION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT MPY_SSL_VERSION)
    set(MPY_SSL_VERSION unknown)
endif()

add_library(usermod_ssl INTERFACE)
target_include_directories(usermod_ssl INTERFACE ${MPY_SSL_DIR})
foreach(name
        accelerator
        alpn
        binding
        blob
        buffers
        certificate
        ciphers
        clock
        context
        ec_comb
        ec_field
        ec_mbedtls
        ec_point
        error
        hello
        keylog
        memory
        memory_info
        module
        pool
        primitives
        random
        record
        resume
        saved
        seal
        session
        session_cache
        socket
        sslsession
        stream
        ticket
        version)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_DIR}/${name}.c)
endforeach()

# The version is in a file of its own, so that another one recompiles only what shows it. It is found by its folder, because
# options of a source file do not reach the executable of ESP-IDF, which compiles the sources of an interface again.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/mpy_ssl/mpy_ssl_version.h CONTENT "#define MPY_SSL_VERSION \"${MPY_SSL_VERSION}\"\n")
target_include_directories(usermod_ssl INTERFACE ${CMAKE_BINARY_DIR}/mpy_ssl)

# P-256 and P-384 are the module's own, see ec_mbedtls.h.
foreach(name mul mul_restartable muladd_restartable check_pubkey check_pub_priv)
    target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_ecp_${name})
endforeach()
set_source_files_properties(${MPY_SSL_DIR}/ec_field.c PROPERTIES COMPILE_OPTIONS "-O2;-fno-schedule-insns")

if(TARGET micropy_lib_mbedtls)
    if(MBEDTLS_DIR)
        list(REMOVE_ITEM MICROPY_INC_CORE ${MICROPY_LIB_MBEDTLS_DIR}/include)
        list(APPEND MICROPY_INC_CORE ${MBEDTLS_DIR}/include)
        set(MICROPY_LIB_MBEDTLS_DIR ${MBEDTLS_DIR})
    endif()
    if(NOT EXISTS ${MICROPY_LIB_MBEDTLS_DIR}/library/ssl_tls.c)
        message(FATAL_ERROR "No Mbed TLS in ${MICROPY_LIB_MBEDTLS_DIR}: "
            "run 'git submodule update --init lib/mbedtls' in MicroPython, or give -DMBEDTLS_DIR=")
    endif()
    # The library that MicroPython links becomes this one: our configuration, and only the files that it uses.
    set(MPY_SSL_MBEDTLS_NAMES
        aes asn1parse asn1write base64 bignum bignum_core bignum_mod bignum_mod_raw chacha20 chachapoly
        cipher cipher_wrap constant_time ctr_drbg ecdh ecdsa ecp ecp_curves gcm hmac_drbg md md5 oid
        pem pk pk_ecc pk_wrap pkcs5 pkparse platform platform_util poly1305 rsa rsa_alt_helpers sha1
        sha256 sha512 ssl_ciphersuites ssl_client ssl_msg ssl_tls ssl_tls12_client ssl_tls12_server x509 x509_crt)
    list(TRANSFORM MPY_SSL_MBEDTLS_NAMES PREPEND ${MICROPY_LIB_MBEDTLS_DIR}/library/ OUTPUT_VARIABLE MPY_SSL_MBEDTLS)
    list(TRANSFORM MPY_SSL_MBEDTLS APPEND .c)
    set_target_properties(micropy_lib_mbedtls PROPERTIES
        INTERFACE_SOURCES "${MPY_SSL_MBEDTLS}"
        INTERFACE_INCLUDE_DIRECTORIES ${MICROPY_LIB_MBEDTLS_DIR}/include
        INTERFACE_COMPILE_DEFINITIONS "MBEDTLS_CONFIG_FILE=\"${MPY_SSL_DIR}/mbedtls_config.h\"")
    # The stock module is left out, also where a board has a network.
    list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL=0)
else()
    # ESP-IDF: mpconfigport.h defines MICROPY_PY_SSL without asking, so a header of ours stands in front of it.
    # Its Mbed TLS has the C heap of the SDK, and so does what the module allocates itself.
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_C_HEAP "MP_CONFIGFILE=\"${MPY_SSL_DIR}/mpconfig_without_stock_ssl.h\"")
endif()

if(DEFINED MPY_SSL_PRIMITIVES)
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_PRIMITIVES=${MPY_SSL_PRIMITIVES})
endif()

include(${MPY_SSL_DIR}/../../ports/${MPY_SSL_PORT}/ssl.cmake OPTIONAL)

target_link_libraries(usermod INTERFACE usermod_ssl)
