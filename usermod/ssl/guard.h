// SPDX-License-Identifier: MIT
//
// Checks that stand in front of Mbed TLS's: what a peer must not send and Mbed TLS 3.6.6 accepts, or answers with another alert
// than the RFCs name. An option of the build, MPY_SSL_MESSAGE_CHECKS; without it Mbed TLS's own checks are all there is. With it
// the files of Mbed TLS that follow the handshake are compiled to call mpy_ssl_guard_read_record() for mbedtls_ssl_read_record(), and
// so for mbedtls_ssl_parse_change_cipher_spec().
//
// Nothing here is needed for secrecy or authenticity: the transcript covers the messages, and Mbed TLS checks keys and signatures.
#ifndef MPY_SSL_GUARD_H
#define MPY_SSL_GUARD_H

#include <stdbool.h>

#include "mbedtls/ssl.h"

#include "record.h"

#if defined(MPY_SSL_MESSAGE_CHECKS)

// Does what mbedtls_ssl_read_record() does, and looks at the handshake message that it found: its place (RFC 5246, 7.3; RFC 8446, 4),
// the extensions of a hello (RFC 8446, 4.2), the public key and the algorithm of a signature (RFC 8422, 5.4; RFC 8446, 4.4.3), whether
// a certificate is there (RFC 8446, 4.4.2), the end of its record where new keys follow (RFC 8446, 5.1). A message that is refused has
// been answered by its alert. A client does not see a HelloRequest (RFC 5246, 7.4.1.1); each counts as idle. 0 or a code of Mbed TLS.
int mpy_ssl_guard_read_record(mbedtls_ssl_context *ssl, unsigned update_hs_digest);

// mbedtls_ssl_parse_change_cipher_spec() with what that reads.
int mpy_ssl_guard_parse_change_cipher_spec(mbedtls_ssl_context *ssl);

#endif

// Looks at what is there when Mbed TLS asks for more input: at the message that it has passed over, and at the newest header. 0, or
// the code with which the connection has to end:
//   a handshake message that cannot fit (its header tells, long before it has all come);
// and with MPY_SSL_MESSAGE_CHECKS
//   an alert of a level that does not exist (RFC 5246, 7.2); in TLS 1.3 an error that calls itself a warning (RFC 8446, 6), a record in
//   clear text after keys have been agreed, a change_cipher_spec that is encrypted, or after the handshake (RFC 8446, 5), a piece of a
//   message that is empty (RFC 8446, 5.1); in TLS 1.2 a piece of a message in place of ChangeCipherSpec
int mpy_ssl_guard_input(const mbedtls_ssl_context *ssl, const mpy_ssl_record_t *rx, bool handshaking);

#endif
