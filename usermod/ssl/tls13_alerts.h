// SPDX-License-Identifier: MIT
//
// Put in front of Mbed TLS's ssl_tls13_generic.c (-include). A client that shows no certificate although it has to is told so by
// certificate_required (RFC 8446, 4.4.2.4); Mbed TLS 3.6 sends no_certificate, which is SSL 3.0's.
#ifndef MPY_SSL_TLS13_ALERTS_H
#define MPY_SSL_TLS13_ALERTS_H

#include "ssl_misc.h" // of Mbed TLS's library folder

#undef MBEDTLS_SSL_ALERT_MSG_NO_CERT
#define MBEDTLS_SSL_ALERT_MSG_NO_CERT MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED

#endif
