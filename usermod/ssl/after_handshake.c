// SPDX-License-Identifier: MIT
#include "after_handshake.h"
#include "memory.h"
#include "message_header.h"
#include "private.h"
#include "session.h"
#include "tls13_secrets.h"

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)

#define KEY_UPDATE 24 // HandshakeType (RFC 8446, 4), which Mbed TLS does not know

static int refuse(mpy_ssl_session_t *session, uint8_t alert, int code) {
    session->alert = alert;
    return code;
}

static bool parse_ticket(mpy_ssl_span_t body, mpy_ssl_new_ticket_t *ticket) {
    mpy_ssl_span_t extensions;
    return mpy_ssl_span_take_number(&body, 4, &ticket->lifetime) && mpy_ssl_span_take_number(&body, 4, &ticket->age_add)
           && mpy_ssl_span_take_vector(&body, 1, &ticket->nonce) && mpy_ssl_span_take_vector(&body, 2, &ticket->ticket)
           && ticket->ticket.len > 0 && mpy_ssl_span_take_vector(&body, 2, &extensions) && body.len == 0;
}

static int take_ticket(mpy_ssl_session_t *session, mpy_ssl_span_t body) {
    mpy_ssl_new_ticket_t ticket;
    if (!parse_ticket(body, &ticket)) {
        return refuse(session, MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR, MBEDTLS_ERR_SSL_DECODE_ERROR);
    }
    return mpy_ssl_resume_ticket(session, &ticket);
}

// 4.6.3, and 5.1: nothing may follow in the record, because it would have been sent with the old keys.
static int take_update(mpy_ssl_session_t *session, mpy_ssl_span_t body, bool is_last) {
    if (!is_last) {
        return refuse(session, MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE);
    }
    if (body.len != 1) {
        return refuse(session, MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR, MBEDTLS_ERR_SSL_DECODE_ERROR);
    }
    if (body.data[0] > 1) {
        return refuse(session, MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER, MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER);
    }
    session->update_due |= body.data[0] == 1;
    return mpy_ssl_tls13_update_in(&session->ssl);
}

// Handles the message that has stopped mbedtls_ssl_read() with `ret`. 0 when it is done.
static int take_message(mpy_ssl_session_t *session, int ret) {
    size_t len;
    bool is_last;
    const uint8_t *message = mpy_ssl_private_complete_message(&session->ssl, &len, &is_last);
    if (message == NULL || len < MPY_SSL_MESSAGE_HEADER) {
        return ret;
    }
    mpy_ssl_span_t body = {message + MPY_SSL_MESSAGE_HEADER, len - MPY_SSL_MESSAGE_HEADER};
    session->stream.idle += is_last ? 0 : 1;
    if (session->stream.idle > MPY_SSL_IDLE_RECORDS) {
        return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
    }
    if (ret == MBEDTLS_ERR_SSL_WANT_READ && message[0] == MBEDTLS_SSL_HS_NEW_SESSION_TICKET) {
        mpy_ssl_private_drop_ticket_state(&session->ssl);
        return take_ticket(session, body);
    }
    return ret == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE && message[0] == KEY_UPDATE ? take_update(session, body, is_last) : ret;
}

static bool may_be_message(const mpy_ssl_session_t *session, int ret) {
    bool is_ticket = ret == MBEDTLS_ERR_SSL_WANT_READ
        && mpy_ssl_private_state(&session->ssl) == MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET;
    return (is_ticket || ret == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE) && mpy_ssl_session_is_tls1_3(session);
}

int mpy_ssl_after_handshake_read(mpy_ssl_session_t *session, void *buf, size_t len) {
    int ret = mpy_ssl_message_header_read(&session->ssl, buf, len);
    while (may_be_message(session, ret)) {
        ret = take_message(session, ret);
        if (ret != 0) {
            break;
        }
        ret = mpy_ssl_message_header_read(&session->ssl, buf, len);
    }
    return ret;
}

int mpy_ssl_after_handshake_write(mpy_ssl_session_t *session) {
    int ret = 0;
    if (session->update_due) {
        ret = mpy_ssl_tls13_update_out(&session->ssl);
        session->update_due = ret != 0 && ret != MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    return ret;
}

#endif
