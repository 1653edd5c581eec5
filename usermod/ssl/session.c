// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "mbedtls/net_sockets.h"

#include "after_handshake.h"
#include "memory.h"
#include "messages.h"
#include "private.h"
#include "random.h"
#include "session.h"

#ifndef EMSGSIZE
#define EMSGSIZE 90 // not among MicroPython's own numbers
#endif
#define DROP_LIMIT 65536 // bytes that a peer may still send after our close_notify

static bool is_want(int ret) {
    return ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE;
}

// --- Release --------------------------------------------------------------------------------------------------

static void put_cas_away(mpy_ssl_session_t *session) {
    if (session->cas != NULL) {
        mbedtls_ssl_conf_ca_chain(&session->conf, NULL, NULL);
        mpy_ssl_trust_put_away(session->trust, session->cas);
        session->cas = NULL;
    }
}

static void release(mpy_ssl_session_t *session) {
    if (session->open) {
        mpy_ssl_meter_t meter;
        session->open = false;
        mpy_ssl_meter_start(&meter, &session->usage);
        mpy_ssl_buffers_free(&session->buffers);
        put_cas_away(session);
        mbedtls_ssl_free(&session->ssl);
        mbedtls_ssl_config_free(&session->conf);
        mpy_ssl_counted_unref(session->identity);
        mpy_ssl_counted_unref(session->other_identity);
        mpy_ssl_counted_unref(session->trust);
        mpy_ssl_counted_unref(session->ciphers);
        mpy_ssl_counted_unref(session->groups);
        mpy_ssl_counted_unref(session->alpn);
        mpy_ssl_counted_unref(session->cookies);
        session->cookies = NULL;
        mpy_ssl_resume_release(session);
        mpy_ssl_slices_free(&session->slices);
        #if MPY_SSL_KEYLOG
        mpy_ssl_keylog_free(&session->keylog);
        #endif
        mpy_ssl_free(session->ip_address);
        mpy_ssl_counted_unref(session->peer);
        session->peer = NULL;
        session->identity = NULL;
        session->other_identity = NULL;
        session->trust = NULL;
        session->ciphers = NULL;
        session->groups = NULL;
        session->alpn = NULL;
        session->ip_address = NULL;
        session->verify_callback = MP_OBJ_NULL;
        mpy_ssl_meter_stop(&meter);
        session->usage.bytes = 0; // others had a share in the rest, such as the certificate
        mpy_ssl_trim();
    }
}

// Of two exceptions the first counts, except that Ctrl-C is never lost.
static void keep_exception(mpy_ssl_stream_t *stream, mp_obj_t first) {
    bool ordinary = stream->exception == MP_OBJ_NULL
        || mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(stream->exception)), MP_OBJ_FROM_PTR(&mp_type_Exception));
    if (first != MP_OBJ_NULL || ordinary) {
        stream->exception = first;
    }
}

// A peer that is gone is no failure of close(); anything but an OSError is.
static void forgive_lost_peer(mpy_ssl_stream_t *stream) {
    if (stream->exception != MP_OBJ_NULL
        && mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(stream->exception)), MP_OBJ_FROM_PTR(&mp_type_OSError))) {
        stream->exception = MP_OBJ_NULL;
    }
}

void mpy_ssl_session_close(mpy_ssl_session_t *session) {
    if (session->open && session->stream.object != MP_OBJ_NULL && mpy_ssl_session_flush(session) == 0 && !session->said_goodbye) {
        mbedtls_ssl_close_notify(&session->ssl);
        forgive_lost_peer(&session->stream);
    }
    mp_obj_t exception = session->stream.exception;
    release(session);
    mpy_ssl_stream_close(&session->stream);
    if (exception != MP_OBJ_NULL) {
        keep_exception(&session->stream, exception);
    }
}

void mpy_ssl_session_drop(mpy_ssl_session_t *session) {
    release(session);
    mpy_ssl_stream_drop(&session->stream);
}

// --- Failure --------------------------------------------------------------------------------------------------

static bool record_is_too_long(const mpy_ssl_session_t *session) {
    return mpy_ssl_record_length(&session->stream.rx) > MBEDTLS_SSL_IN_CONTENT_LEN || mpy_ssl_buffers_is_overlong(&session->buffers);
}

