# SPDX-License-Identifier: MIT
#
# The user C module `ssl` for MicroPython's CMake ports (rp2, esp32): USER_C_MODULES=<this file>.
#
#   MBEDTLS_DIR        Mbed TLS 3.6 on rp2; default: MicroPython's own submodule lib/mbedtls
#   MPY_SSL_VERSION    compiled in as ssl.VERSION; default: what git says of this checkout
#
# What is built in, 1 or 0. What a board or the command line does not set, the port's options.cmake may, and the rest is 1:
#   MPY_SSL_SLICES         handshakes in pieces for sockets that do not block; 0: each step as a whole
#   MPY_SSL_GROUPS         set_groups() and its like
#   MPY_SSL_SNI_CALLBACK   sni_callback
#   MPY_SSL_KEYLOG         keylog_filename, keylog_callback
#   MPY_SSL_PRIMITIVES     what examples/selftest.py needs
#   MPY_SSL_DEBUG          ssl.debug(), 50 KB of flash; 0 unless set, and on esp32
# On rp2 only; on esp32 the SDK's configuration of Mbed TLS decides, and there is no TLS 1.3:
#   MPY_SSL_TLS1_3         TLS 1.3 beside 1.2; 0 with an Mbed TLS before 3.6.3, or without what its PSA is generated from
#   MPY_SSL_PSK            pre-shared keys
#   MPY_SSL_DTLS           DTLS 1.2
#   MPY_SSL_X25519         that group
#   MPY_SSL_MFL            max_fragment_length and, with TLS 1.3, record_size_limit
#   MPY_SSL_MESSAGE_CHECKS guard.h's checks of messages, which take the place of Mbed TLS's alerts; 0 with an Mbed TLS before 3.6.3
#   MPY_SSL_SHA1_SMALL     SHA-1 in 4 KB less, and slower; 0 unless set
#
# On rp2 Mbed TLS is built here, with this module's configuration; on esp32 it is ESP-IDF's component, with the SDK's.
# What the module needs from a port beyond that is in ports/<port>/ssl.cmake of this project, where there is one.

set(MPY_SSL_DIR ${CMAKE_CURRENT_LIST_DIR})
get_filename_component(MPY_SSL_PORT "${MICROPY_PORT_DIR}" NAME)

# mpy_ssl_default(value option...): gives a value to the options that have none.
macro(mpy_ssl_default value)
    foreach(option ${ARGN})
        if(NOT DEFINED MPY_SSL_${option})
            set(MPY_SSL_${option} ${value})
        endif()
    endforeach()
endmacro()

