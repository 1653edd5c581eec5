// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <string.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/objexcept.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#include "mbedtls/asn1.h"
#include "mbedtls/bignum.h"
#include "mbedtls/cipher.h"
#include "mbedtls/ctr_drbg.h"
#include "mbedtls/ecp.h"
#include "mbedtls/entropy.h"
#include "mbedtls/error.h"
#include "mbedtls/md.h"
#include "mbedtls/pem.h"
#include "mbedtls/pk.h"
#include "mbedtls/rsa.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"

#include "clock.h"
#include "dtls.h"
#include "error.h"
#include "memory.h"
#include "sni.h"
#include "psk.h"

#define LOW_LEVEL(code) (-(-(code) & 0x7F))

static const mp_rom_obj_tuple_t verification_error_bases = {
    {&mp_type_tuple}, 2, {MP_ROM_PTR(&mp_type_OSError), MP_ROM_PTR(&mp_type_ValueError)},
};

MP_DEFINE_CONST_OBJ_TYPE(
    mpy_ssl_type_verification_error, MP_QSTR_SSLCertVerificationError, MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, mp_obj_exception_print,
    attr, mp_obj_exception_attr,
    parent, &verification_error_bases
    );

#define DEFINE_OS_ERROR(object, name) \
    MP_DEFINE_CONST_OBJ_TYPE(object, name, MP_TYPE_FLAG_NONE, make_new, mp_obj_exception_make_new, \
    print, mp_obj_exception_print, attr, mp_obj_exception_attr, parent, &mp_type_OSError)

DEFINE_OS_ERROR(mpy_ssl_type_want_read_error, MP_QSTR_SSLWantReadError);
DEFINE_OS_ERROR(mpy_ssl_type_want_write_error, MP_QSTR_SSLWantWriteError);

typedef struct {
    int16_t code;
    uint8_t alert;    // to send; 0 where the connection is gone or the fault is not the peer's
    const char *text; // name without MBEDTLS_ERR_, and where there is more to say ": " with cause and cure
} entry_t;

#define ALERT(name) MBEDTLS_SSL_ALERT_MSG_##name
#define ERROR(name, alert, hint) {MBEDTLS_ERR_##name, alert, #name hint}