// The alert for a header that is none of TLS, or 0.
static uint8_t header_alert(const mpy_ssl_session_t *session) {
    const mpy_ssl_record_t *rx = &session->stream.rx;
    if (rx->header[0] < MPY_SSL_RECORD_CHANGE_CIPHER_SPEC || rx->header[0] > MPY_SSL_RECORD_APPLICATION_DATA) {
        return MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
    }
    if (rx->header[1] != 3) { // ProtocolVersion.major of every version since SSL 3.0
        return MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION;
    }
    return record_is_too_long(session) ? MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW : 0;
}

// Why Mbed TLS calls a record invalid decides the alert, and only the header tells.
static uint8_t invalid_record_alert(const mpy_ssl_session_t *session) {
    uint8_t alert = header_alert(session);
    if (alert == 0) {
        // RFC 8446, 5 and 5.4: a change_cipher_spec of another form, or no content.
        bool unexpected = session->stream.rx.header[0] == MPY_SSL_RECORD_CHANGE_CIPHER_SPEC || mpy_ssl_private_message_is_empty(&session->ssl);
        alert = unexpected ? MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE : MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR;
    }
    return alert;
}

// Mbed TLS takes a record or a handshake message that its buffer cannot hold for a mistake of the caller, and before 3.6.6 a
// server takes what is no record for a wrong ClientHello.
static int name_overflow(const mpy_ssl_session_t *session, int code) {
    if (mpy_ssl_stream_has_datagrams(&session->stream)) {
        return code;
    }
    if (code == MBEDTLS_ERR_SSL_BAD_INPUT_DATA && record_is_too_long(session)) {
        code = MBEDTLS_ERR_SSL_INVALID_RECORD;
    } else if (code == MBEDTLS_ERR_SSL_BAD_INPUT_DATA && mpy_ssl_private_message_len(&session->ssl) > MBEDTLS_SSL_IN_CONTENT_LEN) {
        code = MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    } else if (code == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE || code == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER
               || code == MBEDTLS_ERR_SSL_DECODE_ERROR) {
        code = header_alert(session) == 0 ? code : MBEDTLS_ERR_SSL_INVALID_RECORD;
    }
    return code;
}

static uint8_t alert_for(const mpy_ssl_session_t *session, int code) {
    if (session->alert != 0) {
        return session->alert;
    }
    if (code == MBEDTLS_ERR_SSL_INVALID_RECORD) {
        return invalid_record_alert(session);
    }
    #if defined(MPY_SSL_MESSAGE_CHECKS)
    // Its lengths are right (guard.h): then its point is not.
    if (code == MBEDTLS_ERR_SSL_DECODE_ERROR && mpy_ssl_private_state(&session->ssl) == MBEDTLS_SSL_CLIENT_KEY_EXCHANGE) {
        return MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER;
    }
    #endif
    if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return mpy_ssl_error_verify_alert(session->failure.verify_flags);
    }
    return mpy_ssl_error_alert(code);
}

static bool peer_listens(const mpy_ssl_session_t *session, int code) {
    return code != MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && code != MBEDTLS_ERR_SSL_CONN_EOF && code != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY
           && code != MBEDTLS_ERR_NET_SEND_FAILED && code != MBEDTLS_ERR_NET_RECV_FAILED
           && !(MPY_SSL_HAVE_DTLS && (code == MBEDTLS_ERR_SSL_TIMEOUT || code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED))
           && session->stream.object != MP_OBJ_NULL;
}

static void send_alert(mpy_ssl_session_t *session, int code) {
    if (!peer_listens(session, code) || mpy_ssl_session_flush(session) != 0) {
        return;
    }
    // With a message pending, of a step that failed after it was made, Mbed TLS sends that and no alert.
    for (int i = 0; i < 2 && !mpy_ssl_stream_alerted(&session->stream) && session->stream.unsent == 0; ++i) {
        mbedtls_ssl_send_alert_message(&session->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert_for(session, code));
    }
}

// TLS 1.3: a client that refuses the server's certificate has no keys to write with yet, and its alert comes in plain text, which
// Mbed TLS cannot decrypt. It is believed as far as its name goes: the connection is over either way.
static bool is_plain_alert(const mpy_ssl_session_t *session, int code) {
    const mpy_ssl_record_t *rx = &session->stream.rx;
    return code == MBEDTLS_ERR_SSL_INVALID_MAC && session->stream.handshaking && rx->header[0] == MPY_SSL_RECORD_ALERT
           && mpy_ssl_record_length(rx) == 2 && mpy_ssl_session_is_tls1_3(session);
}

// True of a server that cannot answer. Mbed TLS would blame the client's cipher suites.
static bool lacks_key(const mpy_ssl_session_t *session) {
    return mpy_ssl_session_is_server(session) && session->identity == NULL && !mpy_ssl_psk_is_set(&session->psk)
           && !mpy_ssl_sni_is_pending(&session->sni);
}

