// SPDX-License-Identifier: MIT
//
// What the handshake's followers read of Mbed TLS's structures, where 3.6 has no function for it. (Record buffers are in
// buffers.c.) All of it is for one connection, between two calls of Mbed TLS. What 4.x has instead stands beside each.
#ifndef MPY_SSL_PRIVATE_H
#define MPY_SSL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mbedtls/platform.h"
#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/ssl.h"
#include "mbedtls/version.h"

#include "message_header.h"

// The description of a received fatal alert. 4.1: mbedtls_ssl_get_fatal_alert().
static inline uint8_t mpy_ssl_private_peer_alert(const mbedtls_ssl_context *ssl) {
    #if MBEDTLS_VERSION_NUMBER < 0x04000000
    return ssl->MBEDTLS_PRIVATE(in_msg)[1];
    #else
    return (uint8_t)mbedtls_ssl_get_fatal_alert(ssl);
    #endif
}

// mbedtls_ssl_states: where the handshake stands. 4.x: still private.
static inline int mpy_ssl_private_state(const mbedtls_ssl_context *ssl) {
    return ssl->MBEDTLS_PRIVATE(state);
}

// True if the newest record has no content. 4.x: still private.
static inline bool mpy_ssl_private_message_is_empty(const mbedtls_ssl_context *ssl) {
    return ssl->MBEDTLS_PRIVATE(in_msglen) == 0;
}

// Length that the header of the newest handshake message says, with the header, or 0. 4.x: still private.
static inline size_t mpy_ssl_private_message_len(const mbedtls_ssl_context *ssl) {
    return ssl->MBEDTLS_PRIVATE(in_hslen);
}

// The newest handshake message with its header, until the next one is asked for. A TLS 1.2 server before 3.6.6 takes a ClientHello
// straight from its record, and only the record's header has a length then. 4.x: still private.
static inline const uint8_t *mpy_ssl_private_message(const mbedtls_ssl_context *ssl, size_t *len) {
    const uint8_t *record = ssl->MBEDTLS_PRIVATE(in_len);
    *len = ssl->MBEDTLS_PRIVATE(in_hslen);
    if (*len == 0) {
        *len = (size_t)record[0] << 8 | record[1];
    }
    return ssl->MBEDTLS_PRIVATE(in_msg);
}

// Bytes in front of the body of a handshake message.
static inline size_t mpy_ssl_private_message_header(const mbedtls_ssl_context *ssl) {
    bool datagrams = ssl->MBEDTLS_PRIVATE(conf)->MBEDTLS_PRIVATE(transport) == MBEDTLS_SSL_TRANSPORT_DATAGRAM;
    return datagrams ? MPY_SSL_MESSAGE_HEADER_DTLS : MPY_SSL_MESSAGE_HEADER;
}

// The session of a complete handshake. mbedtls_ssl_get_session() copies and parses the certificate again. 4.x: still private.
static inline mbedtls_ssl_session *mpy_ssl_private_session(const mbedtls_ssl_context *ssl) {
    return ssl->MBEDTLS_PRIVATE(session);
}

#if defined(MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED)
// Makes a configuration forget its key, which it takes only once. 4.x: still private.
static inline void mpy_ssl_private_forget_psk(mbedtls_ssl_config *conf) {
    mbedtls_platform_zeroize(conf->MBEDTLS_PRIVATE(psk), conf->MBEDTLS_PRIVATE(psk_len));
    mbedtls_free(conf->MBEDTLS_PRIVATE(psk));
    mbedtls_free(conf->MBEDTLS_PRIVATE(psk_identity));
    conf->MBEDTLS_PRIVATE(psk) = NULL;
    conf->MBEDTLS_PRIVATE(psk_identity) = NULL;
}

// What mbedtls_ssl_conf_psk_cb() was given beside `f_psk`, if it was that one, while `ssl` writes a ServerKeyExchange; else NULL.
static inline void *mpy_ssl_private_psk_owner(const mbedtls_ssl_context *ssl,
    int (*f_psk)(void *, mbedtls_ssl_context *, const unsigned char *, size_t)) {
    const mbedtls_ssl_config *conf = ssl->MBEDTLS_PRIVATE(conf);
    bool is_key_exchange = ssl->MBEDTLS_PRIVATE(out_msgtype) == MBEDTLS_SSL_MSG_HANDSHAKE
        && ssl->MBEDTLS_PRIVATE(out_msg)[0] == MBEDTLS_SSL_HS_SERVER_KEY_EXCHANGE;
    return is_key_exchange && conf->MBEDTLS_PRIVATE(f_psk) == f_psk ? conf->MBEDTLS_PRIVATE(p_psk) : NULL;
}

