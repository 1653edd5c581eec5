// SPDX-License-Identifier: MIT
#include "mbedtls/build_info.h"

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && !defined(NO_QSTR) // MicroPython looks for names in it without that folder

#include "ssl_misc.h" // of Mbed TLS's library folder; before its public headers
#include "ssl_tls13_keys.h"

#include "mbedtls/platform_util.h"
#include "mbedtls/psa_util.h"
#include "mbedtls/version.h"

#include "tls13_secrets.h"

#if MBEDTLS_VERSION_NUMBER >= 0x03070000 || defined(MBEDTLS_USE_PSA_CRYPTO)
#error "mbedtls_ssl_transform is not what this file knows"
#endif

#define KEY_UPDATE 24 // HandshakeType
#define UPDATE_NOT_REQUESTED 0
#define IV_LEN 12     // of all suites (5.3)

static psa_algorithm_t hash_of(const mbedtls_ssl_session *session) {
    const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(session->ciphersuite);
    return mbedtls_md_psa_alg_from_type((mbedtls_md_type_t)suite->mac);
}

// HKDF-Expand-Label without context (7.1).
static int expand(psa_algorithm_t hash, const uint8_t *secret, const uint8_t *label, size_t label_len, uint8_t *out, size_t len) {
    return mbedtls_ssl_tls13_hkdf_expand_label(hash, secret, PSA_HASH_LENGTH(hash), label, label_len, NULL, 0, out, len);
}

int mpy_ssl_tls13_ticket_key(mbedtls_ssl_context *ssl, mpy_ssl_span_t nonce) {
    mbedtls_ssl_session *session = ssl->session;
    psa_algorithm_t hash = hash_of(session);
    session->resumption_key_len = PSA_HASH_LENGTH(hash);
    return mbedtls_ssl_tls13_hkdf_expand_label(hash, session->app_secrets.resumption_master_secret, PSA_HASH_LENGTH(hash),
        MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(resumption), nonce.data, nonce.len, session->resumption_key, PSA_HASH_LENGTH(hash));
}

// Key and IV of the secret that follows `secret`, which it replaces.
static int update(psa_algorithm_t hash, uint8_t *secret, mbedtls_cipher_context_t *cipher, uint8_t *iv) {
    uint8_t next[MBEDTLS_TLS1_3_MD_MAX_SIZE];
    uint8_t key[MBEDTLS_MAX_KEY_LENGTH];
    int bits = mbedtls_cipher_get_key_bitlen(cipher);
    int ret = expand(hash, secret, MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(traffic_upd), next, PSA_HASH_LENGTH(hash));
    if (ret == 0) {
        ret = expand(hash, next, MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(key), key, (size_t)bits / 8);
    }
    if (ret == 0) {
        ret = expand(hash, next, MBEDTLS_SSL_TLS1_3_LBL_WITH_LEN(iv), iv, IV_LEN);
    }
    if (ret == 0) {
        ret = mbedtls_cipher_setkey(cipher, key, bits, mbedtls_cipher_get_operation(cipher));
    }
    memcpy(secret, next, PSA_HASH_LENGTH(hash));
    mbedtls_platform_zeroize(next, sizeof(next));
    mbedtls_platform_zeroize(key, sizeof(key));
    return ret;
}

static uint8_t *secret_of(mbedtls_ssl_session *session, bool clients) {
    mbedtls_ssl_tls13_application_secrets *secrets = &session->app_secrets;
    return clients ? secrets->client_application_traffic_secret_N : secrets->server_application_traffic_secret_N;
}

int mpy_ssl_tls13_update_in(mbedtls_ssl_context *ssl) {
    mbedtls_ssl_transform *transform = ssl->transform_in;
    uint8_t *secret = secret_of(ssl->session, ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER);
    mbedtls_ssl_set_inbound_transform(ssl, transform); // numbers begin again
    return update(hash_of(ssl->session), secret, &transform->cipher_ctx_dec, transform->iv_dec);
}

int mpy_ssl_tls13_update_out(mbedtls_ssl_context *ssl) {
    static const uint8_t message[] = {KEY_UPDATE, 0, 0, 1, UPDATE_NOT_REQUESTED};
    mbedtls_ssl_transform *transform = ssl->transform_out;
    uint8_t *secret = secret_of(ssl->session, ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT);
    ssl->out_msgtype = MBEDTLS_SSL_MSG_HANDSHAKE;
    ssl->out_msglen = sizeof(message);
    memcpy(ssl->out_msg, message, sizeof(message));
    int sent = mbedtls_ssl_write_record(ssl, 1);
    if (sent != 0 && sent != MBEDTLS_ERR_SSL_WANT_WRITE) {
        return sent;
    }
    mbedtls_ssl_set_outbound_transform(ssl, transform);
    int ret = update(hash_of(ssl->session), secret, &transform->cipher_ctx_enc, transform->iv_enc);
    return ret != 0 ? ret : sent;
}

#endif
