// SPDX-License-Identifier: MIT
//
// One TLS connection over Mbed TLS: configuration, handshake, records, alerts, verdict. Knows streams, but neither
// Python's sockets nor contexts. No function here raises; each returns 0 or a byte count, or one of:
//   MBEDTLS_ERR_SSL_WANT_READ, MBEDTLS_ERR_SSL_WANT_WRITE   nothing is lost, call again: stream.would_block (wait for
//       the stream), stream.error == ETIMEDOUT, stream.exception (raise it first), or slices.paused says why
//   any other negative value   the connection is over: the alert has been sent, `failure` says why, the stream is closed
#ifndef MPY_SSL_SESSION_H
#define MPY_SSL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

#include "mbedtls/ssl.h"

#include "alpn.h"
#include "buffers.h"
#include "certificate.h"
#include "ciphers.h"
#include "dtls.h"
#include "error.h"
#include "fragment.h"
#include "groups.h"
#include "keylog.h"
#include "psk.h"
#include "record_size_limit.h"
#include "resume.h"
#include "slices.h"
#include "sni.h"
#include "stream.h"

// What a connection is made from. Borrowed for the call of mpy_ssl_session_open(), which takes references of its own.
typedef struct mpy_ssl_options {
    bool server_side;
    uint16_t minimum_version;    // mbedtls_ssl_protocol_version
    uint16_t maximum_version;
    uint8_t verify_mode;         // MBEDTLS_SSL_VERIFY_NONE, _OPTIONAL, _REQUIRED
    const char *server_hostname; // for SNI and verification (RFC 6066, 3; RFC 6125), or NULL
    mpy_ssl_identity_t *identity; // or NULL
    mpy_ssl_identity_t *other_identity; // with a key of the other kind, or NULL; a server shows what the suite asks for
    mpy_ssl_trust_t *trust;       // or NULL
    mpy_ssl_ciphers_t *ciphers;   // or NULL for the default
    mpy_ssl_groups_t *groups;     // or NULL for the default
    mpy_ssl_alpn_t *alpn;         // or NULL
    mp_obj_t verify_callback;     // or None
    mp_obj_t keylog;              // path or None
    mp_obj_t keylog_callback;     // see keylog.h; or None
    const mpy_ssl_psk_t *psk;     // complete, see mpy_ssl_psk_check()
    bool datagrams;               // DTLS
    const uint8_t *client_id;     // of a server over datagrams: where the client is, in any form
    size_t client_id_len;
    mpy_ssl_cookies_t *cookies;   // of a server over datagrams
    uint32_t verify_serial;       // another one for each callback that was assigned, 0 for none
    mpy_ssl_tickets_t *tickets;   // a server's, or NULL
    mpy_ssl_saved_t *saved;       // to be resumed, or NULL
    uint8_t fragment;             // what a client asks for, MBEDTLS_SSL_MAX_FRAG_LEN_*
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    uint16_t record_size_limit;   // bytes of content that a record of the peer may have in TLS 1.3; 0: none was chosen
    #endif
    bool session_cache;           // keep and find sessions without being told
    bool tickets_allowed;         // offer and give tickets
} mpy_ssl_options_t;

// Lives inside a garbage collected object, because it holds Python objects.
typedef struct mpy_ssl_session {
    mpy_ssl_stream_t stream;
    mpy_ssl_failure_t failure;
    mp_obj_t verify_callback;
    mpy_ssl_identity_t *identity;
    mpy_ssl_identity_t *other_identity;
    mpy_ssl_trust_t *trust;
    mbedtls_x509_crt *cas; // of `trust`, while a handshake needs them; or NULL
    mpy_ssl_ciphers_t *ciphers;
    mpy_ssl_groups_t *groups;
    mpy_ssl_alpn_t *alpn;
    char *ip_address;      // of the server, while it has to be kept out of SNI
    uint32_t unfinished_hash;
    size_t dropped;        // bytes that came after our close_notify
    size_t alloc_failures; // reading at the start of the current call
    mpy_ssl_der_t *peer;   // its certificate once the handshake is complete; NULL if there is none, or Mbed TLS still has it for lack of memory
    uint16_t unfinished;   // bytes of a write that are encrypted but not sent, see mpy_ssl_session_write()
    uint8_t verify_mode;
    uint8_t fragment;      // MBEDTLS_SSL_MAX_FRAG_LEN_* that was granted
    #if MPY_SSL_HAVE_RECORD_SIZE_LIMIT
    mpy_ssl_record_size_limit_t record_size_limit;
    #endif
    uint8_t alert;         // to be sent instead of the one that error.h names; 0: none
    bool open : 1;         // ssl and conf are in use
    bool keep_stream : 1;  // a failure leaves the stream open, because it is still the caller's
    bool peer_closed : 1;  // close_notify was received
    bool update_due : 1;   // the peer has asked for new keys (RFC 8446, 4.6.3)
    bool said_goodbye : 1; // close_notify was sent, or waits in the output buffer
    mpy_ssl_resume_t resume;
    mpy_ssl_slices_t slices;
    mpy_ssl_sni_t sni;     // given by the owner
    mpy_ssl_keylog_t keylog;
    mpy_ssl_psk_t psk;
    mpy_ssl_cookies_t *cookies;
    mpy_ssl_buffers_t buffers;
    mpy_ssl_usage_t usage; // without what is shared with the context or with a session that was resumed
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
} mpy_ssl_session_t;

