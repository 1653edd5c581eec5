// SPDX-License-Identifier: MIT
#ifndef NO_QSTR // MicroPython looks for its strings without this file's include path

#if defined(MPY_SSL_MESSAGE_CHECKS)
#include "ssl_misc.h" // of Mbed TLS's library folder; before its public headers
#endif

#include <string.h>

#include "mbedtls/ssl.h"
#include "mbedtls/version.h"

#include "guard.h"
#include "hello.h"
#include "message_header.h"
#include "session.h"

#define ALERT(name) MBEDTLS_SSL_ALERT_MSG_##name
#define FIELD(ssl, name) ((ssl)->MBEDTLS_PRIVATE(name))

// --- Input ----------------------------------------------------------------------------------------------------

#if defined(MPY_SSL_MESSAGE_CHECKS)

static bool is_tls1_3(const mbedtls_ssl_context *ssl) {
    return mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
}

// Where Mbed TLS has decrypted a record; once it has passed over a message it keeps no pointer to it.
static const unsigned char *last_content(const mbedtls_ssl_context *ssl) {
    const mbedtls_ssl_transform *transform = ssl->transform_in;
    size_t explicit_iv = transform != NULL ? transform->ivlen - transform->fixed_ivlen : 0;
    return ssl->in_buf + MBEDTLS_SSL_SEQUENCE_NUMBER_LEN + MPY_SSL_RECORD_HEADER + explicit_iv;
}

static int check_alert(const mbedtls_ssl_context *ssl) {
    const unsigned char *alert = last_content(ssl);
    bool harmless = alert[1] == ALERT(CLOSE_NOTIFY) || alert[1] == ALERT(USER_CANCELED);
    int ret = 0;
    if (is_tls1_3(ssl) && !harmless) {
        ssl->in_msg[1] = alert[1]; // where mpy_ssl_private_peer_alert() reads it
        ret = MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
    } else if (alert[0] != MBEDTLS_SSL_ALERT_LEVEL_WARNING && alert[0] != MBEDTLS_SSL_ALERT_LEVEL_FATAL) {
        ret = MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
    }
    return ret;
}

static bool awaits_change_cipher_spec(const mbedtls_ssl_context *ssl) {
    return ssl->state == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC || ssl->state == MBEDTLS_SSL_CLIENT_CHANGE_CIPHER_SPEC;
}

// What Mbed TLS has taken from the newest record without an error, before anything of the next one is there.
static int check_passed_over(const mbedtls_ssl_context *ssl, const mpy_ssl_record_t *rx) {
    int ret = 0;
    if (ssl->in_left == 0 && ssl->badmac_seen_or_in_hsfraglen == 0 && ssl->in_msgtype == MBEDTLS_SSL_MSG_ALERT) {
        ret = check_alert(ssl);
    } else if (ssl->in_left == 0 && ssl->in_msgtype == MBEDTLS_SSL_MSG_HANDSHAKE && ssl->nb_zero != 0) {
        ret = MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE; // RFC 8446, 5.4: a piece without content
    } else if (ssl->badmac_seen_or_in_hsfraglen != 0 && awaits_change_cipher_spec(ssl)) {
        ret = MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE; // a Finished that is encrypted could say to be of any length
    } else if (ssl->in_left == 0 && ssl->in_msgtype == MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC && rx->header[0] != MPY_SSL_RECORD_CHANGE_CIPHER_SPEC) {
        ret = MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
    }
    return ret;
}

static bool is_out_of_place(const mbedtls_ssl_context *ssl, const mpy_ssl_record_t *rx, bool handshaking) {
    uint8_t type = rx->header[0];
    if (!is_tls1_3(ssl) || rx->body_left == 0) {
        return false;
    }
    return type == MPY_SSL_RECORD_CHANGE_CIPHER_SPEC ? !handshaking : type == MPY_SSL_RECORD_HANDSHAKE && FIELD(ssl, transform_in) != NULL;
}

#endif

