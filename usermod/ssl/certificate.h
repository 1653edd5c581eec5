// SPDX-License-Identifier: MIT
//
// Certificates and keys: from paths or data, PEM (RFC 7468) or DER, into Mbed TLS's structures.
//
// Identities and trust stores live outside Python's heap objects and are counted, because sockets go on using them
// after the context that loaded them has loaded others or is gone. All functions that load may raise ValueError (what
// is wrong with the data), OSError (a file that cannot be read, ENOMEM) or TypeError, and have then changed nothing.
#ifndef MPY_SSL_CERTIFICATE_H
#define MPY_SSL_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

#include "mbedtls/pk.h"
#include "mbedtls/x509_crt.h"

#include "counted.h"
#include "memory.h"

// Who we are: a chain, our own certificate first, and its private key.
typedef struct {
    mpy_ssl_counted_t counted;
    mpy_ssl_usage_t usage;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
} mpy_ssl_identity_t;

// Whom we trust: CA certificates. A few of them are kept as they are written, a third of what Mbed TLS makes of them, and parsed by each
// handshake that verifies; a bundle is kept parsed, because that would take longer than the handshake.
typedef struct {
    mpy_ssl_counted_t counted;
    mpy_ssl_usage_t usage;
    bool digested;           // digest is that of the present certificates
    uint8_t digest[32];
    uint8_t *ders;           // a few: one behind the other, and they stay so; or NULL
    mbedtls_x509_crt *first; // a bundle, which only ever grows, at its end; or NULL
} mpy_ssl_trust_t;

// Bytes of DER that are a few certificates.
#define MPY_SSL_FEW_CERTIFICATES 4096

// Loads a chain and the key of its first certificate. Each is a path (str; a str with PEM text is data too) or data
// (bytes-like). The key is RSA or EC as PKCS#1 (RFC 8017, A.1), SEC1 (RFC 5915) or PKCS#8 (RFC 5958), and must belong to
// the certificate. password (str, bytes-like or None) is for an encrypted PKCS#8 key (PBES2, RFC 8018). Copies of the key
// that were made on the way are zeroed. The caller owns one reference.
mpy_ssl_identity_t *mpy_ssl_identity_load(mp_obj_t cert, mp_obj_t key, mp_obj_t password);

// True if both have a key of the same kind, RSA or EC.
bool mpy_ssl_identity_is_like(const mpy_ssl_identity_t *a, const mpy_ssl_identity_t *b);

// One certificate of a peer in DER, immutable: a connection and the sessions that come of it hold the same.
typedef struct {
    mpy_ssl_counted_t counted;
    uint16_t len;
    uint8_t bytes[];
} mpy_ssl_der_t;

// A copy of `len` bytes. NULL: no memory. The caller owns one reference.
mpy_ssl_der_t *mpy_ssl_der_new(const uint8_t *bytes, uint16_t len);

// Keeps of a chain what Mbed TLS has parsed from messages only the DER of its first certificate. NULL is allowed.
void mpy_ssl_certificate_keep_der(mbedtls_x509_crt *chain);

// Adds all CA certificates of a PEM bundle, or one or several DER certificates one behind the other, to *trust, which
// is made if NULL, and made anew if it was not a bundle. Certificates that are there already are left out, and so are
// those with keys or signatures that this build does not have, unless nothing else is in the bundle.
void mpy_ssl_trust_load(mpy_ssl_trust_t **trust, mp_obj_t source);

// All certificates for Mbed TLS, until mpy_ssl_trust_put_away(). 0 or MBEDTLS_ERR_X509_ALLOC_FAILED.
int mpy_ssl_trust_take_out(const mpy_ssl_trust_t *trust, mbedtls_x509_crt **list);

// Frees such a list, unless it is the store's own. NULL is allowed for the list.
void mpy_ssl_trust_put_away(const mpy_ssl_trust_t *trust, mbedtls_x509_crt *list);

// SHA-256 of all certificates in their order. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_trust_digest(mpy_ssl_trust_t *trust, uint8_t digest[32]);

#endif
