// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/platform_util.h"

#include "clock.h"
#include "memory.h"
#include "packed.h"
#include "random.h"
#include "ticket.h"

// On the wire: name of the key, then the sealed box (nonce, text, tag). In the text: issued (8 bytes, big endian), session.
#define NAME_LEN sizeof(((mpy_ssl_ticket_key_t *)0)->name)
#define ISSUED_LEN 8
#define TICKET_MAX_LEN MBEDTLS_SSL_OUT_CONTENT_LEN // ours have left by an output buffer

static void destroy(void *self) {
    mpy_ssl_tickets_t *tickets = self;
    mpy_ssl_slots_clear(tickets->slots, MPY_SSL_SERVER_SESSIONS);
    mbedtls_platform_zeroize(tickets, sizeof(*tickets));
    mpy_ssl_free(tickets);
}

mpy_ssl_tickets_t *mpy_ssl_tickets_new(void) {
    return mpy_ssl_counted_new(sizeof(mpy_ssl_tickets_t), destroy);
}

static bool in_use(const mpy_ssl_ticket_key_t *key, long long now, long long lifetime) {
    return key->made && now >= key->since && now - key->since < lifetime;
}

static int make_key(mpy_ssl_ticket_key_t *key, long long now) {
    int ret = mpy_ssl_random(NULL, key->name, sizeof(key->name));
    if (ret == 0) {
        ret = mpy_ssl_random(NULL, key->key, sizeof(key->key));
    }
    key->since = now;
    key->made = ret == 0;
    return ret;
}

// The key that makes tickets, in a copy of the caller's; a new one takes its place when its time is over.
static int current_key(mpy_ssl_tickets_t *tickets, long long now, mpy_ssl_ticket_key_t *key) {
    int ret = 0;
    mpy_ssl_ticket_key_t fresh = {.made = false};
    if (!in_use(&tickets->keys[0], now, MPY_SSL_TICKET_LIFETIME)) {
        ret = make_key(&fresh, now);
    }
    mpy_ssl_lock();
    if (fresh.made) {
        tickets->keys[1] = tickets->keys[0];
        tickets->keys[0] = fresh;
    }
    *key = tickets->keys[0];
    mpy_ssl_unlock();
    mbedtls_platform_zeroize(&fresh, sizeof(fresh));
    return ret;
}

static bool find_key(mpy_ssl_tickets_t *tickets, const uint8_t *name, long long now, mpy_ssl_ticket_key_t *key) {
    bool found = false;
    mpy_ssl_lock();
    for (size_t i = 0; i < 2 && !found; ++i) {
        *key = tickets->keys[i];
        found = in_use(key, now, 2 * MPY_SSL_TICKET_LIFETIME) && memcmp(key->name, name, NAME_LEN) == 0;
    }
    mpy_ssl_unlock();
    return found;
}

int mpy_ssl_ticket_write(mpy_ssl_tickets_t *tickets, const uint8_t binding[MPY_SSL_BINDING], const mbedtls_ssl_session *session,
    uint8_t *out, size_t size, size_t *len) {
    const size_t before = NAME_LEN + MPY_SSL_SEAL_NONCE + ISSUED_LEN;
    if (size < before + MPY_SSL_SEAL_TAG) {
        return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    long long now = mpy_ssl_time(NULL);
    mpy_ssl_ticket_key_t key;
    int ret = current_key(tickets, now, &key);
    if (ret == 0) {
        ret = mpy_ssl_session_pack(session, out + before, size - before - MPY_SSL_SEAL_TAG, len);
    }
    if (ret == 0) {
        memcpy(out, key.name, NAME_LEN);
        mpy_ssl_seal_put(out + NAME_LEN + MPY_SSL_SEAL_NONCE, ISSUED_LEN, (unsigned long long)now);
        ret = mpy_ssl_seal(key.key, binding, MPY_SSL_BINDING, out + NAME_LEN, ISSUED_LEN + *len);
        *len += before + MPY_SSL_SEAL_TAG;
    }
    mbedtls_platform_zeroize(&key, sizeof(key));
    return ret;
}

static int load_text(const uint8_t *text, size_t len, long long now, mbedtls_ssl_session *session) {
    long long age = now - (long long)mpy_ssl_seal_get(text, ISSUED_LEN);
    if (age < 0 || age >= MPY_SSL_TICKET_LIFETIME) {
        return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
    }
    return mpy_ssl_session_unpack(text + ISSUED_LEN, len - ISSUED_LEN, session);
}

int mpy_ssl_ticket_parse(mpy_ssl_tickets_t *tickets, const uint8_t binding[MPY_SSL_BINDING], const uint8_t *ticket, size_t len,
    mbedtls_ssl_session *session) {
    long long now = mpy_ssl_time(NULL);
    mpy_ssl_ticket_key_t key;
    if (len < NAME_LEN + MPY_SSL_SEAL_OVERHEAD + ISSUED_LEN || len > TICKET_MAX_LEN || !find_key(tickets, ticket, now, &key)) {
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    size_t text_len = len - NAME_LEN - MPY_SSL_SEAL_OVERHEAD;
    uint8_t *text = mpy_ssl_calloc(1, text_len);
    int ret = MBEDTLS_ERR_SSL_ALLOC_FAILED;
    if (text != NULL) {
        ret = mpy_ssl_unseal(key.key, binding, MPY_SSL_BINDING, ticket + NAME_LEN, len - NAME_LEN, text);
        if (ret == 0) {
            ret = load_text(text, text_len, now, session);
        }
        mbedtls_platform_zeroize(text, text_len);
        mpy_ssl_free(text);
    }
    mbedtls_platform_zeroize(&key, sizeof(key));
    return ret;
}
