// SPDX-License-Identifier: MIT
#include <string.h>

#include "memory.h"
#include "packed.h"
#include "private.h"
#include "span.h"

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE) && defined(MBEDTLS_SSL_SESSION_TICKETS)

// Nothing if there is none, or Mbed TLS saves it itself.
static mpy_ssl_span_t certificate_of(const mbedtls_ssl_session *session) {
    const mbedtls_x509_crt *peer = mpy_ssl_private_session_certificate(session);
    if (peer == NULL || mpy_ssl_private_session_version(session) != MBEDTLS_SSL_VERSION_TLS1_3 || peer->raw.len > UINT16_MAX) {
        return (mpy_ssl_span_t) {NULL, 0};
    }
    return (mpy_ssl_span_t) {peer->raw.p, peer->raw.len};
}

int mpy_ssl_session_pack(const mbedtls_ssl_session *session, uint8_t *out, size_t size, size_t *len) {
    mpy_ssl_span_t certificate = certificate_of(session);
    size_t before = 2 + certificate.len;
    int ret;
    if (size < before) {
        ret = mbedtls_ssl_session_save(session, NULL, 0, len);
    } else {
        out[0] = (uint8_t)(certificate.len >> 8);
        out[1] = (uint8_t)certificate.len;
        if (certificate.len > 0) {
            memcpy(out + 2, certificate.data, certificate.len);
        }
        ret = mbedtls_ssl_session_save(session, out + before, size - before, len);
    }
    *len += before;
    return ret;
}

static int unpack_certificate(mpy_ssl_span_t der, mbedtls_ssl_session *session) {
    mbedtls_x509_crt *certificate = mpy_ssl_calloc(1, sizeof(*certificate));
    if (certificate == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    mbedtls_x509_crt_init(certificate);
    mpy_ssl_private_session_set_certificate(session, certificate);
    return mbedtls_x509_crt_parse_der(certificate, der.data, der.len);
}

int mpy_ssl_session_unpack(const uint8_t *data, size_t len, mbedtls_ssl_session *session) {
    mpy_ssl_span_t rest = {data, len};
    mpy_ssl_span_t certificate;
    int ret = MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    if (mpy_ssl_span_take_vector(&rest, 2, &certificate)) {
        ret = mbedtls_ssl_session_load(session, rest.data, rest.len);
    }
    if (ret == 0 && certificate.len > 0) {
        ret = unpack_certificate(certificate, session);
    }
    if (ret != 0) {
        mbedtls_ssl_session_free(session);
    }
    return ret;
}

#endif