// Puts a hint in the place of the empty one at the front of a ServerKeyExchange, whose header is still to be filled.
static inline void mpy_ssl_private_insert_hint(mbedtls_ssl_context *ssl, const char *hint, size_t len) {
    uint8_t *vector = ssl->MBEDTLS_PRIVATE(out_msg) + MPY_SSL_MESSAGE_HEADER;
    memmove(vector + 2 + len, vector + 2, ssl->MBEDTLS_PRIVATE(out_msglen) - MPY_SSL_MESSAGE_HEADER - 2);
    vector[0] = (uint8_t)(len >> 8);
    vector[1] = (uint8_t)len;
    memcpy(vector + 2, hint, len);
    ssl->MBEDTLS_PRIVATE(out_msglen) += len;
}
#endif

#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
// The peer's chain while the handshake is not complete, or NULL; mbedtls_ssl_get_peer_cert() gives it afterwards. 4.x: still private.
static inline const mbedtls_x509_crt *mpy_ssl_private_negotiated_peer(const mbedtls_ssl_context *ssl) {
    const mbedtls_ssl_session *session = ssl->MBEDTLS_PRIVATE(session_negotiate);
    return session != NULL ? session->MBEDTLS_PRIVATE(peer_cert) : NULL;
}
#endif

#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
// What a server has granted, MBEDTLS_SSL_MAX_FRAG_LEN_*. 4.x: still private.
static inline uint8_t mpy_ssl_private_session_fragment(const mbedtls_ssl_session *session) {
    return session->MBEDTLS_PRIVATE(mfl_code);
}
#endif

#if defined(MBEDTLS_SSL_RECORD_SIZE_LIMIT)
// What the peer has said in the handshake under way, or 0. 4.x: still private.
static inline uint16_t mpy_ssl_private_record_size_limit(const mbedtls_ssl_context *ssl) {
    return ssl->MBEDTLS_PRIVATE(session_negotiate)->MBEDTLS_PRIVATE(record_size_limit);
}
#endif

// Mbed TLS 3.6 keeps with a session what belongs to a connection (RFC 8449, 4).
static inline void mpy_ssl_private_forget_record_size_limit(mbedtls_ssl_session *session) {
    #if defined(MBEDTLS_SSL_RECORD_SIZE_LIMIT)
    session->MBEDTLS_PRIVATE(record_size_limit) = 0;
    #else
    (void)session;
    #endif
}

#if defined(MBEDTLS_SSL_ALPN)
// The application protocol of a connection whose configuration has none; `name` has to last as long. 4.x: still private.
static inline void mpy_ssl_private_set_alpn(mbedtls_ssl_context *ssl, const char *name) {
    ssl->MBEDTLS_PRIVATE(alpn_chosen) = name;
}
#endif

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
void mbedtls_ssl_handshake_wrapup_free_hs_transform(mbedtls_ssl_context *ssl); // ssl_misc.h

// Frees what only a handshake needs, keys too. Mbed TLS 3.6 does so after one of TLS 1.2, and after one of 1.3 with the connection:
// 2 KB. It would handle tickets with it, which after_handshake.c does. With it goes the place for keys of 1.2, which has remained empty.
static inline void mpy_ssl_private_free_handshake(mbedtls_ssl_context *ssl) {
    if (ssl->MBEDTLS_PRIVATE(handshake) != NULL) {
        mbedtls_ssl_handshake_wrapup_free_hs_transform(ssl);
        mbedtls_free(ssl->MBEDTLS_PRIVATE(transform));
        ssl->MBEDTLS_PRIVATE(transform) = NULL;
    }
}

// After the handshake of TLS 1.3: the complete handshake message that mbedtls_ssl_read() has just received, or NULL. *is_last: it ends its record.
static inline const uint8_t *mpy_ssl_private_complete_message(const mbedtls_ssl_context *ssl, size_t *len, bool *is_last) {
    *len = ssl->MBEDTLS_PRIVATE(in_hslen);
    *is_last = *len == ssl->MBEDTLS_PRIVATE(in_msglen);
    bool complete = ssl->MBEDTLS_PRIVATE(in_msgtype) == MBEDTLS_SSL_MSG_HANDSHAKE && *len != 0
        && ssl->MBEDTLS_PRIVATE(badmac_seen_or_in_hsfraglen) == 0;
    return complete ? ssl->MBEDTLS_PRIVATE(in_msg) : NULL;
}

