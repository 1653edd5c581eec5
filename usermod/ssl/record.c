// SPDX-License-Identifier: MIT
#include <string.h>

#include "record.h"

uint16_t mpy_ssl_record_length(const mpy_ssl_record_t *record) {
    return (uint16_t)(record->header[3] << 8 | record->header[4]);
}

static void count(uint16_t *counter) {
    if (*counter != UINT16_MAX) {
        ++*counter;
    }
}

static bool is_alert(const mpy_ssl_record_t *record) {
    bool hidden = record->header[0] == MPY_SSL_RECORD_APPLICATION_DATA && record->body_left == MPY_SSL_RECORD_HIDDEN_ALERT;
    return record->header[0] == MPY_SSL_RECORD_ALERT || (hidden && !record->data);
}

static void header_done(mpy_ssl_record_t *record) {
    record->have = 0;
    record->body_left = mpy_ssl_record_length(record);
    count(&record->records);
    if (is_alert(record)) {
        count(&record->alerts);
    }
    if (record->header[0] == MPY_SSL_RECORD_CHANGE_CIPHER_SPEC) {
        count(&record->changes);
    }
}

void mpy_ssl_record_watch(mpy_ssl_record_t *record, const uint8_t *buf, size_t len) {
    while (len > 0) {
        if (record->body_left > 0) {
            uint16_t n = len < record->body_left ? (uint16_t)len : record->body_left;
            record->body_left -= n;
            buf += n;
            len -= n;
            continue;
        }
        record->header[record->have++] = *buf++;
        --len;
        if (record->have == MPY_SSL_RECORD_HEADER) {
            header_done(record);
        }
    }
}

#if MPY_SSL_HAVE_DTLS

#define DATAGRAM_HEADER 13 // type, version (2), epoch (2), number (6), length (2)

void mpy_ssl_record_watch_datagram(mpy_ssl_record_t *record, const uint8_t *buf, size_t len) {
    while (len >= DATAGRAM_HEADER) {
        size_t whole = DATAGRAM_HEADER + ((size_t)buf[11] << 8 | buf[12]);
        const uint8_t header[MPY_SSL_RECORD_HEADER] = {buf[0], 3, 3, buf[11], buf[12]};
        memcpy(record->header, header, sizeof(header));
        count(&record->records);
        if (buf[0] == MPY_SSL_RECORD_ALERT) {
            count(&record->alerts);
        }
        whole = whole < len ? whole : len;
        buf += whole;
        len -= whole;
    }
}

#endif