// What the program should hear for a code that Mbed TLS returned.
static int real_code(const mpy_ssl_session_t *session, int code) {
    if (mpy_ssl_alloc_failures() != session->alloc_failures) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    if (code == MBEDTLS_ERR_NET_SEND_FAILED || code == MBEDTLS_ERR_NET_RECV_FAILED) {
        return session->stream.error;
    }
    if (mpy_ssl_stream_has_datagrams(&session->stream) && code == MBEDTLS_ERR_SSL_TIMEOUT) {
        return MP_ETIMEDOUT;
    }
    if (mpy_ssl_stream_has_datagrams(&session->stream) && code == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE && lacks_key(session)) {
        return MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED;
    }
    // A certificate that fails only the checks beside the chain's (curve, usage) has a code of its own.
    if (code == MBEDTLS_ERR_SSL_BAD_CERTIFICATE && session->failure.verify_flags != 0) {
        return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    }
    return code;
}

static void note_failure(mpy_ssl_session_t *session, int code) {
    if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || code == MBEDTLS_ERR_SSL_BAD_CERTIFICATE) {
        uint32_t flags = mbedtls_ssl_get_verify_result(&session->ssl);
        // verify() has seen all flags of the chain, and may have added EXPIRED for the sake of the alert.
        session->failure.verify_flags |= flags != UINT32_MAX ? flags & ~(uint32_t)MBEDTLS_X509_BADCERT_EXPIRED : 0;
    }
    session->failure.code = real_code(session, code);
    if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        session->failure.peer_alert = mpy_ssl_private_peer_alert(&session->ssl);
    }
}

int mpy_ssl_session_fail(mpy_ssl_session_t *session, int code) {
    mp_obj_t exception = session->stream.exception;
    code = is_plain_alert(session, code) ? MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE : name_overflow(session, code);
    note_failure(session, code);
    mpy_ssl_resume_failed(session, code);
    send_alert(session, code);
    if (session->keep_stream || (MPY_SSL_HAVE_DTLS && code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED)) {
        session->stream.object = MP_OBJ_NULL;
    } else {
        mpy_ssl_stream_close(&session->stream);
    }
    keep_exception(&session->stream, exception);
    release(session);
    return code;
}

// --- Set-up ---------------------------------------------------------------------------------------------------

static int call_verify_callback(mpy_ssl_session_t *session, const mbedtls_x509_crt *certificate, int depth) {
    int ret = MBEDTLS_ERR_X509_FATAL_ERROR;
    nlr_buf_t nlr;
    session->stream.running++;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t der = mp_obj_new_bytes(certificate->raw.p, certificate->raw.len);
        mp_obj_t answer = mp_call_function_2(session->verify_callback, der, MP_OBJ_NEW_SMALL_INT(depth));
        ret = mp_obj_get_int(answer) == 0 ? 0 : MBEDTLS_ERR_X509_FATAL_ERROR;
        nlr_pop();
    } else {
        session->stream.exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    }
    session->stream.running--;
    return ret;
}

// Called for each certificate of the peer's chain, from the CA (greatest depth) to the peer (0).
static int verify(void *ctx, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    mpy_ssl_session_t *session = ctx;
    session->failure.verify_flags |= *flags;
    if (session->ip_address != NULL) {
        return MBEDTLS_ERR_X509_FATAL_ERROR; // not handed to Mbed TLS yet, so not compared: cannot happen
    }
    if (*flags & MBEDTLS_X509_BADCERT_FUTURE) {
        // RFC 5246, 7.2.2: certificate_expired also stands for "not currently valid", Mbed TLS would be vaguer.
        *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    }
    if (session->verify_callback != mp_const_none) {
        return call_verify_callback(session, certificate, depth);
    }
    return 0;
}

static const int *suites(const mpy_ssl_session_t *session) {
    return mpy_ssl_ciphers_ids(session->ciphers, mpy_ssl_psk_is_set(&session->psk));
}

static void set_versions(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    uint16_t minimum = options->minimum_version;
    uint16_t maximum = options->maximum_version;
    mpy_ssl_ciphers_versions(suites(session), &minimum, &maximum);
    mbedtls_ssl_conf_min_tls_version(&session->conf, (mbedtls_ssl_protocol_version)minimum);
    mbedtls_ssl_conf_max_tls_version(&session->conf, (mbedtls_ssl_protocol_version)maximum);
}

