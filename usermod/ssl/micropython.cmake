# SPDX-License-Identifier: MIT
#
# The user C module `ssl` for MicroPython's CMake ports (rp2, esp32): USER_C_MODULES=<this file>.
#
#   MBEDTLS_DIR        Mbed TLS 3.6 on rp2; default: MicroPython's own submodule lib/mbedtls
#   MPY_SSL_TLS1_3     1: TLS 1.3 beside 1.2, on rp2; default 0, because it takes some 30 KB of flash. On esp32 the SDK's Mbed TLS
#                      would have to be configured for it, which this module does not do
#   MPY_SSL_PSK        1: pre-shared keys, on rp2; default 0, which leaves flash for other things. On esp32 the SDK's configuration decides
#   MPY_SSL_DTLS       1: DTLS 1.2, on rp2; default 0, likewise
#   MPY_SSL_VERSION    compiled in as ssl.VERSION; default: what git says of this checkout
#   MPY_SSL_SLICES     1: handshakes in pieces for sockets that do not block; 0: each step as a whole. Default: 1
#   MPY_SSL_DEBUG      1: ssl.debug(), on rp2; 50 KB of flash. Default: 0
#   MPY_SSL_PRIMITIVES 0 leaves out what examples/selftest.py needs; default: 1
#   MPY_SSL_X25519     0 leaves out that group; default: 1, on the RP2040 0, on esp32 as the SDK says
#   MPY_SSL_GROUPS     0 leaves out set_groups() and its like, MPY_SSL_SNI_CALLBACK 0 sni_callback, MPY_SSL_MFL 0
#                      max_fragment_length; default: 1, on esp32 the last as the SDK says
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
        after_handshake
        alpn
        binding
        blob
        buffers
        certificate
        ciphers
        clock
        context
        counted
        debug
        dtls
        ec_comb
        ec_field
        ec_mbedtls
        ec_point
        ec_x25519
        error
        fragment
        groups
        guard
        hello
        keylog
        memory
        memory_info
        message_header
        module
        packed
        pool
        primitives
        psk
        random
        record
        resume
        saved
        seal
        session
        session_cache
        slices
        sni
        socket
        sslsession
        stream
        ticket
        tls13_secrets
        version)
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_DIR}/${name}.c)
endforeach()

# The version is in a file of its own, so that another one recompiles only what shows it. It is found by its folder, because
# options of a source file do not reach the executable of ESP-IDF, which compiles the sources of an interface again.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/mpy_ssl/mpy_ssl_version.h CONTENT "#define MPY_SSL_VERSION \"${MPY_SSL_VERSION}\"\n")
target_include_directories(usermod_ssl INTERFACE ${CMAKE_BINARY_DIR}/mpy_ssl)

# P-256, P-384 and X25519 are the module's own, see ec_mbedtls.h.
set(MPY_SSL_EC_WRAPS mbedtls_ecp_mul mbedtls_ecp_mul_restartable mbedtls_ecp_check_pubkey mbedtls_ecp_check_pub_priv
    mbedtls_ecdsa_read_signature)
foreach(name ${MPY_SSL_EC_WRAPS})
    target_link_options(usermod_ssl INTERFACE -Wl,--wrap=${name})
endforeach()
# Handshakes in pieces, see slices.h.
if(NOT DEFINED MPY_SSL_SLICES)
    set(MPY_SSL_SLICES 1)
endif()
if(MPY_SSL_SLICES)
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_SLICES=1)
    target_link_options(usermod_ssl INTERFACE
        -Wl,--wrap=mbedtls_x509_crt_verify_restartable -Wl,--wrap=mbedtls_pk_verify_ext)