include(${MPY_SSL_DIR}/../../ports/${MPY_SSL_PORT}/options.cmake OPTIONAL)
mpy_ssl_default(0 DEBUG SHA1_SMALL)
mpy_ssl_default(1 SLICES GROUPS SNI_CALLBACK KEYLOG PRIMITIVES PSK DTLS X25519 MFL)

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
        messages
        module
        packed
        pool
        primitives
        psk
        random
        record
        record_size_limit
        resume
        saved
        seal
        session
        session_cache
        sha1_small
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
    # Mbed TLS before 3.6.3 does not put handshake messages together; what looks into it needs what has come with that.
    file(STRINGS ${MICROPY_LIB_MBEDTLS_DIR}/include/mbedtls/ssl.h MPY_SSL_MBEDTLS_3_6_3 REGEX badmac_seen_or_in_hsfraglen)
    if(NOT MPY_SSL_MBEDTLS_3_6_3)
        mpy_ssl_default(0 TLS1_3 MESSAGE_CHECKS)
    endif()
    mpy_ssl_default(1 MESSAGE_CHECKS)
    # The library that MicroPython links becomes this one: our configuration, and only the files that it uses.
    set(MPY_SSL_MBEDTLS_NAMES
        aes asn1parse asn1write base64 bignum bignum_core bignum_mod bignum_mod_raw block_cipher chacha20 chachapoly
        cipher cipher_wrap constant_time ctr_drbg ecdh ecdsa ecp ecp_curves gcm hmac_drbg md md5 oid
        pem pk pk_ecc pk_wrap pkcs5 pkparse platform platform_util poly1305 rsa rsa_alt_helpers sha1
        sha256 sha512 ssl_ciphersuites ssl_client ssl_cookie ssl_msg ssl_tls ssl_tls12_client ssl_tls12_server x509 x509_crt)
    set(MPY_SSL_MBEDTLS_DEFINITIONS "MBEDTLS_CONFIG_FILE=\"${MPY_SSL_DIR}/mbedtls_config.h\"")
    set(MPY_SSL_LIBRARY ${MICROPY_LIB_MBEDTLS_DIR}/library)
    foreach(option X25519 MFL SHA1_SMALL DEBUG)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_${option}=${MPY_SSL_${option}})
    endforeach()
    if(MPY_SSL_DTLS)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_DTLS)
    endif()
    if(MPY_SSL_PSK)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_PSK)
    endif()
    if(MPY_SSL_PSK OR MPY_SSL_MFL) # see messages.h
        target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_ssl_write_handshake_msg_ext -Wl,--wrap=mbedtls_ssl_finish_handshake_msg)
    endif()
    if(MPY_SSL_DEBUG)
        list(APPEND MPY_SSL_MBEDTLS_NAMES ssl_debug_helpers_generated)
    endif()
    # Headers in front of source files of Mbed TLS 3.6.6. Each but the first, which saves flash, mends a mistake.
    set(MPY_SSL_FRONTS rsa=rsa_complete ssl_tls12_server=hello_version)
    set(MPY_SSL_READERS ssl_tls ssl_tls12_client ssl_tls12_server)
    if(NOT DEFINED MPY_SSL_TLS1_3 AND EXISTS ${MPY_SSL_LIBRARY}/psa_crypto_driver_wrappers_no_static.c)
        set(MPY_SSL_TLS1_3 1)
    endif()
    if(MPY_SSL_TLS1_3)
        list(APPEND MICROPY_DEF_BOARD MPY_SSL_TLS1_3) # for names, see record_size_limit.h
        list(APPEND MPY_SSL_READERS ssl_tls13_client ssl_tls13_generic ssl_tls13_server)
        list(APPEND MPY_SSL_MBEDTLS_NAMES
            psa_crypto psa_crypto_client psa_crypto_driver_wrappers_no_static psa_crypto_ecp psa_crypto_hash psa_crypto_mac
            psa_crypto_slot_management psa_util ssl_tls13_client ssl_tls13_generic ssl_tls13_keys ssl_tls13_server)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_TLS1_3 "MBEDTLS_PSA_CRYPTO_CONFIG_FILE=\"${MPY_SSL_DIR}/psa_config.h\"")
        # Structures that Mbed TLS's public headers do not show.
        set_source_files_properties(${MPY_SSL_DIR}/tls13_secrets.c PROPERTIES COMPILE_OPTIONS "-idirafter${MPY_SSL_LIBRARY}")
        # Record buffers, see buffers.h.
        target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_ssl_session_reset_msg_layer)
        foreach(verb parse write) # see record_size_limit.h
            target_link_options(usermod_ssl INTERFACE -Wl,--wrap=mbedtls_ssl_tls13_${verb}_record_size_limit_ext)
        endforeach()
        list(APPEND MPY_SSL_FRONTS
            ssl_client=tls13_offer ssl_tls12_client=tls12_signatures ssl_tls13_client=tls13_server_hello ssl_tls13_client=tls13_fragment
            ssl_tls13_generic=tls13_alerts ssl_tls13_keys=tls13_transforms ssl_tls13_server=hello_version)
    endif()
    foreach(pair ${MPY_SSL_FRONTS})
        string(REPLACE "=" ";" pair ${pair})
        list(GET pair 0 source)
        list(GET pair 1 header)
        set_property(SOURCE ${MPY_SSL_LIBRARY}/${source}.c APPEND PROPERTY
            COMPILE_OPTIONS "-I${MPY_SSL_LIBRARY};-include;${MPY_SSL_DIR}/${header}.h")
    endforeach()
    # Key derivation with fewer compressions, see hmac.h.
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_DIR}/hmac.c)
    set_property(SOURCE ${MPY_SSL_LIBRARY}/ssl_tls.c APPEND PROPERTY COMPILE_DEFINITIONS
        mbedtls_md_hmac_reset=__wrap_mbedtls_md_hmac_reset mbedtls_md_hmac_finish=__wrap_mbedtls_md_hmac_finish)
    # The first use of an RSA key, see mont_r2.h.
    target_sources(usermod_ssl INTERFACE ${MPY_SSL_DIR}/mont_r2.c)
    set_property(SOURCE ${MPY_SSL_LIBRARY}/bignum.c ${MPY_SSL_LIBRARY}/rsa.c APPEND PROPERTY COMPILE_DEFINITIONS
        mbedtls_mpi_core_get_mont_r2_unsafe=__wrap_mbedtls_mpi_core_get_mont_r2_unsafe)
    if(MPY_SSL_MESSAGE_CHECKS)
        list(APPEND MPY_SSL_MBEDTLS_DEFINITIONS MPY_SSL_MESSAGE_CHECKS)
        foreach(name ${MPY_SSL_READERS})
            set_property(SOURCE ${MPY_SSL_LIBRARY}/${name}.c APPEND PROPERTY COMPILE_DEFINITIONS
                mbedtls_ssl_read_record=mpy_ssl_guard_read_record
                mbedtls_ssl_parse_change_cipher_spec=mpy_ssl_guard_parse_change_cipher_spec)
        endforeach()
        set_source_files_properties(${MPY_SSL_DIR}/guard.c ${MPY_SSL_DIR}/message_header.c PROPERTIES
            COMPILE_OPTIONS "-idirafter${MPY_SSL_LIBRARY}")
    endif()
    list(TRANSFORM MPY_SSL_MBEDTLS_NAMES PREPEND ${MPY_SSL_LIBRARY}/ OUTPUT_VARIABLE MPY_SSL_MBEDTLS)
    list(TRANSFORM MPY_SSL_MBEDTLS APPEND .c)
    set_target_properties(micropy_lib_mbedtls PROPERTIES
        INTERFACE_SOURCES "${MPY_SSL_MBEDTLS}"
        INTERFACE_INCLUDE_DIRECTORIES ${MICROPY_LIB_MBEDTLS_DIR}/include
        INTERFACE_COMPILE_DEFINITIONS "${MPY_SSL_MBEDTLS_DEFINITIONS}")
    # RSA keys of TLS 1.2 sign and decrypt by PKCS #1 v1.5 only. Named outright, it leaves OAEP and the signing half of PSS to the linker.
    set_property(SOURCE ${MPY_SSL_LIBRARY}/pk_wrap.c APPEND PROPERTY COMPILE_DEFINITIONS
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

foreach(option GROUPS SNI_CALLBACK KEYLOG PRIMITIVES)
    list(APPEND MICROPY_DEF_BOARD MPY_SSL_${option}=${MPY_SSL_${option}})
endforeach()

include(${MPY_SSL_DIR}/../../ports/${MPY_SSL_PORT}/ssl.cmake OPTIONAL)

target_link_libraries(usermod INTERFACE usermod_ssl)