// What depends on the name that a client asks for.
static int configure_choice(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    mbedtls_ssl_config *conf = &session->conf;
    int ret = mbedtls_ssl_conf_own_cert(conf, NULL, NULL); // forgets those that were chosen before
    if (ret == 0 && session->identity != NULL) {
        ret = mbedtls_ssl_conf_own_cert(conf, &session->identity->chain, &session->identity->key);
    }
    if (ret == 0 && session->other_identity != NULL) {
        ret = mbedtls_ssl_conf_own_cert(conf, &session->other_identity->chain, &session->other_identity->key);
    }
    mbedtls_ssl_conf_authmode(conf, options->verify_mode);
    return ret;
}

static int configure(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    mbedtls_ssl_config *conf = &session->conf;
    int endpoint = options->server_side ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    int transport = MPY_SSL_HAVE_DTLS && options->datagrams ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM;
    int ret = mbedtls_ssl_config_defaults(conf, endpoint, transport, MBEDTLS_SSL_PRESET_DEFAULT);
    if (ret == 0) {
        ret = configure_choice(session, options);
    }
    set_versions(session, options);
    mbedtls_ssl_conf_ciphersuites(conf, suites(session));
    #if MPY_SSL_GROUPS
    mbedtls_ssl_conf_groups(conf, session->groups != NULL ? session->groups->ids : mpy_ssl_groups_default);
    #endif
    mbedtls_ssl_conf_rng(conf, mpy_ssl_random, NULL);
    #if defined(MBEDTLS_SSL_ALPN)
    if (ret == 0 && session->alpn != NULL && !mpy_ssl_sni_is_pending(&session->sni)) {
        ret = mbedtls_ssl_conf_alpn_protocols(conf, session->alpn->names);
    }
    #endif
    #if MPY_SSL_HAVE_FRAGMENT
    if (ret == 0) {
        ret = mbedtls_ssl_conf_max_frag_len(conf, options->fragment);
    }
    #endif
    mpy_ssl_record_size_limit_configure(session, options);
    mbedtls_ssl_conf_verify(conf, verify, session);
    mpy_ssl_sni_configure(session);
    ret = ret == 0 ? mpy_ssl_psk_configure(session, options) : ret;
    ret = ret == 0 ? mpy_ssl_dtls_configure(session, options) : ret;
    return ret == 0 ? mpy_ssl_resume_configure(session, options) : ret;
}

// Dotted decimal, or anything with a colon, which no host name has.
static bool is_ip_address(const char *name) {
    return strchr(name, ':') != NULL || strspn(name, "0123456789.") == strlen(name);
}

// RFC 6066, 3: SNI must not hold an IP address. Mbed TLS sends whatever it is to verify, so it gets an address only
// after the ClientHello; see after_step().
static int set_hostname(mpy_ssl_session_t *session, const char *name) {
    if (name != NULL && is_ip_address(name)) {
        session->ip_address = mpy_ssl_calloc(1, strlen(name) + 1);
        if (session->ip_address == NULL) {
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        }
        strcpy(session->ip_address, name);
        name = NULL;
    }
    return mbedtls_ssl_set_hostname(&session->ssl, name);
}

static int set_up(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    int ret = mpy_ssl_random_ready();
    if (ret == 0) {
        ret = mpy_ssl_random_psa_ready();
    }
    if (ret == 0) {
        ret = configure(session, options);
    }
    if (ret == 0) {
        ret = mpy_ssl_buffers_setup(&session->buffers, &session->conf);
    }
    if (ret == 0) {
        ret = set_hostname(session, options->server_hostname);
    }
    if (ret == 0) {
        ret = mpy_ssl_resume_offer(session, options);
    }
    if (ret == 0) {
        ret = mpy_ssl_dtls_start(session, options);
    }
    #if MPY_SSL_KEYLOG
    if (ret == 0) {
        mpy_ssl_keylog_start(&session->keylog, &session->ssl, options->keylog, options->keylog_callback);
    }
    #endif
    return ret;
}

static void take_choice(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    session->verify_mode = options->verify_mode;
    session->verify_callback = options->verify_callback;
    session->identity = mpy_ssl_counted_ref(options->identity);
    session->other_identity = mpy_ssl_counted_ref(options->other_identity);
    session->trust = mpy_ssl_counted_ref(options->trust);
    session->alpn = mpy_ssl_counted_ref(options->alpn);
}