static const entry_t errors[] = {
    ERROR(SSL_FATAL_ALERT_MESSAGE, 0, ""),
    ERROR(SSL_CONN_EOF, 0, ""),
    ERROR(SSL_PEER_CLOSE_NOTIFY, 0, ""),
    ERROR(X509_CERT_VERIFY_FAILED, ALERT(CERT_UNKNOWN), ""),
    ERROR(X509_FATAL_ERROR, ALERT(ACCESS_DENIED), ": verify_callback refused the certificate, or its chain has too many intermediates"),
    #if MPY_SSL_HAVE_DTLS
    ERROR(SSL_HELLO_VERIFY_REQUIRED, 0, ""),
    #endif
    ERROR(SSL_NO_CLIENT_CERTIFICATE, ALERT(HANDSHAKE_FAILURE), ""),
    ERROR(SSL_CA_CHAIN_REQUIRED, ALERT(UNKNOWN_CA), ": no CA certificate to verify the peer with: call load_verify_locations()"),
    ERROR(SSL_INVALID_RECORD, ALERT(UNEXPECTED_MESSAGE), ": what the peer sent is not TLS: is this the right port?"),
    ERROR(SSL_INVALID_MAC, ALERT(BAD_RECORD_MAC), ""),
    ERROR(SSL_UNEXPECTED_MESSAGE, ALERT(UNEXPECTED_MESSAGE), ""),
    ERROR(SSL_UNEXPECTED_RECORD, ALERT(UNEXPECTED_MESSAGE), ""),
    ERROR(SSL_DECODE_ERROR, ALERT(DECODE_ERROR), ""),
    ERROR(SSL_ILLEGAL_PARAMETER, ALERT(ILLEGAL_PARAMETER), ""),
    ERROR(SSL_HANDSHAKE_FAILURE, ALERT(HANDSHAKE_FAILURE), ": no cipher suite or curve in common with the peer, which may insist on TLS 1.3: see ssl.HAS_TLSv1_3 and maximum_version"),
    ERROR(SSL_BAD_PROTOCOL_VERSION, ALERT(PROTOCOL_VERSION), ": no version in common with the peer: see minimum_version and maximum_version"),
    ERROR(SSL_UNSUPPORTED_EXTENSION, ALERT(UNSUPPORTED_EXT), ""),
    ERROR(SSL_NO_APPLICATION_PROTOCOL, ALERT(NO_APPLICATION_PROTOCOL), ": the client offers none of the protocols of set_alpn_protocols()"),
    #if MPY_SSL_SNI_CALLBACK
    ERROR(SSL_UNRECOGNIZED_NAME, ALERT(UNRECOGNIZED_NAME), ": sni_callback refused the connection"),
    #endif
    #if MPY_SSL_HAVE_PSK
    ERROR(SSL_UNKNOWN_IDENTITY, ALERT(UNKNOWN_PSK_IDENTITY), ": no PSK for the peer"),
    #endif
    ERROR(SSL_BAD_CERTIFICATE, ALERT(BAD_CERT), ""),
    ERROR(SSL_PRIVATE_KEY_REQUIRED, ALERT(INTERNAL_ERROR), ": a server needs load_cert_chain()"),
    ERROR(SSL_PK_TYPE_MISMATCH, ALERT(ILLEGAL_PARAMETER), ""),
    ERROR(SSL_BUFFER_TOO_SMALL, ALERT(INTERNAL_ERROR), ": a handshake message does not fit its buffer: is a certificate chain too long?"),
    ERROR(SSL_FEATURE_UNAVAILABLE, ALERT(INTERNAL_ERROR), ""),
    ERROR(SSL_BAD_INPUT_DATA, ALERT(ILLEGAL_PARAMETER), ""),
    ERROR(SSL_BAD_CONFIG, ALERT(INTERNAL_ERROR), ""),
    ERROR(SSL_COUNTER_WRAPPING, ALERT(INTERNAL_ERROR), ""),
    ERROR(SSL_INTERNAL_ERROR, ALERT(INTERNAL_ERROR), ""),
    ERROR(X509_FEATURE_UNAVAILABLE, ALERT(UNSUPPORTED_CERT), ""),
    ERROR(X509_UNKNOWN_OID, ALERT(UNSUPPORTED_CERT), ""),
    ERROR(X509_UNKNOWN_SIG_ALG, ALERT(UNSUPPORTED_CERT), ": the certificate is signed with an algorithm that this firmware does not have"),
    ERROR(X509_UNKNOWN_VERSION, ALERT(UNSUPPORTED_CERT), ""),
    ERROR(X509_SIG_MISMATCH, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_FORMAT, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_VERSION, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_SERIAL, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_ALG, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_NAME, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_DATE, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_SIGNATURE, ALERT(BAD_CERT), ""),
    ERROR(X509_INVALID_EXTENSIONS, ALERT(BAD_CERT), ""),
    ERROR(X509_BAD_INPUT_DATA, ALERT(BAD_CERT), ""),
    ERROR(X509_CERT_UNKNOWN_FORMAT, ALERT(BAD_CERT), ""),
    ERROR(PK_PASSWORD_REQUIRED, 0, ""),
    ERROR(PK_PASSWORD_MISMATCH, 0, ""),
    ERROR(PK_TYPE_MISMATCH, ALERT(ILLEGAL_PARAMETER), ""),
    ERROR(PK_UNKNOWN_PK_ALG, ALERT(UNSUPPORTED_CERT), ": a key of a kind that this firmware does not have"),
    ERROR(PK_UNKNOWN_NAMED_CURVE, ALERT(UNSUPPORTED_CERT), ": a key on a curve that this firmware does not have"),
    ERROR(PK_INVALID_ALG, ALERT(BAD_CERT), ""),
    ERROR(PK_INVALID_PUBKEY, ALERT(BAD_CERT), ""),
    ERROR(PK_FEATURE_UNAVAILABLE, ALERT(UNSUPPORTED_CERT), ""),
    ERROR(PK_KEY_INVALID_FORMAT, 0, ""),
    ERROR(PK_KEY_INVALID_VERSION, 0, ""),
    ERROR(PK_SIG_LEN_MISMATCH, ALERT(DECRYPT_ERROR), ""),
    ERROR(PK_BAD_INPUT_DATA, ALERT(INTERNAL_ERROR), ""),
    ERROR(RSA_VERIFY_FAILED, ALERT(DECRYPT_ERROR), ""),
    ERROR(RSA_INVALID_PADDING, ALERT(DECRYPT_ERROR), ""),
    ERROR(RSA_PUBLIC_FAILED, ALERT(DECRYPT_ERROR), ""),
    ERROR(RSA_PRIVATE_FAILED, ALERT(INTERNAL_ERROR), ""),
    ERROR(RSA_BAD_INPUT_DATA, ALERT(DECRYPT_ERROR), ""),
    ERROR(ECP_VERIFY_FAILED, ALERT(DECRYPT_ERROR), ""),
    ERROR(ECP_SIG_LEN_MISMATCH, ALERT(DECRYPT_ERROR), ""),
    ERROR(ECP_INVALID_KEY, ALERT(ILLEGAL_PARAMETER), ""),
    ERROR(ECP_BAD_INPUT_DATA, ALERT(ILLEGAL_PARAMETER), ""),
    ERROR(ECP_FEATURE_UNAVAILABLE, ALERT(HANDSHAKE_FAILURE), ""),
    ERROR(PEM_NO_HEADER_FOOTER_PRESENT, 0, ""),
    ERROR(PEM_INVALID_DATA, 0, ""),
    ERROR(ASN1_OUT_OF_DATA, ALERT(DECODE_ERROR), ""),
    ERROR(ASN1_UNEXPECTED_TAG, ALERT(DECODE_ERROR), ""),
    ERROR(ASN1_INVALID_LENGTH, ALERT(DECODE_ERROR), ""),
    ERROR(ASN1_LENGTH_MISMATCH, ALERT(DECODE_ERROR), ""),
    ERROR(ASN1_INVALID_DATA, ALERT(DECODE_ERROR), ""),
    ERROR(ENTROPY_SOURCE_FAILED, ALERT(INTERNAL_ERROR), ": the board has no working source of random numbers, without which TLS is not safe"),
    ERROR(ERROR_CORRUPTION_DETECTED, ALERT(INTERNAL_ERROR), ""),
};

