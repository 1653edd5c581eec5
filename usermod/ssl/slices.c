// SPDX-License-Identifier: MIT
#include "slices.h"

#include "mbedtls/pk.h"
#include "mbedtls/platform.h"
#include "mbedtls/x509_crt.h"

#include "memory.h"
#include "private.h"
#include "session.h"

#if MPY_SSL_SLICES

#if !defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
#error "A chain that is verified later has to be kept: MBEDTLS_SSL_KEEP_PEER_CERTIFICATE, or MPY_SSL_SLICES=0"
#endif

#define ANSWERS 12 // beyond them signatures are computed whatever it takes

typedef int verify_callback(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);

// A signature's place in memory and the key stand for the question: chain and trusted certificates stay where they are.
typedef struct {
    const mbedtls_pk_context *key;
    const unsigned char *signature;
    int result;
} answer;

typedef struct mpy_ssl_verification {
    mbedtls_x509_crt *chain, *trusted; // what Mbed TLS asked for
    mbedtls_x509_crl *revoked;
    const mbedtls_x509_crt_profile *profile;
    const char *name;
    uint32_t *flags;
    verify_callback *callback;
    mpy_ssl_slices_t *slices;
    const void *thread;
    bool incomplete;                   // an answer is missing in this run
    bool last;                         // the run that counts: whatever is missing still is computed
    int count;
    answer answers[ANSWERS];
} verification;

// The one that is running. One is enough: if another thread has one, this thread's is computed as a whole.
static verification *running;

void mpy_ssl_slices_begin(mpy_ssl_slices_t *slices) {
    slices->spent = 0;
    slices->paused = false;
}

void mpy_ssl_slices_free(mpy_ssl_slices_t *slices) {
    mbedtls_free(slices->verification);
    slices->verification = NULL;
}

// --- Costs ----------------------------------------------------------------------------------------------------

enum {
    COST_P256 = 15, COST_P384 = 46, COST_P521 = 400, // verification
    COST_SIGN = 20,                                  // with an EC key
    COST_EXCHANGE_P256 = 17, COST_EXCHANGE = 55,     // key and ECDH; the second with P-384
    COST_ECDH = 40,
    COST_RSA_PRIVATE = 400,
};

static unsigned cost_of_verifying(const mbedtls_pk_context *key) {
    size_t bits = mbedtls_pk_get_bitlen(key);
    if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA) {
        return (unsigned)(bits * bits >> 18); // 64 for 4096 bits
    }
    return bits <= 256 ? COST_P256 : bits <= 384 ? COST_P384 : COST_P521;
}

static unsigned cost_of_peer(const mpy_ssl_session_t *session) {
    const mbedtls_x509_crt *peer = mpy_ssl_private_negotiated_peer(&session->ssl);
    return peer ? cost_of_verifying(&peer->pk) : 0;
}

static unsigned cost_of_own(const mpy_ssl_session_t *session) {
    if (!session->identity) {
        return 0;
    }
    return mbedtls_pk_get_type(&session->identity->key) == MBEDTLS_PK_RSA ? COST_RSA_PRIVATE : COST_SIGN;
}

// ServerKeyExchange names the group (RFC 8422, 5.4): curve_type 3, named_curve.
static unsigned cost_of_exchange(const mpy_ssl_session_t *session) {
    size_t len;
    const uint8_t *message = mpy_ssl_private_message(&session->ssl, &len);
    const uint8_t *curve = message + MPY_SSL_MESSAGE_HEADER; // type, name (2)
    bool is_cheap = len >= MPY_SSL_MESSAGE_HEADER + 3 && message[0] == MBEDTLS_SSL_HS_SERVER_KEY_EXCHANGE
        && curve[0] == MBEDTLS_ECP_TLS_NAMED_CURVE && curve[1] == 0
        && (curve[2] == MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1 || curve[2] == MBEDTLS_SSL_IANA_TLS_GROUP_X25519);
    return is_cheap ? COST_EXCHANGE_P256 : COST_EXCHANGE;
}

// What the next step will cost, about.
static unsigned cost_of_step(mpy_ssl_session_t *session) {
    bool server = mpy_ssl_session_is_server(session);
    bool tls1_3 = mpy_ssl_session_is_tls1_3(session);
    switch (mpy_ssl_private_state(&session->ssl)) {
        case MBEDTLS_SSL_SERVER_HELLO:
            return server && tls1_3 ? COST_EXCHANGE : 0;
        case MBEDTLS_SSL_SERVER_KEY_EXCHANGE:
            return server ? cost_of_own(session) : cost_of_peer(session);
        case MBEDTLS_SSL_CERTIFICATE_REQUEST: // what has come is ServerKeyExchange
            session->slices.agreed = server ? 0 : (uint16_t)cost_of_exchange(session);
            return 0;
        case MBEDTLS_SSL_CLIENT_KEY_EXCHANGE:
            return server ? COST_ECDH : session->slices.agreed;
        case MBEDTLS_SSL_CERTIFICATE_VERIFY: // of the client, or in TLS 1.3 of the server
            return server == tls1_3 ? cost_of_own(session) : cost_of_peer(session);
        #if defined(MBEDTLS_SSL_PROTO_TLS1_3)
        case MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY:
            return server ? cost_of_peer(session) : cost_of_own(session);
        #endif
        default:
            return 0;
    }
}

