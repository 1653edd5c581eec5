// SPDX-License-Identifier: MIT
//
// From Mbed TLS's error codes to Python's exceptions, and to the alerts of RFC 5246, 7.2 and RFC 8446, 6.
//
// Every failure of TLS is an OSError with args (number, name): the negative number of Mbed TLS and its name, followed
// by what is known about the cause and the cure. A failure of the stream below is OSError(errno), and a lack of
// memory is OSError(ENOMEM).
#ifndef MPY_SSL_ERROR_H
#define MPY_SSL_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "py/obj.h"

// OSError and ValueError in one, for certificates that were refused: CPython's ssl.SSLCertVerificationError.
extern const mp_obj_type_t mpy_ssl_type_verification_error;

// OSError(EAGAIN) of a call that a non-blocking stream cut short, by what it waits for: CPython's ssl.SSLWantReadError and
// ssl.SSLWantWriteError. read() and write() return None instead, as MicroPython's streams do.
extern const mp_obj_type_t mpy_ssl_type_want_read_error;
extern const mp_obj_type_t mpy_ssl_type_want_write_error;

// What went wrong on a connection, small enough to keep, so that later calls can say it again.
typedef struct {
    int code;              // negative Mbed TLS error, or a positive errno; 0 for none
    uint32_t verify_flags; // MBEDTLS_X509_BADCERT_*: all failed checks of the peer's chain; said if code is MBEDTLS_ERR_X509_CERT_VERIFY_FAILED
    uint8_t peer_alert;    // AlertDescription, if code is MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE
} mpy_ssl_failure_t;

// Raises the failure. Owns nothing.
__attribute__((noreturn)) void mpy_ssl_failure_raise(const mpy_ssl_failure_t *failure);

// Raises OSError(ENOMEM); where Python and TLS share a heap, with a text that tells which of the two is short of it.
__attribute__((noreturn)) void mpy_ssl_error_no_memory(void);

// Raises OSError(code, "<name>: <text>"), for a fault that the table's hint does not name.
__attribute__((noreturn)) void mpy_ssl_error_raise_text(int code, const char *text);

// Raises OSError for a code alone.
__attribute__((noreturn)) void mpy_ssl_error_raise(int code);

// Mbed TLS adds a low-level code (7 bits) to a high-level one: the latter, with its sign.
#define MPY_SSL_HIGH_LEVEL(code) (-(-(code) & 0xFF80))

// True if the code is one of Mbed TLS's many ways to say that an allocation failed.
bool mpy_ssl_error_is_no_memory(int code);

// The AlertDescription to send for a code, and for the flags of a refused certificate.
uint8_t mpy_ssl_error_alert(int code);
uint8_t mpy_ssl_error_verify_alert(uint32_t verify_flags);

#endif