static inline bool mpy_ssl_session_is_server(const mpy_ssl_session_t *session) {
    return mbedtls_ssl_conf_get_endpoint(&session->conf) == MBEDTLS_SSL_IS_SERVER;
}

// True once TLS 1.3 has been agreed on, which a build without it knows not to happen.
static inline bool mpy_ssl_session_is_tls1_3(const mpy_ssl_session_t *session) {
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    return mbedtls_ssl_get_version_number(&session->ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
    #else
    (void)session;
    return false;
    #endif
}

// The session that `ssl` is part of.
static inline mpy_ssl_session_t *mpy_ssl_session_of(mbedtls_ssl_context *ssl) {
    return (mpy_ssl_session_t *)((char *)ssl - offsetof(mpy_ssl_session_t, ssl));
}

// A write that was put off has to be repeated with the same data at its start: they are part of the connection
// already. Returned instead of sending anything else; the connection goes on. Not a code of Mbed TLS.
#define MPY_SSL_ERR_OTHER_DATA (-1)

// Makes a session on session->stream, which is initialised and knows whether it is one of datagrams; the other members but `sni` are zero.
// Sends nothing. On failure (allocation, entropy) everything is released except the stream, which stays open.
int mpy_ssl_session_open(mpy_ssl_session_t *session, const mpy_ssl_options_t *options);

// For sni_callback: goes on with certificates, CAs, verification, application protocols and tickets of another context; versions, suites
// and groups stay. 0 or a negative Mbed TLS error, after which the handshake has to fail.
int mpy_ssl_session_adopt(mpy_ssl_session_t *session, const mpy_ssl_options_t *options);

// Goes on with the handshake as far as the stream lets it. 0 when it is complete.
int mpy_ssl_session_handshake(mpy_ssl_session_t *session);

// Receives up to len > 0 bytes. 0 after the peer's close_notify, and only then: a connection that just ends is
// MBEDTLS_ERR_SSL_CONN_EOF. Completes the handshake first.
int mpy_ssl_session_read(mpy_ssl_session_t *session, void *buf, size_t len);

// Sends up to len > 0 bytes, at most one record, and returns how many. Completes the handshake first.
int mpy_ssl_session_write(mpy_ssl_session_t *session, const void *buf, size_t len);

// Sends what is still in the output buffer. 0 if there is nothing left.
int mpy_ssl_session_flush(mpy_ssl_session_t *session);

// Sends close_notify. The peer may go on sending, but nothing more can be written. 0 when it is on its way. Needs a complete handshake.
int mpy_ssl_session_shutdown(mpy_ssl_session_t *session);

// The same, and waits for the peer's; data that arrive before it are dropped, up to 64 KB. 0 when both have gone.
int mpy_ssl_session_unwrap(mpy_ssl_session_t *session);

// Releases everything but the stream, which it returns: for a connection that mpy_ssl_session_unwrap() has ended.
mp_obj_t mpy_ssl_session_detach(mpy_ssl_session_t *session);

// The peer's certificate in DER, borrowed until the connection ends; NULL if it has shown none, or the handshake is not complete.
const uint8_t *mpy_ssl_session_peer_certificate(const mpy_ssl_session_t *session, size_t *len);

// True if a read would give something without asking the stream.
bool mpy_ssl_session_has_input(const mpy_ssl_session_t *session);

// Ends the connection: close_notify if the handshake is complete, as far as the stream takes it, then closes the
// stream and releases everything. A second time does nothing. stream.exception may be set after it.
void mpy_ssl_session_close(mpy_ssl_session_t *session);

// Releases everything from a finaliser, without input or output.
void mpy_ssl_session_drop(mpy_ssl_session_t *session);

// Ends the connection because of `code`: sends the alert that names it if none was sent, closes the stream (unless
// keep_stream), releases everything and keeps `failure`. Returns a negative value.
int mpy_ssl_session_fail(mpy_ssl_session_t *session, int code);

#endif
