// SPDX-License-Identifier: MIT
//
// Handshake messages on their way out. A server's hint for PSK goes into its ServerKeyExchange (psk.h), and a message that is longer than
// a record may be is sent in several: once max_fragment_length is granted (RFC 6066, 4), and where record_size_limit bounds what is
// encrypted (RFC 8449, 4). Mbed TLS 3.6 cuts data only. ClientHello and ServerHello stay whole, because they are what agrees on it.
//
// The files of Mbed TLS that write messages come here by the linker's --wrap; builds that compile Mbed TLS themselves rename.
#ifndef MPY_SSL_MESSAGES_H
#define MPY_SSL_MESSAGES_H

#include "buffers.h"

#if MPY_SSL_HAVE_SPLIT

// Of a message that is longer than a record its first piece is written at once, and the others by this: to be called before each step of the
// handshake, none of which writes such a message as its last. 0, or what f_send returns; then it has to be called again.
int mpy_ssl_messages_go_on(mpy_ssl_buffers_t *buffers);

#else
#define mpy_ssl_messages_go_on(buffers) ((void)(buffers), 0)
#endif
#endif