static const struct {
    uint8_t alert;
    const char *text; // AlertDescription of RFC 8446, 6
} alerts[] = {
    {ALERT(UNEXPECTED_MESSAGE), "unexpected_message"},
    {ALERT(BAD_RECORD_MAC), "bad_record_mac"},
    {ALERT(RECORD_OVERFLOW), "record_overflow"},
    {ALERT(HANDSHAKE_FAILURE), "handshake_failure"},
    {ALERT(BAD_CERT), "bad_certificate"},
    {ALERT(UNSUPPORTED_CERT), "unsupported_certificate"},
    {ALERT(CERT_REVOKED), "certificate_revoked"},
    {ALERT(CERT_EXPIRED), "certificate_expired"},
    {ALERT(CERT_UNKNOWN), "certificate_unknown"},
    {ALERT(ILLEGAL_PARAMETER), "illegal_parameter"},
    {ALERT(UNKNOWN_CA), "unknown_ca"},
    {ALERT(ACCESS_DENIED), "access_denied"},
    {ALERT(DECODE_ERROR), "decode_error"},
    {ALERT(DECRYPT_ERROR), "decrypt_error"},
    {ALERT(PROTOCOL_VERSION), "protocol_version; it may insist on TLS 1.3: see ssl.HAS_TLSv1_3 and maximum_version"},
    {ALERT(INSUFFICIENT_SECURITY), "insufficient_security"},
    {ALERT(INTERNAL_ERROR), "internal_error"},
    {ALERT(INAPROPRIATE_FALLBACK), "inappropriate_fallback"},
    {ALERT(USER_CANCELED), "user_canceled"},
    {ALERT(MISSING_EXTENSION), "missing_extension"},
    {ALERT(UNSUPPORTED_EXT), "unsupported_extension"},
    {ALERT(UNRECOGNIZED_NAME), "unrecognized_name"},
    #if MPY_SSL_HAVE_PSK
    {ALERT(UNKNOWN_PSK_IDENTITY), "unknown_psk_identity"},
    #endif
    {ALERT(CERT_REQUIRED), "certificate_required"},
    {ALERT(NO_APPLICATION_PROTOCOL), "no_application_protocol"},
};

