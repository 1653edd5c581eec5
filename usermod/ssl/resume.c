// SPDX-License-Identifier: MIT
#include <string.h>

#include "binding.h"
#include "clock.h"
#include "hello.h"
#include "memory.h"
#include "private.h"
#include "resume.h"
#include "session.h"
#include "session_cache.h"
#include "tls13_secrets.h"

#if defined(MBEDTLS_SSL_SESSION_TICKETS)

// A binding says nothing of these, and hello.c does not read hellos of DTLS.
static bool is_barred(const mpy_ssl_session_t *session) {
    return mpy_ssl_stream_has_datagrams(&session->stream) || mpy_ssl_psk_is_set(&session->psk);
}

// RFC 7627, 5.3: an abbreviated handshake without the extension is aborted.
static int refuse(mpy_ssl_session_t *session) {
    session->alert = MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
    return MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
}

// --- Client ---------------------------------------------------------------------------------------------------

static bool is_enabled(const mpy_ssl_session_t *session, int suite) {
    for (const int *id = mpy_ssl_ciphers_ids(session->ciphers, false); *id != 0; ++id) {
        if (*id == suite) {
            return true;
        }
    }
    return false;
}

static int offer(mpy_ssl_session_t *session, const mpy_ssl_saved_t *saved) {
    mbedtls_ssl_session old;
    size_t failures = mpy_ssl_alloc_failures();
    mbedtls_ssl_session_init(&old);
    int ret = mpy_ssl_saved_load(saved, &old);
    if (ret != 0 || !is_enabled(session, mbedtls_ssl_session_get_ciphersuite_id(&old))) {
        ret = 0; // of another firmware, or for other suites: a full handshake
    } else {
        mpy_ssl_private_forget_record_size_limit(&old);
        ret = mbedtls_ssl_set_session(&session->ssl, &old);
    }
    mbedtls_ssl_session_free(&old);
    return mpy_ssl_alloc_failures() == failures ? ret : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

int mpy_ssl_resume_offer(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    mpy_ssl_resume_t *self = &session->resume;
    const char *name = options->server_hostname;
    if (options->server_side) {
        return 0;
    }
    self->cached = options->session_cache && name != NULL;
    int ret = mpy_ssl_binding_name(self->settings, name, name != NULL ? strlen(name) : 0, self->binding);
    if (ret == 0 && options->saved != NULL) {
        self->saved = mpy_ssl_counted_ref(options->saved);
    } else if (ret == 0 && self->cached) {
        self->saved = mpy_ssl_session_cache_find(self->binding);
    }
    if (ret == 0 && self->saved != NULL && mpy_ssl_saved_is_fresh(self->saved)) {
        ret = offer(session, self->saved);
    }
    return ret;
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
// RFC 8446, 4.1.3: the server says in its random that it knows TLS 1.3. A client that has offered it is told by Mbed TLS to give up.
static bool is_outdated(const mpy_ssl_session_t *session, const uint8_t *hello, size_t len) {
    static const uint8_t sentinel[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 1};
    const size_t end = MPY_SSL_MESSAGE_HEADER + 2 + 32; // version, random
    return mpy_ssl_private_maximum_version(&session->conf) > MBEDTLS_SSL_VERSION_TLS1_2 && len >= end
           && memcmp(hello + end - sizeof(sentinel), sentinel, sizeof(sentinel)) == 0;
}
#else
#define is_outdated(session, hello, len) (false)
#endif

static int after_server_hello(mpy_ssl_session_t *session) {
    mpy_ssl_resume_t *self = &session->resume;
    mpy_ssl_span_t body;
    size_t len;
    const uint8_t *hello = mpy_ssl_private_message(&session->ssl, &len);
    self->extended = mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_EXTENDED_MASTER_SECRET, &body);
    self->reused = mpy_ssl_private_state(&session->ssl) == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC; // no certificate follows
    if (!self->reused) {
        self->outdated = is_outdated(session, hello, len);
        mpy_ssl_private_forget_ticket(&session->ssl);
        return 0;
    }
    return self->extended ? 0 : refuse(session);
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
// With the key of a ticket no certificate is sent. What was offered has served.
static void after_encrypted_extensions(mpy_ssl_session_t *session) {
    session->resume.reused = mpy_ssl_private_state(&session->ssl) == MBEDTLS_SSL_SERVER_FINISHED;
    mpy_ssl_private_forget_ticket(&session->ssl);
}
#else
#define after_encrypted_extensions(session)
#endif

static int client_step(mpy_ssl_session_t *session, int before) {
    int state = mpy_ssl_private_state(&session->ssl);
    if (mpy_ssl_session_is_tls1_3(session)) {
        if (before == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS && state != before) {
            after_encrypted_extensions(session);
        }
        return 0;
    }
    if (before == MBEDTLS_SSL_SERVER_HELLO && state != before) {
        return after_server_hello(session);
    }
    // Mbed TLS waits for a ticket in the state of the message after it.
    if ((before == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC || before == MBEDTLS_SSL_NEW_SESSION_TICKET)
        && state == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC) {
        session->resume.ticket_came = true;
    }
    return 0;
}

static bool can_be_resumed(const mbedtls_ssl_session *session) {
    return mpy_ssl_private_ticket_len(session) > 0 || mbedtls_ssl_session_get_id_len(session) > 0;
}

// Nothing of a connection that had no memory to keep the peer's certificate apart: what resumes the session would have none to show.
static mpy_ssl_saved_t *make_saved(mpy_ssl_session_t *session, mbedtls_ssl_session *made) {
    mpy_ssl_resume_t *self = &session->resume;
    mpy_ssl_saved_t *saved = NULL;
    if (mpy_ssl_private_session_certificate(made) == NULL) {
        saved = mpy_ssl_saved_new(made, session->peer, self->binding);
    }
    session->alloc_failures = mpy_ssl_alloc_failures(); // not being able to keep it is no failure
    if (saved != NULL) {
        saved->issued = self->since;
        saved->storable = !self->local;
    }
    return saved;
}

// What the handshake has negotiated, or NULL.
static mpy_ssl_saved_t *save(mpy_ssl_session_t *session) {
    mbedtls_ssl_session *made = mpy_ssl_private_session(&session->ssl);
    if (mpy_ssl_session_is_tls1_3(session) || !session->resume.extended || !can_be_resumed(made)) {
        return NULL;
    }
    return make_saved(session, made);
}

mpy_ssl_saved_t *mpy_ssl_resume_saved(mpy_ssl_session_t *session) {
    mpy_ssl_resume_t *self = &session->resume;
    if (session->stream.handshaking || !session->open || mpy_ssl_session_is_server(session) || is_barred(session)) {
        return NULL;
    }
    if (self->saved == NULL) {
        self->saved = save(session);
    }
    return self->saved;
}

void mpy_ssl_resume_complete(mpy_ssl_session_t *session) {
    mpy_ssl_resume_t *self = &session->resume;
    if (mpy_ssl_session_is_server(session)) {
        return;
    }
    self->since = mpy_ssl_time(NULL);
    if (!self->reused || self->ticket_came) {
        mpy_ssl_counted_unref(self->saved);
        // A newer version gets its chance with the next connection.
        self->saved = self->cached && (self->reused || !self->outdated) ? save(session) : NULL;
    }
    if (self->cached && self->saved != NULL) {
        mpy_ssl_session_cache_store(self->saved);
    } else if (self->cached) {
        mpy_ssl_session_cache_forget(self->binding);
    }
}

int mpy_ssl_resume_ticket(mpy_ssl_session_t *session, const mpy_ssl_new_ticket_t *ticket) {
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mpy_ssl_resume_t *self = &session->resume;
    mbedtls_ssl_session *made = mpy_ssl_private_session(&session->ssl);
    int ret = mpy_ssl_tls13_ticket_key(&session->ssl, ticket->nonce);
    if (ret != 0 || ticket->lifetime == 0) {
        return ret;
    }
    mpy_ssl_private_set_ticket(made, ticket->ticket.data, ticket->ticket.len, ticket->lifetime, ticket->age_add);
    self->since = mpy_ssl_time(NULL);
    mpy_ssl_saved_t *saved = make_saved(session, made);
    mpy_ssl_private_set_ticket(made, NULL, 0, 0, 0);
    if (saved != NULL) {
        mpy_ssl_counted_unref(self->saved);
        self->saved = saved;
    }
    if (saved != NULL && self->cached) {
        mpy_ssl_session_cache_store(saved);
    }
    #else
    (void)session;
    (void)ticket;
    #endif
    return 0;
}

// --- Server ---------------------------------------------------------------------------------------------------

int mpy_ssl_resume_hello(mpy_ssl_session_t *session) {
    mpy_ssl_resume_t *self = &session->resume;
    int ret = mpy_ssl_sni_hello(session);
    if (ret != 0 || self->hello_seen) {
        return ret;
    }
    mpy_ssl_span_t body;
    size_t len;
    const uint8_t *hello = mpy_ssl_private_message(&session->ssl, &len);
    mpy_ssl_span_t name = mpy_ssl_hello_server_name(hello, len);
    self->hello_seen = true;
    self->extended = mpy_ssl_hello_extension(hello, len, MPY_SSL_EXTENSION_EXTENDED_MASTER_SECRET, &body);
    #if MPY_SSL_HAVE_FRAGMENT
    self->fragment = mpy_ssl_fragment_asked(hello, len);
    #endif
    return mpy_ssl_binding_name(self->settings, name.data, name.len, self->binding);
}

// A session has one length of records for all its connections (RFC 6066, 4), and Mbed TLS would grant it unasked.
static bool has_length(const mpy_ssl_resume_t *self, const mbedtls_ssl_session *old) {
    #if MPY_SSL_HAVE_FRAGMENT
    return mpy_ssl_private_session_fragment(old) == self->fragment;
    #else
    (void)self;
    (void)old;
    return true;
    #endif
}

// RFC 7627, 5.3. Mbed TLS takes an error of these callbacks for "no such session", so it is remembered for after the step.
static int found(mpy_ssl_session_t *session, mbedtls_ssl_session *old, int ret) {
    mpy_ssl_resume_t *self = &session->resume;
    if (ret == 0 && !mpy_ssl_session_is_tls1_3(session) && !has_length(self, old)) {
        mbedtls_ssl_session_free(old);
        ret = MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    if (ret == 0 && !self->extended && !mpy_ssl_session_is_tls1_3(session)) {
        self->without_extension = true;
        ret = MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE;
    }
    return ret;
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
static void drop_certificate(mpy_ssl_resume_t *self) {
    if (self->certificate != NULL) {
        mbedtls_x509_crt_free(self->certificate);
        mpy_ssl_free(self->certificate);
    }
    self->certificate = NULL;
}

// Mbed TLS takes no certificate over.
static void take_certificate(mpy_ssl_resume_t *self, mbedtls_ssl_session *old) {
    drop_certificate(self);
    self->certificate = mpy_ssl_private_session_certificate(old);
    mpy_ssl_private_session_set_certificate(old, NULL);
}
#else
#define drop_certificate(self)
#define take_certificate(self, old)
#endif

// If the suite of a ticket is not to be had, Mbed TLS ends a handshake of TLS 1.3; in one of 1.2 it goes on with whatever suite it likes
// best, which no client understands.
static bool is_acceptable(const mpy_ssl_session_t *session, const mbedtls_ssl_session *old) {
    size_t len;
    const uint8_t *hello = mpy_ssl_private_message(&session->ssl, &len);
    int suite = mbedtls_ssl_session_get_ciphersuite_id(old);
    return mpy_ssl_private_session_version(old) == mbedtls_ssl_get_version_number(&session->ssl) && is_enabled(session, suite)
           && mpy_ssl_hello_offers_suite(hello, len, suite);
}

static void take_over(mpy_ssl_session_t *session, mbedtls_ssl_session *old) {
    mpy_ssl_resume_t *self = &session->resume;
    if (mpy_ssl_session_is_tls1_3(session)) {
        take_certificate(self, old);
    } else {
        self->suites[0] = mbedtls_ssl_session_get_ciphersuite_id(old);
        mbedtls_ssl_conf_ciphersuites(&session->conf, self->suites);
    }
}

static int parse_ticket(void *ctx, mbedtls_ssl_session *old, unsigned char *ticket, size_t len) {
    mpy_ssl_session_t *session = ctx;
    mpy_ssl_resume_t *self = &session->resume;
    int ret = mpy_ssl_resume_hello(session);
    if (ret == 0) {
        ret = mpy_ssl_ticket_parse(self->tickets, self->binding, ticket, len, old);
    }
    if (ret == 0 && !is_acceptable(session, old)) {
        mbedtls_ssl_session_free(old);
        ret = MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    ret = found(session, old, ret);
    if (ret == 0) {
        take_over(session, old);
    }
    return ret;
}

static int write_ticket(void *ctx, const mbedtls_ssl_session *made, unsigned char *start, const unsigned char *end, size_t *len,
    uint32_t *lifetime) {
    mpy_ssl_session_t *session = ctx;
    mpy_ssl_resume_t *self = &session->resume;
    *lifetime = MPY_SSL_TICKET_LIFETIME;
    if (!self->extended && !mpy_ssl_session_is_tls1_3(session)) {
        return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE; // the ticket will be empty
    }
    return mpy_ssl_ticket_write(self->tickets, self->binding, made, start, (size_t)(end - start), len);
}

static int find_by_id(void *ctx, unsigned char const *id, size_t len, mbedtls_ssl_session *old) {
    mpy_ssl_session_t *session = ctx;
    mpy_ssl_resume_t *self = &session->resume;
    if (len != MPY_SSL_BINDING || mpy_ssl_resume_hello(session) != 0) {
        return MBEDTLS_ERR_SSL_CACHE_ENTRY_NOT_FOUND;
    }
    mpy_ssl_saved_t *saved = mpy_ssl_slots_find(self->tickets->slots, MPY_SSL_SERVER_SESSIONS, id);
    int ret = MBEDTLS_ERR_SSL_CACHE_ENTRY_NOT_FOUND;
    if (mpy_ssl_saved_is_bound(saved, self->binding)) {
        ret = mpy_ssl_saved_load(saved, old);
    }
    mpy_ssl_counted_unref(saved);
    return found(session, old, ret);
}

static int keep_by_id(void *ctx, unsigned char const *id, size_t len, const mbedtls_ssl_session *made) {
    mpy_ssl_session_t *session = ctx;
    mpy_ssl_resume_t *self = &session->resume;
    mpy_ssl_usage_t context = {0}; // whose it is, and not the connection's
    mpy_ssl_meter_t meter;
    mpy_ssl_meter_start(&meter, &context);
    mpy_ssl_saved_t *saved = self->extended && len == MPY_SSL_BINDING ? mpy_ssl_saved_new(made, NULL, self->binding) : NULL;
    mpy_ssl_meter_stop(&meter);
    session->alloc_failures = mpy_ssl_alloc_failures();
    if (saved != NULL) {
        mpy_ssl_slots_store(self->tickets->slots, MPY_SSL_SERVER_SESSIONS, id, saved);
        mpy_ssl_counted_unref(saved);
    }
    return 0;
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
// A client's certificate is in its ticket, and Mbed TLS gives up a connection whose ticket is too long.
static bool ticket_fits(const mpy_ssl_session_t *session) {
    const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&session->ssl);
    return peer == NULL || peer->raw.len <= MPY_SSL_TICKET_CERTIFICATE;
}

static void server_step_1_3(mpy_ssl_session_t *session, int before) {
    mpy_ssl_resume_t *self = &session->resume;
    int state = mpy_ssl_private_state(&session->ssl);
    if (before == MBEDTLS_SSL_CLIENT_HELLO && state == MBEDTLS_SSL_HELLO_RETRY_REQUEST) {
        self->hello_seen = false; // another one comes
    } else if (before == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS && state == MBEDTLS_SSL_SERVER_FINISHED) {
        self->reused = true;
        mpy_ssl_private_set_peer_certificate(&session->ssl, self->certificate);
        self->certificate = NULL;
    } else if (state == MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET && state != before && !ticket_fits(session)) {
        mbedtls_ssl_conf_new_session_tickets(&session->conf, 0);
    }
}
#else
#define server_step_1_3(session, before) ((void)(before))
#endif

static int server_step(mpy_ssl_session_t *session, int before) {
    int state = mpy_ssl_private_state(&session->ssl);
    if (mpy_ssl_session_is_tls1_3(session)) {
        server_step_1_3(session, before);
        return 0;
    }
    if (session->resume.without_extension) {
        return refuse(session);
    }
    if (before == MBEDTLS_SSL_SERVER_HELLO && state == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC) {
        session->resume.reused = true;
    }
    return 0;
}

// Mbed TLS has read the whole ClientHello, and begins to answer.
static int hello_is_read(mbedtls_ssl_context *ssl) {
    return mpy_ssl_resume_hello(mpy_ssl_session_of(ssl));
}

// --- Both -----------------------------------------------------------------------------------------------------

static void configure_1_3(mbedtls_ssl_config *conf, bool tickets) {
    #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    int resumption = tickets ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL : 0;
    mbedtls_ssl_conf_tls13_key_exchange_modes(conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL | resumption);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(conf, tickets); // stops mbedtls_ssl_read(), see after_handshake.c
    mbedtls_ssl_conf_new_session_tickets(conf, tickets ? 1 : 0);
    #else
    (void)conf;
    (void)tickets;
    #endif
}

int mpy_ssl_resume_configure(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    mpy_ssl_resume_t *self = &session->resume;
    self->local = options->verify_serial != 0;
    mbedtls_ssl_conf_session_tickets(&session->conf, options->tickets_allowed);
    configure_1_3(&session->conf, options->tickets_allowed);
    if (options->server_side && options->tickets != NULL) {
        self->tickets = mpy_ssl_counted_ref(options->tickets);
        mbedtls_ssl_conf_cert_cb(&session->conf, hello_is_read);
        if (options->tickets_allowed) {
            mbedtls_ssl_conf_session_tickets_cb(&session->conf, write_ticket, parse_ticket, session);
        }
        if (options->session_cache) {
            mbedtls_ssl_conf_session_cache(&session->conf, session, find_by_id, keep_by_id);
        }
    }
    return mpy_ssl_binding_settings(options, self->settings);
}

int mpy_ssl_resume_adopt(mpy_ssl_session_t *session, const mpy_ssl_options_t *options) {
    mpy_ssl_resume_t *self = &session->resume;
    mpy_ssl_tickets_t *old = self->tickets;
    self->tickets = mpy_ssl_counted_ref(options->tickets);
    mpy_ssl_counted_unref(old);
    self->local = options->verify_serial != 0;
    return mpy_ssl_binding_settings(options, self->settings);
}

int mpy_ssl_resume_step(mpy_ssl_session_t *session, int before) {
    return mpy_ssl_session_is_server(session) ? server_step(session, before) : client_step(session, before);
}

static bool is_of_the_connection(int code) {
    return code == MBEDTLS_ERR_SSL_CONN_EOF || code == MBEDTLS_ERR_SSL_ALLOC_FAILED || code > MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

void mpy_ssl_resume_failed(mpy_ssl_session_t *session, int code) {
    mpy_ssl_resume_t *self = &session->resume;
    bool suspect = session->stream.handshaking || !is_of_the_connection(code);
    if (self->saved != NULL && suspect) {
        if (self->cached) {
            mpy_ssl_session_cache_forget(self->binding);
        }
        mpy_ssl_counted_unref(self->saved);
        self->saved = NULL;
    }
}

void mpy_ssl_resume_release(mpy_ssl_session_t *session) {
    mpy_ssl_counted_unref(session->resume.tickets);
    session->resume.tickets = NULL;
    mpy_ssl_counted_unref(session->resume.saved);
    session->resume.saved = NULL;
    drop_certificate(&session->resume);
}

#endif