// A ticket is not to be handled by Mbed TLS, which has stopped for it: the next record may come.
static inline void mpy_ssl_private_drop_ticket_state(mbedtls_ssl_context *ssl) {
    ssl->MBEDTLS_PRIVATE(state) = MBEDTLS_SSL_HANDSHAKE_OVER;
    ssl->MBEDTLS_PRIVATE(keep_current_message) = 0;
}

// exporter_master_secret (RFC 8446, 7.5) of the handshake under way, once it has keys for data. 3.6 exports the other secrets.
static inline const uint8_t *mpy_ssl_private_exporter_secret(const mbedtls_ssl_context *ssl) {
    return ssl->MBEDTLS_PRIVATE(session_negotiate)->MBEDTLS_PRIVATE(app_secrets).exporter_master_secret;
}

// A server of TLS 1.3 writes with the keys for data from its Finished on (RFC 8446, 7.1 and A.2). Mbed TLS 3.6 changes to them when
// the client's Finished has come, and the client cannot read an alert that is sent before. Nothing else is: the next message after
// that change has the same number again, so what is sent between has to be the last.
static inline void mpy_ssl_private_write_with_final_keys(mbedtls_ssl_context *ssl) {
    ssl->MBEDTLS_PRIVATE(transform_out) = ssl->MBEDTLS_PRIVATE(transform_application);
    memset(ssl->MBEDTLS_PRIVATE(cur_out_ctr), 0, sizeof(ssl->MBEDTLS_PRIVATE(cur_out_ctr)));
}
#endif

// 4.x: both still private.
static inline mbedtls_ssl_protocol_version mpy_ssl_private_session_version(const mbedtls_ssl_session *session) {
    return session->MBEDTLS_PRIVATE(tls_version);
}

static inline mbedtls_ssl_protocol_version mpy_ssl_private_maximum_version(const mbedtls_ssl_config *conf) {
    return conf->MBEDTLS_PRIVATE(max_tls_version);
}

#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
// The peer's certificate of a session, which 3.6 neither saves nor loads in TLS 1.3; the session's own, or NULL.
static inline mbedtls_x509_crt *mpy_ssl_private_session_certificate(const mbedtls_ssl_session *session) {
    return session->MBEDTLS_PRIVATE(peer_cert);
}

// Takes the certificate over; frees none.
static inline void mpy_ssl_private_session_set_certificate(mbedtls_ssl_session *session, mbedtls_x509_crt *certificate) {
    session->MBEDTLS_PRIVATE(peer_cert) = certificate;
}
#else
#define mpy_ssl_private_session_certificate(session) (NULL)
#endif

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
// The same for the handshake of a server that goes on with a session.
static inline void mpy_ssl_private_set_peer_certificate(mbedtls_ssl_context *ssl, mbedtls_x509_crt *certificate) {
    mpy_ssl_private_session_set_certificate(ssl->MBEDTLS_PRIVATE(session_negotiate), certificate);
}
#endif

#if defined(MBEDTLS_SSL_SESSION_TICKETS)
static inline size_t mpy_ssl_private_ticket_len(const mbedtls_ssl_session *session) {
    return session->MBEDTLS_PRIVATE(ticket_len);
}

static inline uint32_t mpy_ssl_private_ticket_lifetime(const mbedtls_ssl_session *session) {
    return session->MBEDTLS_PRIVATE(ticket_lifetime);
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
// A ticket that came in TLS 1.3, at this moment. Borrowed: to be set to nothing before the message is gone.
static inline void mpy_ssl_private_set_ticket(mbedtls_ssl_session *session, const uint8_t *ticket, size_t len, uint32_t lifetime, uint32_t age_add) {
    session->MBEDTLS_PRIVATE(ticket) = (unsigned char *)ticket;
    session->MBEDTLS_PRIVATE(ticket_len) = len;
    session->MBEDTLS_PRIVATE(ticket_lifetime) = lifetime;
    session->MBEDTLS_PRIVATE(ticket_age_add) = age_add;
    session->MBEDTLS_PRIVATE(ticket_flags) = MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL;
    session->MBEDTLS_PRIVATE(ticket_reception_time) = mbedtls_ms_time();
}
#endif

// Mbed TLS 3.6 keeps a ticket that was offered and declined, as if it belonged to the session that is made instead.
static inline void mpy_ssl_private_forget_ticket(mbedtls_ssl_context *ssl) {
    mbedtls_ssl_session *session = ssl->MBEDTLS_PRIVATE(session_negotiate);
    mbedtls_free(session->MBEDTLS_PRIVATE(ticket)); // no secret: it has been on the wire
    session->MBEDTLS_PRIVATE(ticket) = NULL;
    session->MBEDTLS_PRIVATE(ticket_len) = 0;
}
#endif

#endif
