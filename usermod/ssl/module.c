// SPDX-License-Identifier: MIT
//
// The module `ssl`, also importable as `tls`.
#include "py/obj.h"
#include "py/objstr.h"

#include "mbedtls/ssl.h"
#include "mbedtls/version.h"

#include "accelerator.h"
#include "context.h"
#include "debug.h"
#include "error.h"
#include "memory.h"
#include "memory_info.h"
#include "session_cache.h"
#include "socket.h"
#include "sslsession.h"
#include "version.h"

#if !defined(MPY_SSL_VERSION) && __has_include("mpy_ssl_version.h")
#include "mpy_ssl_version.h" // made by micropython.cmake
#endif
#ifndef MPY_SSL_VERSION
#define MPY_SSL_VERSION "unknown"
#endif

#if defined(MBEDTLS_SSL_ALPN)
#define HAVE_ALPN 1
#else
#define HAVE_ALPN 0
#endif
#define HAS(condition) ((condition) ? MP_ROM_TRUE : MP_ROM_FALSE)

static const MP_DEFINE_STR_OBJ(version_obj, MPY_SSL_VERSION);
static const MP_DEFINE_STR_OBJ(mbedtls_version_obj, MBEDTLS_VERSION_STRING_FULL);

static mp_obj_t module_init(void) {
    mpy_ssl_lock_init();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(module_init_obj, module_init);

static const mp_rom_map_elem_t module_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_ssl)},
    {MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&module_init_obj)},
    {MP_ROM_QSTR(MP_QSTR_SSLContext), MP_ROM_PTR(&mpy_ssl_type_context)},
    {MP_ROM_QSTR(MP_QSTR_SSLSocket), MP_ROM_PTR(&mpy_ssl_type_socket)},
    #if defined(MBEDTLS_SSL_SESSION_TICKETS)
    {MP_ROM_QSTR(MP_QSTR_SSLSession), MP_ROM_PTR(&mpy_ssl_type_session)},
    {MP_ROM_QSTR(MP_QSTR_session_cache_size), MP_ROM_PTR(&mpy_ssl_session_cache_size_obj)},
    {MP_ROM_QSTR(MP_QSTR_OP_NO_TICKET), MP_ROM_INT(MPY_SSL_OP_NO_TICKET)},
    #endif
    {MP_ROM_QSTR(MP_QSTR_SSLCertVerificationError), MP_ROM_PTR(&mpy_ssl_type_verification_error)},
    {MP_ROM_QSTR(MP_QSTR_CertificateError), MP_ROM_PTR(&mpy_ssl_type_verification_error)},
    {MP_ROM_QSTR(MP_QSTR_SSLError), MP_ROM_PTR(&mp_type_OSError)}, // every failure of TLS is one
    {MP_ROM_QSTR(MP_QSTR_SSLWantReadError), MP_ROM_PTR(&mpy_ssl_type_want_read_error)},
    {MP_ROM_QSTR(MP_QSTR_SSLWantWriteError), MP_ROM_PTR(&mpy_ssl_type_want_write_error)},
    {MP_ROM_QSTR(MP_QSTR_Purpose), MP_ROM_PTR(&mpy_ssl_type_purpose)},
    {MP_ROM_QSTR(MP_QSTR_TLSVersion), MP_ROM_PTR(&mpy_ssl_type_tls_version)},
    {MP_ROM_QSTR(MP_QSTR_create_default_context), MP_ROM_PTR(&mpy_ssl_create_default_context_obj)},
    {MP_ROM_QSTR(MP_QSTR_wrap_socket), MP_ROM_PTR(&mpy_ssl_wrap_socket_obj)},
    {MP_ROM_QSTR(MP_QSTR_engines), MP_ROM_PTR(&mpy_ssl_engines_obj)},
    {MP_ROM_QSTR(MP_QSTR_engine_counts), MP_ROM_PTR(&mpy_ssl_engine_counts_obj)},
    {MP_ROM_QSTR(MP_QSTR_memory_info), MP_ROM_PTR(&mpy_ssl_memory_info_obj)},
    {MP_ROM_QSTR(MP_QSTR_debug), MP_ROM_PTR(&mpy_ssl_debug_obj)},
    {MP_ROM_QSTR(MP_QSTR_VERSION), MP_ROM_PTR(&version_obj)},
    {MP_ROM_QSTR(MP_QSTR_MBEDTLS_VERSION), MP_ROM_PTR(&mbedtls_version_obj)},
    {MP_ROM_QSTR(MP_QSTR_PROTOCOL_TLS_CLIENT), MP_ROM_INT(MPY_SSL_PROTOCOL_TLS_CLIENT)},
    {MP_ROM_QSTR(MP_QSTR_PROTOCOL_TLS_SERVER), MP_ROM_INT(MPY_SSL_PROTOCOL_TLS_SERVER)},
    #if MPY_SSL_SNI_CALLBACK
    {MP_ROM_QSTR(MP_QSTR_ALERT_DESCRIPTION_HANDSHAKE_FAILURE), MP_ROM_INT(MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE)},
    {MP_ROM_QSTR(MP_QSTR_ALERT_DESCRIPTION_ACCESS_DENIED), MP_ROM_INT(MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED)},
    {MP_ROM_QSTR(MP_QSTR_ALERT_DESCRIPTION_INTERNAL_ERROR), MP_ROM_INT(MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR)},
    {MP_ROM_QSTR(MP_QSTR_ALERT_DESCRIPTION_UNRECOGNIZED_NAME), MP_ROM_INT(MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME)},
    #endif
    #if MPY_SSL_HAVE_DTLS
    {MP_ROM_QSTR(MP_QSTR_PROTOCOL_DTLS_CLIENT), MP_ROM_INT(MPY_SSL_PROTOCOL_DTLS_CLIENT)},
    {MP_ROM_QSTR(MP_QSTR_PROTOCOL_DTLS_SERVER), MP_ROM_INT(MPY_SSL_PROTOCOL_DTLS_SERVER)},
    #endif
    {MP_ROM_QSTR(MP_QSTR_CERT_NONE), MP_ROM_INT(MBEDTLS_SSL_VERIFY_NONE)},
    {MP_ROM_QSTR(MP_QSTR_CERT_OPTIONAL), MP_ROM_INT(MBEDTLS_SSL_VERIFY_OPTIONAL)},
    {MP_ROM_QSTR(MP_QSTR_CERT_REQUIRED), MP_ROM_INT(MBEDTLS_SSL_VERIFY_REQUIRED)},
    {MP_ROM_QSTR(MP_QSTR_HAS_ALPN), HAS(HAVE_ALPN)},
    {MP_ROM_QSTR(MP_QSTR_HAS_DTLS), HAS(MPY_SSL_HAVE_DTLS)},
    {MP_ROM_QSTR(MP_QSTR_HAS_ECDH), MP_ROM_TRUE},
    {MP_ROM_QSTR(MP_QSTR_HAS_PSK), HAS(MPY_SSL_HAVE_PSK)},
    #if MPY_SSL_HAVE_FRAGMENT
    {MP_ROM_QSTR(MP_QSTR_HAS_MAX_FRAGMENT_LENGTH), MP_ROM_TRUE},
    #endif
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    {MP_ROM_QSTR(MP_QSTR_HAS_RECORD_SIZE_LIMIT), MP_ROM_TRUE},
    #endif
    {MP_ROM_QSTR(MP_QSTR_HAS_SNI), MP_ROM_TRUE},
    {MP_ROM_QSTR(MP_QSTR_HAS_TLSv1), MP_ROM_FALSE},
    {MP_ROM_QSTR(MP_QSTR_HAS_TLSv1_1), MP_ROM_FALSE},
    {MP_ROM_QSTR(MP_QSTR_HAS_TLSv1_2), MP_ROM_TRUE},
    {MP_ROM_QSTR(MP_QSTR_HAS_TLSv1_3), HAS(MPY_SSL_VERSION_NEWEST > MBEDTLS_SSL_VERSION_TLS1_2)},
};
static MP_DEFINE_CONST_DICT(module_globals, module_globals_table);

const mp_obj_module_t mpy_ssl_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&module_globals,
};

MP_REGISTER_MODULE(MP_QSTR_ssl, mpy_ssl_module);
MP_REGISTER_MODULE(MP_QSTR_tls, mpy_ssl_module);