int mpy_ssl_guard_input(const mbedtls_ssl_context *ssl, const mpy_ssl_record_t *rx, bool handshaking) {
    int ret = 0;
    #if defined(MPY_SSL_MESSAGE_CHECKS)
    ret = is_out_of_place(ssl, rx, handshaking) ? MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE : check_passed_over(ssl, rx);
    #else
    (void)rx;
    (void)handshaking;
    #endif
    #if MBEDTLS_VERSION_NUMBER >= 0x03060300
    if (ret == 0 && FIELD(ssl, badmac_seen_or_in_hsfraglen) != 0 && FIELD(ssl, in_hslen) > MBEDTLS_SSL_IN_CONTENT_LEN) {
        ret = MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    #endif
    return ret;
}

// --- Messages -------------------------------------------------------------------------------------------------

#if defined(MPY_SSL_MESSAGE_CHECKS)

#define HEADER MPY_SSL_MESSAGE_HEADER
#define RANDOM (HEADER + 2)
#define SESSION_ID (RANDOM + 32)
#define BIT(extension) ((uint64_t)1 << (extension))
#define UNCOMPRESSED 4 // RFC 8422, 5.4.1
#define X25519_LEN 32
#define FALLBACK_SCSV 0x5600 // RFC 7507

static unsigned get16(const uint8_t *p) {
    return (unsigned)p[0] << 8 | p[1];
}

static int code_for(uint8_t alert) {
    static const struct {
        uint8_t alert;
        int16_t code;
    } codes[] = {
        {ALERT(UNEXPECTED_MESSAGE), MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE},
        {ALERT(DECODE_ERROR), MBEDTLS_ERR_SSL_DECODE_ERROR},
        {ALERT(UNSUPPORTED_EXT), MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION},
        {ALERT(INAPROPRIATE_FALLBACK), MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); ++i) {
        if (codes[i].alert == alert) {
            return codes[i].code;
        }
    }
    return MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
}

// RFC 8446, 5.1: a message that new keys follow has to end its record. (Those of TLS 1.2 begin with a record of another type.)
static bool ends_record(const mbedtls_ssl_context *ssl) {
    return ssl->in_msglen == ssl->in_hslen;
}

// The types below 64, which all that are known have, renegotiation_info excepted.
static uint8_t collect(mpy_ssl_span_t block, uint64_t *types) {
    uint16_t type;
    mpy_ssl_span_t body;
    *types = 0;
    while (mpy_ssl_hello_next(&block, &type, &body)) {
        uint64_t bit = type < 64 ? BIT(type) : 0;
        if (*types & bit) {
            return ALERT(ILLEGAL_PARAMETER);
        }
        *types |= bit;
    }
    return block.len == 0 ? 0 : ALERT(DECODE_ERROR);
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)

// Mbed TLS does not note that a client has asked for max_fragment_length.
static bool was_offered(const mbedtls_ssl_context *ssl, unsigned type) {
    #if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
    if (type == MBEDTLS_TLS_EXT_MAX_FRAGMENT_LENGTH) {
        return ssl->conf->mfl_code != MBEDTLS_SSL_MAX_FRAG_LEN_NONE;
    }
    #endif
    return ssl->handshake->sent_extensions & mbedtls_ssl_get_extension_mask(type);
}

// RFC 8446, 4.2: only extensions that were offered may be answered; a cookie needs no offer.
static uint8_t check_answers(const mbedtls_ssl_context *ssl, mpy_ssl_span_t block) {
    uint16_t type;
    mpy_ssl_span_t body;
    while (mpy_ssl_hello_next(&block, &type, &body)) {
        if (type != MBEDTLS_TLS_EXT_COOKIE && !was_offered(ssl, type)) {
            return ALERT(UNSUPPORTED_EXT);
        }
    }
    return 0;
}

static bool has_group(const mbedtls_ssl_context *ssl, unsigned group) {
    const uint16_t *groups = mbedtls_ssl_get_groups(ssl);
    while (groups != NULL && *groups != 0 && *groups != group) {
        ++groups;
    }
    return groups != NULL && *groups != 0;
}

// RFC 8446, 4.1.4: it has to change something, and for a group that is there.
static uint8_t check_retry(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len, uint64_t types) {
    mpy_ssl_span_t group;
    bool ok = types & BIT(MBEDTLS_TLS_EXT_COOKIE);
    if (mpy_ssl_hello_extension(message, len, MBEDTLS_TLS_EXT_KEY_SHARE, &group)) {
        ok = group.len == 2 && has_group(ssl, get16(group.data));
    }
    return ok ? 0 : ALERT(ILLEGAL_PARAMETER);
}

static uint8_t check_server_hello_1_3(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len, uint64_t types) {
    const size_t random_len = 32;
    mpy_ssl_span_t block;
    mpy_ssl_hello_extensions(message, len, &block);
    uint8_t alert = ends_record(ssl) ? check_answers(ssl, block) : ALERT(UNEXPECTED_MESSAGE);
    if (alert == 0 && memcmp(message + RANDOM, mbedtls_ssl_tls13_hello_retry_request_magic, random_len) == 0) {
        alert = check_retry(ssl, message, len, types);
    } else if (alert == 0 && !(types & (BIT(MBEDTLS_TLS_EXT_KEY_SHARE) | BIT(MBEDTLS_TLS_EXT_PRE_SHARED_KEY)))) {
        alert = ALERT(MISSING_EXTENSION);
    }
    return alert;
}

static uint8_t check_message_1_3(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len) {
    const uint8_t *body = message + HEADER;
    size_t n = len - HEADER;
    mpy_ssl_span_t block;
    uint64_t types;
    if (message[0] == MBEDTLS_SSL_HS_ENCRYPTED_EXTENSIONS) {
        uint8_t alert = mpy_ssl_hello_extensions(message, len, &block) ? collect(block, &types) : ALERT(DECODE_ERROR);
        return alert == 0 ? check_answers(ssl, block) : alert;
    }
    if (message[0] == MBEDTLS_SSL_HS_CERTIFICATE && ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT) {
        bool empty = n == 4 && body[0] == 0; // request context, then the list's length in 24 bits
        return empty ? ALERT(DECODE_ERROR) : 0;
    }
    if (message[0] == MBEDTLS_SSL_HS_CERTIFICATE_VERIFY && n >= 2) {
        return mbedtls_ssl_sig_alg_is_offered(ssl, (uint16_t)get16(body)) ? 0 : ALERT(ILLEGAL_PARAMETER);
    }
    if (message[0] == MBEDTLS_SSL_HS_FINISHED && !ends_record(ssl)) {
        return ALERT(UNEXPECTED_MESSAGE);
    }
    return 0;
}

#endif

// A client offers it with TLS 1.3, and a server of 1.2 may know it, too (RFC 8449).
static bool limit_was_offered(const mbedtls_ssl_context *ssl) {
    #if defined(MBEDTLS_SSL_RECORD_SIZE_LIMIT)
    return was_offered(ssl, MBEDTLS_TLS_EXT_RECORD_SIZE_LIMIT);
    #else
    (void)ssl;
    return false;
    #endif
}

// RFC 5246, 7.4.1.3 and 7.4.1.4. What was offered Mbed TLS knows of 1.3 only; these it may offer, or (groups) old servers answer unasked.
static uint8_t check_server_hello_1_2(const mbedtls_ssl_context *ssl, const uint8_t *message, mpy_ssl_span_t block) {
    static const uint64_t possible = BIT(MBEDTLS_TLS_EXT_SERVERNAME) | BIT(MBEDTLS_TLS_EXT_MAX_FRAGMENT_LENGTH)
        | BIT(MBEDTLS_TLS_EXT_SUPPORTED_GROUPS) | BIT(MBEDTLS_TLS_EXT_SUPPORTED_POINT_FORMATS) | BIT(MBEDTLS_TLS_EXT_USE_SRTP)
        | BIT(MBEDTLS_TLS_EXT_ALPN) | BIT(MBEDTLS_TLS_EXT_ENCRYPT_THEN_MAC) | BIT(MBEDTLS_TLS_EXT_EXTENDED_MASTER_SECRET)
        | BIT(MBEDTLS_TLS_EXT_SESSION_TICKET) | BIT(MBEDTLS_TLS_EXT_CID);
    uint16_t type;
    mpy_ssl_span_t body;
    while (mpy_ssl_hello_next(&block, &type, &body)) {
        bool ok = type == MBEDTLS_TLS_EXT_RECORD_SIZE_LIMIT ? limit_was_offered(ssl) : type < 64 && (possible & BIT(type));
        if (type != MBEDTLS_TLS_EXT_RENEGOTIATION_INFO && !ok) {
            return ALERT(UNSUPPORTED_EXT);
        }
    }
    const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id((int)get16(message + SESSION_ID + 1 + message[SESSION_ID]));
    return suite != NULL && suite->min_tls_version <= MBEDTLS_SSL_VERSION_TLS1_2 ? 0 : ALERT(ILLEGAL_PARAMETER);
}

static uint8_t check_server_hello(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len) {
    mpy_ssl_span_t block;
    uint64_t types;
    uint8_t alert = mpy_ssl_hello_extensions(message, len, &block) ? collect(block, &types) : ALERT(DECODE_ERROR);
    if (alert != 0) {
        return alert;
    }
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (types & BIT(MBEDTLS_TLS_EXT_SUPPORTED_VERSIONS) && ssl->conf->max_tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
        return check_server_hello_1_3(ssl, message, len, types);
    }
    #endif
    return check_server_hello_1_2(ssl, message, block);
}

// RFC 7507, 3: a client that repeats its hello with a lower version says so.
static bool falls_back(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len, uint64_t types) {
    bool lower = get16(message + HEADER) < (unsigned)ssl->conf->max_tls_version && !(types & BIT(MBEDTLS_TLS_EXT_SUPPORTED_VERSIONS));
    return lower && mpy_ssl_hello_offers_suite(message, len, FALLBACK_SCSV);
}

static uint8_t check_client_hello(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len) {
    mpy_ssl_span_t block;
    uint64_t types;
    if (!ends_record(ssl)) {
        return ALERT(UNEXPECTED_MESSAGE);
    }
    if (!mpy_ssl_hello_extensions(message, len, &block)) {
        return ALERT(DECODE_ERROR);
    }
    uint8_t alert = collect(block, &types);
    const uint8_t *suites_len = message + SESSION_ID + 1 + message[SESSION_ID]; // all lengths have been looked at
    const uint8_t *compression = suites_len + 2 + get16(suites_len);
    if (alert == 0 && compression[0] != 0 && memchr(compression + 1, 0, compression[0]) == NULL) {
        alert = ALERT(ILLEGAL_PARAMETER); // RFC 5246, 7.4.1.2
    }
    if (alert == 0 && falls_back(ssl, message, len, types)) {
        alert = ALERT(INAPROPRIATE_FALLBACK);
    }
    return alert;
}

// An ECPoint (RFC 8422, 5.4), of which *len bytes are taken. Compressed ones are not offered, but Mbed TLS would take them.
static uint8_t check_point(const uint8_t *point, size_t *len) {
    if (*len < 2 || point[0] == 0 || 1u + point[0] > *len) {
        return ALERT(DECODE_ERROR);
    }
    *len = 1u + point[0];
    return point[0] == X25519_LEN || point[1] == UNCOMPRESSED ? 0 : ALERT(ILLEGAL_PARAMETER);
}

static uint8_t check_server_key_exchange(const mbedtls_ssl_context *ssl, const uint8_t *body, size_t len) {
    const size_t curve_len = 3; // type and name
    if (len <= curve_len) {
        return ALERT(DECODE_ERROR);
    }
    if (body[0] != MBEDTLS_ECP_TLS_NAMED_CURVE) {
        return ALERT(ILLEGAL_PARAMETER);
    }
    size_t used = len - curve_len;
    uint8_t alert = check_point(body + curve_len, &used);
    used += curve_len;
    if (alert == 0 && (len < used + 4 || get16(body + used + 2) != len - used - 4)) { // algorithm, signature
        alert = ALERT(DECODE_ERROR);
    } else if (alert == 0 && !mbedtls_ssl_sig_alg_is_offered(ssl, (uint16_t)get16(body + used))) {
        alert = ALERT(ILLEGAL_PARAMETER);
    }
    return alert;
}

static uint8_t check_client_key_exchange(const uint8_t *body, size_t len) {
    size_t used = len;
    uint8_t alert = check_point(body, &used);
    return alert == 0 && used != len ? ALERT(DECODE_ERROR) : alert;
}

static bool agrees_on_ecdhe_key(const mbedtls_ssl_context *ssl) {
    const mbedtls_ssl_ciphersuite_t *suite = ssl->handshake->ciphersuite_info;
    return suite != NULL && (suite->key_exchange == MBEDTLS_KEY_EXCHANGE_ECDHE_RSA
                             || suite->key_exchange == MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA);
}

// Mbed TLS's parsers call these other errors.
static bool is_unexpected(const mbedtls_ssl_context *ssl, uint8_t type) {
    if (awaits_change_cipher_spec(ssl)) {
        return true;
    }
    if (ssl->conf->endpoint != MBEDTLS_SSL_IS_CLIENT) {
        return false;
    }
    if (ssl->state == MBEDTLS_SSL_SERVER_HELLO) {
        return type != MBEDTLS_SSL_HS_SERVER_HELLO;
    }
    bool done = type == MBEDTLS_SSL_HS_SERVER_HELLO_DONE;
    return !is_tls1_3(ssl) && ((ssl->state == MBEDTLS_SSL_SERVER_HELLO_DONE && !done)
                               || (ssl->state == MBEDTLS_SSL_CERTIFICATE_REQUEST && !done && type != MBEDTLS_SSL_HS_CERTIFICATE_REQUEST));
}

static uint8_t check_message(const mbedtls_ssl_context *ssl, const uint8_t *message, size_t len) {
    if (is_unexpected(ssl, message[0])) {
        return ALERT(UNEXPECTED_MESSAGE);
    }
    bool is_client = ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT;
    if (is_client && message[0] == MBEDTLS_SSL_HS_SERVER_HELLO && ssl->state == MBEDTLS_SSL_SERVER_HELLO) {
        return check_server_hello(ssl, message, len);
    }
    if (!is_client && message[0] == MBEDTLS_SSL_HS_CLIENT_HELLO && ssl->state == MBEDTLS_SSL_CLIENT_HELLO) {
        return check_client_hello(ssl, message, len);
    }
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (is_tls1_3(ssl)) {
        return check_message_1_3(ssl, message, len);
    }
    #endif
    if (is_client && message[0] == MBEDTLS_SSL_HS_SERVER_KEY_EXCHANGE && agrees_on_ecdhe_key(ssl)) {
        return check_server_key_exchange(ssl, message + HEADER, len - HEADER);
    }
    if (!is_client && message[0] == MBEDTLS_SSL_HS_CLIENT_KEY_EXCHANGE && agrees_on_ecdhe_key(ssl)) {
        return check_client_key_exchange(message + HEADER, len - HEADER);
    }
    return 0;
}

// RFC 5246, 7.4.1.1: a client that is negotiating ignores it. RFC 8446 has no such message. The zeros at the front of an encrypted
// record are none.
static bool is_ignored(const mbedtls_ssl_context *ssl) {
    bool negotiates_1_2 = !is_tls1_3(ssl);
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    negotiates_1_2 |= ssl->state == MBEDTLS_SSL_SERVER_HELLO && !ssl->handshake->hello_retry_request_flag;
    #endif
    return negotiates_1_2 && ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT && ssl->in_msgtype == MBEDTLS_SSL_MSG_HANDSHAKE
           && ssl->in_msg[0] == MBEDTLS_SSL_HS_HELLO_REQUEST && ssl->in_hslen == HEADER
           && (ssl->in_msglen == HEADER || !awaits_change_cipher_spec(ssl));
}

// The next message of a handshake, which is not part of the transcript yet.
static int read_message(mbedtls_ssl_context *ssl) {
    mpy_ssl_stream_t *stream = &mpy_ssl_session_of(ssl)->stream;
    int ret = mpy_ssl_message_header_read_record(ssl);
    while (ret == 0 && is_ignored(ssl)) {
        // Like an idle record, and a record has room for 4,096 of them.
        ret = ++stream->idle > MPY_SSL_IDLE_RECORDS ? MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE : mpy_ssl_message_header_read_record(ssl);
    }
    return ret;
}

static int look_at_message(mbedtls_ssl_context *ssl) {
    uint8_t alert = ssl->in_hslen >= HEADER ? check_message(ssl, ssl->in_msg, ssl->in_hslen) : 0;
    if (alert == 0) {
        return 0;
    }
    mbedtls_ssl_send_alert_message(ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert);
    return code_for(alert);
}

int mpy_ssl_guard_read_record(mbedtls_ssl_context *ssl, unsigned update_hs_digest) {
    if (ssl->conf->transport != MBEDTLS_SSL_TRANSPORT_STREAM || ssl->handshake == NULL) { // DTLS has other headers
        return mbedtls_ssl_read_record(ssl, update_hs_digest);
    }
    bool kept = ssl->keep_current_message; // then it is part of the transcript already
    int ret = read_message(ssl);
    if (ret == 0 && ssl->in_msgtype == MBEDTLS_SSL_MSG_HANDSHAKE) {
        ret = look_at_message(ssl);
        if (ret == 0 && update_hs_digest == 1 && !kept) {
            ret = mbedtls_ssl_update_handshake_status(ssl);
        }
    }
    return ret;
}

int mpy_ssl_guard_parse_change_cipher_spec(mbedtls_ssl_context *ssl) {
    int ret = mpy_ssl_guard_read_record(ssl, 0);
    if (ret == 0) {
        ssl->keep_current_message = 1; // for the function that is named so
        ret = mbedtls_ssl_parse_change_cipher_spec(ssl);
    }
    return ret;
}

#endif

#endif