endif()
set_source_files_properties(${MPY_SSL_DIR}/ec_field.c ${MPY_SSL_DIR}/ec_x25519.c PROPERTIES COMPILE_OPTIONS "-O2;-fno-schedule-insns")

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
        aes asn1parse asn1write base64 bignum bignum_core bignum_mod bignum_mod_raw block_cipher chacha20 chachapoly
        cipher cipher_wrap constant_time ctr_drbg ecdh ecdsa ecp ecp_curves gcm hmac_drbg md md5 oid
        pem pk pk_ecc pk_wrap pkcs5 pkparse platform platform_util poly1305 rsa rsa_alt_helpers sha1
        sha256 sha512 ssl_ciphersuites ssl_client ssl_cookie ssl_msg ssl_tls ssl_tls12_client ssl_tls12_server x509 x509_crt)
    set(MPY_SSL_MBEDTLS_DEFINITIONS "MBEDTLS_CONFIG_FILE=\"${MPY_SSL_DIR}/mbedtls_config.h\"")
    foreach(option X25519 MFL)
        if(DEFINED MPY_SSL_${option})
            list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_${option}=${MPY_SSL_${option}})
        endif()
    endforeach()
    if(MPY_SSL_DTLS)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_DTLS)
    endif()
    if(MPY_SSL_PSK)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_PSK)
        target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_ssl_write_handshake_msg_ext) # see psk.c
    endif()
    if(MPY_SSL_DEBUG)
        list(APPEND MPY_SSL_MBEDTLS_NAMES ssl_debug_helpers_generated)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_DEBUG=1)
    endif()
    if(MPY_SSL_TLS1_3)
        list(APPEND MPY_SSL_MBEDTLS_NAMES
            psa_crypto psa_crypto_client psa_crypto_driver_wrappers_no_static psa_crypto_ecp psa_crypto_hash psa_crypto_mac
            psa_crypto_slot_management psa_util ssl_tls13_client ssl_tls13_generic ssl_tls13_keys ssl_tls13_server)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_TLS1_3 "MBEDTLS_PSA_CRYPTO_CONFIG_FILE=\"${MPY_SSL_DIR}/psa_config.h\"")
        # Structures that Mbed TLS's public headers do not show.
        set_source_files_properties(${MPY_SSL_DIR}/tls13_secrets.c PROPERTIES
            COMPILE_OPTIONS "-idirafter${MICROPY_LIB_MBEDTLS_DIR}/library")
        # Record buffers, see buffers.h.
        target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_ssl_session_reset_msg_layer)
        list(APPEND MPY_SSL_MENDED tls12_client=tls12_signatures tls13_client=tls13_server_hello tls13_client=tls13_fragment
            tls13_generic=tls13_alerts tls13_keys=tls13_transforms tls13_server=hello_version)
    endif()
    # Mistakes of Mbed TLS 3.6.6, each mended by a header in front of its source file.
    foreach(pair tls12_server=hello_version ${MPY_SSL_MENDED})
        string(REPLACE "=" ";" pair ${pair})
        list(GET pair 0 source)
        list(GET pair 1 header)
        set_property(SOURCE ${MICROPY_LIB_MBEDTLS_DIR}/library/ssl_${source}.c APPEND PROPERTY
            COMPILE_OPTIONS "-I${MICROPY_LIB_MBEDTLS_DIR}/library;-include;${MPY_SSL_DIR}/${header}.h")
    endforeach()
    list(TRANSFORM MPY_SSL_MBEDTLS_NAMES PREPEND ${MICROPY_LIB_MBEDTLS_DIR}/library/ OUTPUT_VARIABLE MPY_SSL_MBEDTLS)
    list(TRANSFORM MPY_SSL_MBEDTLS APPEND .c)
    set_target_properties(micropy_lib_mbedtls PROPERTIES
        INTERFACE_SOURCES "${MPY_SSL_MBEDTLS}"
        INTERFACE_INCLUDE_DIRECTORIES ${MICROPY_LIB_MBEDTLS_DIR}/include
        INTERFACE_COMPILE_DEFINITIONS "${MPY_SSL_MBEDTLS_DEFINITIONS}")
    # RSA keys of TLS 1.2 sign and decrypt by PKCS #1 v1.5 only. Named outright, it leaves OAEP and the signing half of PSS to the linker.
    set_property(SOURCE ${MICROPY_LIB_MBEDTLS_DIR}/library/pk_wrap.c APPEND PROPERTY COMPILE_DEFINITIONS
        mbedtls_rsa_pkcs1_sign=mbedtls_rsa_rsassa_pkcs1_v15_sign
        mbedtls_rsa_pkcs1_encrypt=mbedtls_rsa_rsaes_pkcs1_v15_encrypt
        mbedtls_rsa_pkcs1_decrypt=mbedtls_rsa_rsaes_pkcs1_v15_decrypt)
    # The stock module is left out, also where a board has a network.
    list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL=0)
else()
    # ESP-IDF: mpconfigport.h defines MICROPY_PY_SSL without asking, so a header of ours stands in front of it.
    # Its Mbed TLS has the C heap of the SDK, and so does what the module allocates itself.
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_C_HEAP "MP_CONFIGFILE=\"${MPY_SSL_DIR}/mpconfig_without_stock_ssl.h\"")
endif()

foreach(option PRIMITIVES GROUPS SNI_CALLBACK)
    if(DEFINED MPY_SSL_${option})
        list(APPEND MICROPY_DEF_BOARD MPY_SSL_${option}=${MPY_SSL_${option}})
    endif()
endforeach()

include(${MPY_SSL_DIR}/../../ports/${MPY_SSL_PORT}/ssl.cmake OPTIONAL)

target_link_libraries(usermod INTERFACE usermod_ssl)