#if MPY_SSL_SNI_CALLBACK
int mpy_ssl_session_adopt(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    void *old[] = {session->identity, session->other_identity, session->trust, session->alpn};
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &session->usage);
    take_choice(session, options);
    int ret = configure_choice(session, options);
    mpy_ssl_meter_stop(&meter);
    for (size_t i = 0; i < MP_ARRAY_SIZE(old); ++i) {
        mpy_ssl_counted_unref(old[i]);
    }
    return ret == 0 ? mpy_ssl_resume_adopt(session, options) : ret;
}
#endif

int mpy_ssl_session_open(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    session->open = true;
    session->stream.handshaking = true;
    take_choice(session, options);
    session->psk = *options->psk;
    session->ciphers = mpy_ssl_counted_ref(options->ciphers);
    session->groups = mpy_ssl_counted_ref(options->groups);
    mbedtls_ssl_init(&session->ssl);
    mbedtls_ssl_config_init(&session->conf);
    session->buffers = (mpy_ssl_buffers_t) {.ssl = &session->ssl, .stream = &session->stream, .usage = &session->usage};
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &session->usage);
    int ret = set_up(session, options);
    mpy_ssl_meter_stop(&meter);
    if (ret != 0) {
        release(session);
    }
    return ret;
}

// --- Handshake ------------------------------------------------------------------------------------------------

// Mbed TLS lets a bad certificate pass in VERIFY_OPTIONAL; here it only lets a missing one pass.
static int check_optional(const mpy_ssl_session_t *session) {
    uint32_t flags = mbedtls_ssl_get_verify_result(&session->ssl);
    if (session->verify_mode != MBEDTLS_SSL_VERIFY_OPTIONAL || flags == UINT32_MAX) {
        return 0; // UINT32_MAX: not verified yet
    }
    flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_MISSING | MBEDTLS_X509_BADCERT_SKIP_VERIFY);
    return flags == 0 ? 0 : MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
}

// Not before, because after a HelloRetryRequest there is a second ClientHello.
static bool hello_is_answered(const mpy_ssl_session_t *session) {
    int state = mpy_ssl_private_state(&session->ssl);
    return state != MBEDTLS_SSL_HELLO_REQUEST && state != MBEDTLS_SSL_CLIENT_HELLO && state != MBEDTLS_SSL_SERVER_HELLO
           && state != MBEDTLS_SSL_CLIENT_CCS_BEFORE_2ND_CLIENT_HELLO;
}

static void change_keys(mpy_ssl_session_t *session, int before) {
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    bool finished = before == MBEDTLS_SSL_SERVER_FINISHED && mpy_ssl_private_state(&session->ssl) != before;
    if (finished && mpy_ssl_session_is_server(session) && mpy_ssl_session_is_tls1_3(session)) {
        mpy_ssl_private_write_with_final_keys(&session->ssl);
    }
    #else
    (void)session;
    (void)before;
    #endif
}

// What the server has granted, where Mbed TLS does not tell.
static int look_at_server_hello(mpy_ssl_session_t *session, int before) {
    bool has_come = before == MBEDTLS_SSL_SERVER_HELLO && mpy_ssl_private_state(&session->ssl) != before;
    if (!has_come || mpy_ssl_session_is_server(session) || mpy_ssl_session_is_tls1_3(session)) {
        return 0;
    }
    mpy_ssl_fragment_answered(session);
    return mpy_ssl_record_size_limit_answered(session);
}

