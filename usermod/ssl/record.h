// SPDX-License-Identifier: MIT
//
// Watches the record layer (RFC 5246, 6.2.1) from outside, as bytes pass by: which record is under way and how many
// have passed. Mbed TLS does not tell these, and the module needs them to bound floods and to choose alerts.
#ifndef MPY_SSL_RECORD_H
#define MPY_SSL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtls.h"

#define MPY_SSL_RECORD_HEADER 5 // type, version (2), length (2)

enum { // ContentType, RFC 5246, 6.2.1
    MPY_SSL_RECORD_CHANGE_CIPHER_SPEC = 20,
    MPY_SSL_RECORD_ALERT = 21,
    MPY_SSL_RECORD_HANDSHAKE = 22,
    MPY_SSL_RECORD_APPLICATION_DATA = 23,
};

// TLS 1.3 sends its alerts as application data (RFC 8446, 5.2): level, description, the true type, and the AEAD's tag. Mbed TLS
// pads nothing here, and no handshake message is as short.
#define MPY_SSL_RECORD_HIDDEN_ALERT (2 + 1 + 16)

// One direction of one connection. All zero at the start.
typedef struct {
    uint8_t header[MPY_SSL_RECORD_HEADER]; // of the newest record; stays after its body
    uint8_t have;                          // header bytes seen, while the header is incomplete
    uint16_t body_left;                    // body bytes still to come
    uint16_t records;                      // complete headers seen; sticks at 65535
    uint16_t alerts;                       // of these, alerts, and what has the length of one in TLS 1.3; sticks likewise
    uint16_t changes;                      // of these, change_cipher_spec; sticks likewise
    bool data;                             // told from outside: these records are the program's data, and none is an alert
} mpy_ssl_record_t;

// Accounts for len bytes that were sent or received.
void mpy_ssl_record_watch(mpy_ssl_record_t *record, const uint8_t *buf, size_t len);

// Accounts for a datagram (RFC 6347, 4.1), whose records are whole. Their headers are kept as those of TLS.
#if MPY_SSL_HAVE_DTLS
void mpy_ssl_record_watch_datagram(mpy_ssl_record_t *record, const uint8_t *buf, size_t len);
#else
#define mpy_ssl_record_watch_datagram mpy_ssl_record_watch
#endif

// Length field of the newest header.
uint16_t mpy_ssl_record_length(const mpy_ssl_record_t *record);

#endif