static const struct {
    uint32_t flags;
    uint8_t alert;
    const char *text;
} checks[] = { // the first that failed gives the alert
    {MBEDTLS_X509_BADCERT_OTHER, ALERT(ACCESS_DENIED), "refused by verify_callback"},
    {MBEDTLS_X509_BADCERT_CN_MISMATCH, ALERT(BAD_CERT), "not issued for server_hostname"},
    {MBEDTLS_X509_BADCERT_KEY_USAGE, ALERT(UNSUPPORTED_CERT), "keyUsage does not allow this use"},
    {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, ALERT(UNSUPPORTED_CERT), "extendedKeyUsage does not allow this use"},
    {MBEDTLS_X509_BADCERT_BAD_PK, ALERT(UNSUPPORTED_CERT), "signed with a kind of key that is not accepted"},
    {MBEDTLS_X509_BADCERT_BAD_KEY, ALERT(UNSUPPORTED_CERT), "key too short or on a curve that is not accepted"},
    {MBEDTLS_X509_BADCERT_BAD_MD, ALERT(UNSUPPORTED_CERT), "signed with a hash that is not accepted"},
    {MBEDTLS_X509_BADCERT_EXPIRED, ALERT(CERT_EXPIRED), "expired"},
    {MBEDTLS_X509_BADCERT_FUTURE, ALERT(CERT_EXPIRED), "not yet valid"},
    {MBEDTLS_X509_BADCERT_REVOKED, ALERT(CERT_REVOKED), "revoked"},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED, ALERT(UNKNOWN_CA), "issued by none of the trusted CAs"},
    {MBEDTLS_X509_BADCERT_MISSING, ALERT(HANDSHAKE_FAILURE), "missing"},
};

static const entry_t *find(int code) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(errors); ++i) {
        if (errors[i].code == code) {
            return &errors[i];
        }
    }
    return NULL;
}

// The entry for the code itself, or for the part of it that says most.
static const entry_t *find_best(int code) {
    const entry_t *error = find(code);
    return error != NULL ? error : find(MPY_SSL_HIGH_LEVEL(code));
}

bool mpy_ssl_error_is_no_memory(int code) {
    static const int16_t codes[] = {
        MBEDTLS_ERR_SSL_ALLOC_FAILED, MBEDTLS_ERR_X509_ALLOC_FAILED, MBEDTLS_ERR_PK_ALLOC_FAILED,
        MBEDTLS_ERR_ECP_ALLOC_FAILED, MBEDTLS_ERR_MD_ALLOC_FAILED, MBEDTLS_ERR_CIPHER_ALLOC_FAILED,
        MBEDTLS_ERR_PEM_ALLOC_FAILED,
    };
    for (size_t i = 0; i < MP_ARRAY_SIZE(codes); ++i) {
        if (code < 0 && MPY_SSL_HIGH_LEVEL(code) == codes[i]) {
            return true;
        }
    }
    return code < 0 && (LOW_LEVEL(code) == MBEDTLS_ERR_MPI_ALLOC_FAILED || LOW_LEVEL(code) == MBEDTLS_ERR_ASN1_ALLOC_FAILED);
}

uint8_t mpy_ssl_error_alert(int code) {
    const entry_t *error = find_best(code);
    return error != NULL && error->alert != 0 ? error->alert : MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
}

uint8_t mpy_ssl_error_verify_alert(uint32_t verify_flags) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(checks); ++i) {
        if (verify_flags & checks[i].flags) {
            return checks[i].alert;
        }
    }
    return MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN;
}

static int name_len(const entry_t *error) {
    const char *hint = strchr(error->text, ':');
    return (int)(hint != NULL ? (size_t)(hint - error->text) : strlen(error->text));
}

static void print_name(vstr_t *text, int code) {
    const entry_t *error = find_best(code);
    if (error == NULL) {
        vstr_printf(text, "MBEDTLS_ERR_0x%04x", -code);
        return;
    }
    vstr_printf(text, "MBEDTLS_ERR_%.*s", name_len(error), error->text);
    if (error->code != code) {
        const entry_t *low = find(LOW_LEVEL(code));
        if (low != NULL) {
            vstr_printf(text, "+%.*s", name_len(low), low->text);
        } else {
            vstr_printf(text, "+0x%02x", -LOW_LEVEL(code));
        }
    }
    vstr_add_str(text, error->text + name_len(error));
}