static int after_step(mpy_ssl_session_t *session, int before) {
    mpy_ssl_slices_after_step(&session->slices);
    change_keys(session, before);
    if (session->ip_address != NULL && hello_is_answered(session)) {
        int ret = mbedtls_ssl_set_hostname(&session->ssl, session->ip_address);
        mpy_ssl_free(session->ip_address);
        session->ip_address = NULL;
        if (ret != 0) {
            return ret;
        }
    }
    #if MPY_SSL_KEYLOG
    session->stream.running++;
    mp_obj_t exception = mpy_ssl_keylog_write(&session->keylog);
    session->stream.running--;
    if (exception != MP_OBJ_NULL) {
        session->stream.exception = exception;
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    #endif
    int ret = check_optional(session);
    ret = ret == 0 ? look_at_server_hello(session, before) : ret;
    ret = ret == 0 ? mpy_ssl_psk_step(session, before) : ret;
    return ret == 0 ? mpy_ssl_resume_step(session, before) : ret;
}

// CertificateRequest names them, and a peer's certificate is verified in the step that reads it, or right before the next.
static bool needs_cas(const mpy_ssl_session_t *session) {
    int state = mpy_ssl_private_state(&session->ssl);
    return mpy_ssl_session_is_server(session) ? state == MBEDTLS_SSL_CERTIFICATE_REQUEST || state == MBEDTLS_SSL_CLIENT_CERTIFICATE
                                              : state == MBEDTLS_SSL_SERVER_CERTIFICATE;
}

static int before_step(mpy_ssl_session_t *session) {
    int ret = mpy_ssl_slices_before_step(session);
    ret = ret == 0 ? mpy_ssl_messages_go_on(&session->buffers) : ret;
    if (ret == 0 && session->trust != NULL && session->cas == NULL && needs_cas(session)) {
        ret = mpy_ssl_trust_take_out(session->trust, &session->cas);
        mbedtls_ssl_conf_ca_chain(&session->conf, session->cas, NULL);
    }
    return ret;
}

// No memory for a record: the program hears it, the connection is as it was, and the next call tries again.
static int lack_memory(mpy_ssl_session_t *session, int want) {
    session->alloc_failures = mpy_ssl_alloc_failures();
    session->stream.error = MP_ENOMEM;
    return want;
}

// What Mbed TLS keeps of a certificate is larger than its DER. A client that has resumed a session shares the one of that.
static void keep_peer_certificate(mpy_ssl_session_t *session) {
    #if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    mbedtls_ssl_session *made = mpy_ssl_private_session(&session->ssl);
    mbedtls_x509_crt *peer = mpy_ssl_private_session_certificate(made);
    const mpy_ssl_resume_t *resume = &session->resume;
    mpy_ssl_certificate_keep_der(peer);
    if (peer != NULL) {
        session->peer = mpy_ssl_der_new(peer->raw.p, (uint16_t)peer->raw.len); // no message of a handshake has more
    } else if (resume->reused && resume->saved != NULL) {
        session->peer = mpy_ssl_counted_ref(resume->saved->peer);
    }
    if (peer != NULL && session->peer != NULL) {
        mbedtls_x509_crt_free(peer);
        mbedtls_free(peer);
        mpy_ssl_private_session_set_certificate(made, NULL);
    }
    session->alloc_failures = mpy_ssl_alloc_failures();
    #else
    (void)session;
    #endif
}

const uint8_t *mpy_ssl_session_peer_certificate(const mpy_ssl_session_t *session, size_t *len) {
    const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&session->ssl);
    *len = session->peer != NULL ? session->peer->len : peer != NULL ? peer->raw.len : 0;
    return session->peer != NULL ? session->peer->bytes : peer != NULL ? peer->raw.p : NULL;
}

static void handshake_done(mpy_ssl_session_t *session) {
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (!mpy_ssl_stream_has_datagrams(&session->stream)) { // where it keeps the last flight, and is not of 1.3
        mpy_ssl_private_free_handshake(&session->ssl);
    }
    #endif
    session->stream.handshaking = false;
    session->stream.timed = false;
    session->stream.idle = 0;
    mpy_ssl_fragment_done(session);
    mpy_ssl_record_size_limit_done(session);
    mpy_ssl_buffers_settle(&session->buffers, true);
    keep_peer_certificate(session);
    put_cas_away(session);
    if (!mpy_ssl_session_is_tls1_3(session)) {
        mbedtls_ssl_set_hostname(&session->ssl, NULL); // tickets of 1.3 are still to come
    }
}

static int handshake_steps(mpy_ssl_session_t *session) {
    // MicroPython's servers over datagrams may wait without a key, until a client comes.
    int ret = lacks_key(session) && !mpy_ssl_stream_has_datagrams(&session->stream) ? MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED : 0;
    // Mbed TLS calls a handshake over before a server has sent its ticket.
    while (ret == 0 && mpy_ssl_private_state(&session->ssl) != MBEDTLS_SSL_HANDSHAKE_OVER) {
        ret = before_step(session);
        if (ret != 0) {
            break;
        }
        ret = mpy_ssl_buffers_before_step(&session->buffers);
        if (ret == MBEDTLS_ERR_SSL_ALLOC_FAILED) {
            return lack_memory(session, MBEDTLS_ERR_SSL_WANT_WRITE);
        }
        int before = mpy_ssl_private_state(&session->ssl);
        if (ret == 0) {
            mpy_ssl_reserve(true);
            ret = mbedtls_ssl_handshake_step(&session->ssl);
            mpy_ssl_reserve(false);
        }
        if (ret == 0) {
            ret = after_step(session, before);
        }
        if ((ret == 0 || is_want(ret)) && mpy_ssl_alloc_failures() != session->alloc_failures) {
            ret = MBEDTLS_ERR_SSL_ALLOC_FAILED; // Mbed TLS ignores some, and the hash in Finished is wrong then
        }
    }
    if (ret == 0) {
        handshake_done(session);
    }
    return ret;
}