// What is too long for any call has one of its own.
static bool can_afford(const mpy_ssl_slices_t *slices, unsigned cost) {
    return cost == 0 || slices->spent == 0 || slices->spent + cost <= MPY_SSL_SLICE_BUDGET;
}

// Of a program that does other things between two calls. A connection that is about to fail is not kept waiting.
static bool is_wanted(const mpy_ssl_session_t *session) {
    return session->stream.non_blocking && !session->stream.mute;
}

// --- The peer's chain -----------------------------------------------------------------------------------------

int __real_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, mbedtls_pk_context *key, mbedtls_md_type_t md,
    const unsigned char *hash, size_t hash_len, const unsigned char *signature, size_t len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, mbedtls_pk_context *key, mbedtls_md_type_t md,
    const unsigned char *hash, size_t hash_len, const unsigned char *signature, size_t len);

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, mbedtls_pk_context *key, mbedtls_md_type_t md,
    const unsigned char *hash, size_t hash_len, const unsigned char *signature, size_t len) {
    verification *v = running;
    bool ours = v != NULL && v->thread == mpy_ssl_this_thread();
    for (int i = 0; ours && i < v->count; i++) {
        if (v->answers[i].key == key && v->answers[i].signature == signature) {
            return v->answers[i].result;
        }
    }
    bool keep = ours && v->count < ANSWERS;
    unsigned cost = cost_of_verifying(key);
    if (keep && !v->last && !can_afford(v->slices, cost)) {
        v->incomplete = true;
        return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE; // this run's verdict does not count
    }
    int ret = __real_mbedtls_pk_verify_ext(type, options, key, md, hash, hash_len, signature, len);
    if (keep) {
        v->slices->spent += (uint16_t)cost;
        v->answers[v->count++] = (answer) {key, signature, ret};
    }
    return ret;
}

int __real_mbedtls_x509_crt_verify_restartable(mbedtls_x509_crt *chain, mbedtls_x509_crt *trusted, mbedtls_x509_crl *revoked,
    const mbedtls_x509_crt_profile *profile, const char *name, uint32_t *flags, verify_callback *callback, void *context,
    mbedtls_x509_crt_restart_ctx *restart);
int __wrap_mbedtls_x509_crt_verify_restartable(mbedtls_x509_crt *chain, mbedtls_x509_crt *trusted, mbedtls_x509_crl *revoked,
    const mbedtls_x509_crt_profile *profile, const char *name, uint32_t *flags, verify_callback *callback, void *context,
    mbedtls_x509_crt_restart_ctx *restart);

// Only a handshake comes here, and gives its session as context of the callback.
int __wrap_mbedtls_x509_crt_verify_restartable(mbedtls_x509_crt *chain, mbedtls_x509_crt *trusted, mbedtls_x509_crl *revoked,
    const mbedtls_x509_crt_profile *profile, const char *name, uint32_t *flags, verify_callback *callback, void *context,
    mbedtls_x509_crt_restart_ctx *restart) {
    mpy_ssl_session_t *session = context;
    mpy_ssl_slices_t *slices = &session->slices;
    verification *v = is_wanted(session) && trusted ? mbedtls_calloc(1, sizeof(verification)) : NULL;
    if (v == NULL) {
        return __real_mbedtls_x509_crt_verify_restartable(chain, trusted, revoked, profile, name, flags, callback, context, restart);
    }
    mpy_ssl_slices_free(slices);
    *v = (verification) {.chain = chain, .trusted = trusted, .revoked = revoked, .profile = profile, .name = name, .flags = flags,
                         .callback = callback, .slices = slices, .thread = mpy_ssl_this_thread()};
    slices->verification = v;
    *flags = 0;
    return 0;
}

static bool take_turn(verification *v) {
    v->thread = mpy_ssl_this_thread();
    mpy_ssl_lock();
    bool mine = running == NULL;
    if (mine) {
        running = v;
    }
    mpy_ssl_unlock();
    return mine;
}

static int run(const verification *v, uint32_t *flags, verify_callback *callback, void *context) {
    return __real_mbedtls_x509_crt_verify_restartable(v->chain, v->trusted, v->revoked, v->profile, v->name, flags,
        callback, context, NULL);
}

// 0 with `incomplete`, or the verdict.
static int verify(mpy_ssl_session_t *session, verification *v) {
    uint32_t flags = 0;
    int ret = 0;
    bool mine = take_turn(v);
    v->incomplete = false;
    if (mine) {
        run(v, &flags, NULL, NULL);
    }
    if (!v->incomplete) {
        v->last = true;
        ret = run(v, &flags, v->callback, session);
        *v->flags |= flags; // where Mbed TLS has put what it found besides
    }
    if (mine) {
        running = NULL;
    }
    return ret;
}

int mpy_ssl_slices_before_step(mpy_ssl_session_t *session) {
    mpy_ssl_slices_t *slices = &session->slices;
    int ret = 0;
    if (slices->verification != NULL) {
        ret = verify(session, slices->verification);
        slices->paused = slices->verification->incomplete;
        if (!slices->paused) {
            mpy_ssl_slices_free(slices);
        }
    }
    if (ret == 0 && !slices->paused && is_wanted(session)) {
        slices->next = (uint16_t)cost_of_step(session);
        slices->paused = !can_afford(slices, slices->next);
    }
    return slices->paused ? MBEDTLS_ERR_SSL_WANT_READ : ret;
}

void mpy_ssl_slices_after_step(mpy_ssl_slices_t *slices) {
    slices->spent += slices->next;
    slices->next = 0;
}

#endif
