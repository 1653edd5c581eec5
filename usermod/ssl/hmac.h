// SPDX-License-Identifier: MIT
//
// HMAC-SHA-256 with one key over many messages, for the key derivation of TLS 1.2 (RFC 5246, 5): a third fewer compressions.
//
// Mbed TLS compresses both pads of the key (RFC 2104, 2) anew for each message. Here the first reset puts the states after them in the
// place of the pads, and what follows begins there. Calls that one source of Mbed TLS makes (ssl_tls.c, where only the key derivation
// resets) come here by a name that it is compiled with; those of others do not, which look at the pads themselves.
#ifndef MPY_SSL_HMAC_H
#define MPY_SSL_HMAC_H

#include "mbedtls/md.h"

// The contracts are Mbed TLS's. Other hashes, and an HMAC before its first reset, are Mbed TLS's own.
int __wrap_mbedtls_md_hmac_reset(mbedtls_md_context_t *ctx);
int __wrap_mbedtls_md_hmac_finish(mbedtls_md_context_t *ctx, unsigned char *output);

#endif