// Mbed TLS may want to be called again for reasons of its own; the stream has to be waited for only if it says so.
static bool again(mpy_ssl_session_t *session, int ret) {
    const mpy_ssl_stream_t *stream = &session->stream;
    if (!is_want(ret) || session->slices.paused || stream->would_block || stream->exception != MP_OBJ_NULL || stream->error != 0) {
        return false;
    }
    if (mpy_ssl_buffers_make_room(&session->buffers) != 0) {
        lack_memory(session, ret);
        return false;
    }
    return true;
}

static void begin(mpy_ssl_session_t *session) {
    session->alloc_failures = mpy_ssl_alloc_failures();
    session->stream.error = 0;
    session->stream.would_block = false;
    mpy_ssl_slices_begin(&session->slices);
}

// A peer that refuses us may be gone before we have said everything: its alert, which tells why, is still to be read.
static int hear_last_words(mpy_ssl_session_t *session) {
    int error = session->stream.error;
    if (mpy_ssl_stream_has_datagrams(&session->stream)) {
        return MBEDTLS_ERR_NET_SEND_FAILED;
    }
    session->stream.mute = true;
    session->stream.error = 0;
    int ret;
    do {
        ret = session->stream.handshaking ? handshake_steps(session) : mpy_ssl_after_handshake_read(session, NULL, 0);
    } while (again(session, ret));
    if (ret != MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && !is_plain_alert(session, ret)) {
        session->stream.error = error;
        ret = MBEDTLS_ERR_NET_SEND_FAILED;
    }
    return ret;
}

int mpy_ssl_session_handshake(mpy_ssl_session_t *session) {
    int ret = 0;
    begin(session);
    if (session->stream.handshaking) {
        mpy_ssl_meter_t meter;
        mpy_ssl_meter_start(&meter, &session->usage);
        do {
            ret = handshake_steps(session);
        } while (again(session, ret));
        if (ret == MBEDTLS_ERR_NET_SEND_FAILED) {
            ret = hear_last_words(session);
        }
        mpy_ssl_meter_stop(&meter);
        if (ret == 0) {
            mpy_ssl_resume_complete(session);
        }
    }
    if (ret != 0 && !is_want(ret)) {
        ret = mpy_ssl_session_fail(session, ret);
    }
    return ret;
}

// --- Data -----------------------------------------------------------------------------------------------------

int mpy_ssl_session_flush(mpy_ssl_session_t *session) {
    int ret = 0;
    if (session->stream.unsent > 0) {
        // With output pending this sends that and no alert. mbedtls_ssl_write() would go on with a handshake as well.
        ret = mbedtls_ssl_send_alert_message(&session->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY);
        if (ret == 0 && !session->stream.handshaking) {
            mpy_ssl_buffers_settle(&session->buffers, false);
        }
    }
    return ret;
}

static int read_record(mpy_ssl_session_t *session, void *buf, size_t len) {
    int ret = mpy_ssl_session_flush(session);
    if (session->stream.exception != MP_OBJ_NULL || (ret != 0 && ret != MBEDTLS_ERR_SSL_WANT_WRITE)) {
        return ret;
    }
    ret = mpy_ssl_after_handshake_read(session, buf, len);
    if (ret > 0) {
        session->stream.idle = 0;
        mpy_ssl_buffers_settle(&session->buffers, false);
    } else if (ret == 0) {
        // Mbed TLS says so when the stream ends without close_notify, and also after two empty records.
        ret = session->stream.eof ? MBEDTLS_ERR_SSL_CONN_EOF : MBEDTLS_ERR_SSL_WANT_READ;
    }
    return ret;
}

int mpy_ssl_session_read(mpy_ssl_session_t *session, void *buf, size_t len) {
    if (session->peer_closed) {
        return 0;
    }
    int ret = mpy_ssl_session_handshake(session);
    if (ret != 0) {
        return ret;
    }
    do {
        ret = read_record(session, buf, len);
    } while (again(session, ret));
    if (is_want(ret) && mpy_ssl_stream_has_datagrams(&session->stream)) {
        mpy_ssl_buffers_settle(&session->buffers, true); // there was none to read
    }
    if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        mpy_ssl_buffers_settle(&session->buffers, true);
        session->peer_closed = true;
        return 0;
    }
    return ret > 0 || is_want(ret) ? ret : mpy_ssl_session_fail(session, ret);
}