static void print_clock_hint(vstr_t *text, uint32_t verify_flags) {
    bool dated = verify_flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (!dated || !(mpy_ssl_clock_is_unset() || verify_flags & MBEDTLS_X509_BADCERT_FUTURE)) {
        return;
    }
    char date[11];
    mpy_ssl_clock_date(date);
    vstr_printf(text, "; the board's clock is unset or wrong (it reads %s): set it with"
        " 'mpremote rtc --set', ntptime.settime() or machine.RTC().datetime()", date);
}

static void print_checks(vstr_t *text, uint32_t verify_flags) {
    const char *separator = ": certificate is ";
    for (size_t i = 0; i < MP_ARRAY_SIZE(checks); ++i) {
        if (verify_flags & checks[i].flags) {
            vstr_printf(text, "%s%s", separator, checks[i].text);
            separator = "; ";
        }
    }
    print_clock_hint(text, verify_flags);
}

static void print_alert(vstr_t *text, uint8_t alert) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(alerts); ++i) {
        if (alerts[i].alert == alert) {
            vstr_printf(text, ": the peer sent %s", alerts[i].text);
            return;
        }
    }
    vstr_printf(text, ": the peer sent alert %u", (unsigned)alert);
}

static mp_obj_t exception_for(const mpy_ssl_failure_t *failure) {
    const mp_obj_type_t *type = &mp_type_OSError;
    vstr_t text;
    vstr_init(&text, 64);
    print_name(&text, failure->code);
    if (failure->code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        type = &mpy_ssl_type_verification_error;
        print_checks(&text, failure->verify_flags);
    } else if (failure->code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        print_alert(&text, failure->peer_alert);
    }
    mp_obj_t args[] = {MP_OBJ_NEW_SMALL_INT(failure->code), mp_obj_new_str_from_vstr(&text)};
    return mp_obj_new_exception_args(type, MP_ARRAY_SIZE(args), args);
}

#if MPY_SSL_PORT_HEAP

// Python's heap and that of TLS share one memory, and it depends on which of the two is short of it what helps.
static mp_obj_t no_memory_exception(void) {
    size_t free, largest;
    gc_info_t python;
    mpy_ssl_port_heap_info(&free, &largest);
    gc_info(&python);
    vstr_t text;
    vstr_init(&text, 160);
    vstr_printf(&text, "ENOMEM: TLS wanted %u bytes, and outside of Python's heap %u are free, %u in one piece; ",
        (unsigned)mpy_ssl_alloc_failed_bytes(), (unsigned)free, (unsigned)largest);
    vstr_printf(&text, python.free > mpy_ssl_alloc_failed_bytes()
        ? "Python keeps %u for itself of which %u are unused: connect before Python's heap grows, or gc.collect() often"
        : "Python keeps %u of which %u are unused: close other connections, or free objects", (unsigned)python.total,
        (unsigned)python.free);
    mp_obj_t args[] = {MP_OBJ_NEW_SMALL_INT(MP_ENOMEM), mp_obj_new_str_from_vstr(&text)};
    return mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args);
}

void mpy_ssl_error_no_memory(void) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t exception = no_memory_exception();
        nlr_pop();
        nlr_raise(exception);
    }
    mp_raise_OSError(MP_ENOMEM); // nor for the text
}

#else

void mpy_ssl_error_no_memory(void) {
    mp_raise_OSError(MP_ENOMEM);
}

#endif

void mpy_ssl_failure_raise(const mpy_ssl_failure_t *failure) {
    if (failure->code > 0) {
        mp_raise_OSError(failure->code);
    }
    if (mpy_ssl_error_is_no_memory(failure->code)) {
        mpy_ssl_error_no_memory();
    }
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t exception = exception_for(failure);
        nlr_pop();
        nlr_raise(exception);
    }
    mp_raise_OSError(failure->code); // no memory for the text
}

void mpy_ssl_error_raise(int code) {
    mpy_ssl_failure_t failure = {.code = code};
    mpy_ssl_failure_raise(&failure);
}

void mpy_ssl_error_raise_text(int code, const char *hint) {
    vstr_t text;
    vstr_init(&text, 96);
    const entry_t *error = find_best(code);
    vstr_printf(&text, "MBEDTLS_ERR_%.*s: %s", name_len(error), error->text, hint);
    mp_obj_t args[] = {MP_OBJ_NEW_SMALL_INT(code), mp_obj_new_str_from_vstr(&text)};
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args));
}