// FNV-1a: tells honest repetition from other data, and keeps no secret.
static uint32_t hash(const uint8_t *data, size_t len) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; ++i) {
        h = (h ^ data[i]) * 16777619u;
    }
    return h;
}

static int write_record(mpy_ssl_session_t *session, const void *buf, size_t len) {
    int ret = mpy_ssl_session_flush(session); // with output pending Mbed TLS would send that and not our data
    if (ret == 0) {
        ret = mpy_ssl_after_handshake_write(session);
    }
    if (ret != 0) {
        return ret;
    }
    if (mpy_ssl_stream_has_datagrams(&session->stream) && len > (size_t)mbedtls_ssl_get_max_out_record_payload(&session->ssl)) {
        session->stream.error = EMSGSIZE; // Mbed TLS would end the connection
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    ret = mpy_ssl_buffers_before_write(&session->buffers, len);
    if (ret != 0) {
        return ret == MBEDTLS_ERR_SSL_ALLOC_FAILED ? lack_memory(session, MBEDTLS_ERR_SSL_WANT_WRITE) : ret;
    }
    session->stream.tx.data = true;
    ret = mbedtls_ssl_write(&session->ssl, buf, len);
    if (ret < 0 || (size_t)ret == len) { // else the rest follows at once
        mpy_ssl_buffers_settle(&session->buffers, false);
    }
    session->stream.tx.data = session->stream.unsent > 0;
    if (ret == MBEDTLS_ERR_SSL_WANT_WRITE && session->stream.unsent > 0) {
        int limit = mbedtls_ssl_get_max_out_record_payload(&session->ssl);
        session->unfinished = MIN(len, (size_t)limit);
        session->unfinished_hash = hash(buf, session->unfinished);
    }
    return ret;
}

static int finish_write(mpy_ssl_session_t *session, const void *buf, size_t len) {
    if (len < session->unfinished || hash(buf, session->unfinished) != session->unfinished_hash) {
        return MPY_SSL_ERR_OTHER_DATA;
    }
    int ret = mpy_ssl_session_flush(session);
    session->stream.tx.data = session->stream.unsent > 0;
    if (ret == 0) {
        ret = (int)session->unfinished;
        session->unfinished = 0;
    }
    return ret;
}

int mpy_ssl_session_write(mpy_ssl_session_t *session, const void *buf, size_t len) {
    int ret = mpy_ssl_session_handshake(session);
    if (ret != 0) {
        return ret;
    }
    do {
        ret = session->unfinished > 0 ? finish_write(session, buf, len) : write_record(session, buf, len);
    } while (again(session, ret));
    if (ret == MBEDTLS_ERR_NET_SEND_FAILED) {
        ret = hear_last_words(session);
    }
    return ret >= 0 || is_want(ret) || ret == MPY_SSL_ERR_OTHER_DATA ? ret : mpy_ssl_session_fail(session, ret);
}

// --- End ------------------------------------------------------------------------------------------------------

static int say_goodbye(mpy_ssl_session_t *session) {
    int ret = mpy_ssl_session_flush(session);
    if (ret == 0 && !session->said_goodbye) {
        ret = mbedtls_ssl_close_notify(&session->ssl);
        session->said_goodbye = ret == 0 || session->stream.unsent > 0;
    }
    return ret;
}

int mpy_ssl_session_shutdown(mpy_ssl_session_t *session) {
    int ret;
    begin(session);
    do {
        ret = say_goodbye(session);
    } while (again(session, ret));
    return ret == 0 || is_want(ret) ? ret : mpy_ssl_session_fail(session, ret);
}

int mpy_ssl_session_unwrap(mpy_ssl_session_t *session) {
    unsigned char dropped[64];
    int ret = mpy_ssl_session_shutdown(session);
    while (ret == 0 && !session->peer_closed) {
        ret = mpy_ssl_session_read(session, dropped, sizeof(dropped));
        session->dropped += ret > 0 ? (size_t)ret : 0;
        if (ret > 0) {
            ret = session->dropped < DROP_LIMIT ? 0 : mpy_ssl_session_fail(session, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE);
        }
    }
    return ret;
}

mp_obj_t mpy_ssl_session_detach(mpy_ssl_session_t *session) {
    mp_obj_t stream = session->stream.object;
    session->stream.object = MP_OBJ_NULL;
    release(session);
    return stream;
}

bool mpy_ssl_session_has_input(const mpy_ssl_session_t *session) {
    return session->peer_closed || mbedtls_ssl_check_pending(&session->ssl) != 0;
}
