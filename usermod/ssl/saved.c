// SPDX-License-Identifier: MIT
#include <string.h>

#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"

#include "clock.h"
#include "memory.h"
#include "private.h"
#include "saved.h"

static void destroy(void *self) {
    mpy_ssl_saved_t *saved = self;
    mpy_ssl_counted_unref(saved->peer);
    mbedtls_platform_zeroize(saved, sizeof(*saved) + saved->len);
    mpy_ssl_free(saved);
}

mpy_ssl_saved_t *mpy_ssl_saved_alloc(size_t len) {
    mpy_ssl_saved_t *saved = len <= UINT16_MAX ? mpy_ssl_counted_new(sizeof(*saved) + len, destroy) : NULL;
    if (saved != NULL) {
        saved->len = (uint16_t)len;
    }
    return saved;
}

static uint32_t lifetime_of(const mbedtls_ssl_session *session) {
    uint32_t promised = mpy_ssl_private_ticket_len(session) > 0 ? mpy_ssl_private_ticket_lifetime(session) : 0;
    return promised > 0 && promised < MPY_SSL_SAVED_MAX_AGE ? promised : MPY_SSL_SAVED_MAX_AGE;
}

mpy_ssl_saved_t *mpy_ssl_saved_new(const mbedtls_ssl_session *session, mpy_ssl_der_t *peer, const uint8_t binding[MPY_SSL_BINDING]) {
    size_t len = 0;
    mbedtls_ssl_session_save(session, NULL, 0, &len); // only tells the length
    mpy_ssl_saved_t *saved = mpy_ssl_saved_alloc(len);
    if (saved != NULL && mbedtls_ssl_session_save(session, saved->data, len, &len) != 0) {
        mpy_ssl_counted_unref(saved);
        saved = NULL;
    }
    if (saved != NULL) {
        saved->peer = mpy_ssl_counted_ref(peer);
        saved->issued = mpy_ssl_time(NULL);
        saved->lifetime = lifetime_of(session);
        saved->has_ticket = mpy_ssl_private_ticket_len(session) > 0;
        memcpy(saved->binding, binding, MPY_SSL_BINDING);
    }
    return saved;
}

bool mpy_ssl_saved_is_fresh(const mpy_ssl_saved_t *saved) {
    long long age = mpy_ssl_time(NULL) - saved->issued;
    return age >= 0 && age < saved->lifetime;
}

bool mpy_ssl_saved_is_bound(const mpy_ssl_saved_t *saved, const uint8_t binding[MPY_SSL_BINDING]) {
    return saved != NULL && mbedtls_ct_memcmp(saved->binding, binding, MPY_SSL_BINDING) == 0;
}

int mpy_ssl_saved_load(const mpy_ssl_saved_t *saved, mbedtls_ssl_session *session) {
    return mbedtls_ssl_session_load(session, saved->data, saved->len);
}

// --- Tables ---------------------------------------------------------------------------------------------------
// References change hands under the lock; what may free runs outside of it.

static mpy_ssl_slot_t *slot_of(mpy_ssl_slot_t *slots, size_t count, const uint8_t key[MPY_SSL_BINDING]) {
    for (size_t i = 0; i < count; ++i) {
        if (slots[i].saved != NULL && memcmp(slots[i].key, key, MPY_SSL_BINDING) == 0) {
            return &slots[i];
        }
    }
    return NULL;
}

mpy_ssl_saved_t *mpy_ssl_slots_find(mpy_ssl_slot_t *slots, size_t count, const uint8_t key[MPY_SSL_BINDING]) {
    mpy_ssl_saved_t *stale = NULL;
    mpy_ssl_saved_t *found = NULL;
    mpy_ssl_lock();
    mpy_ssl_slot_t *slot = slot_of(slots, count, key);
    if (slot != NULL && mpy_ssl_saved_is_fresh(slot->saved)) {
        found = slot->saved;
        ++found->counted.refs;
    } else if (slot != NULL) {
        stale = slot->saved;
        slot->saved = NULL;
    }
    mpy_ssl_unlock();
    mpy_ssl_counted_unref(stale);
    return found;
}

// The place that a new session takes: the oldest is the last.
static mpy_ssl_slot_t *free_or_last(mpy_ssl_slot_t *slots, size_t count) {
    size_t i = 0;
    while (i + 1 < count && slots[i].saved != NULL) {
        ++i;
    }
    return count > 0 ? &slots[i] : NULL;
}

void mpy_ssl_slots_store(mpy_ssl_slot_t *slots, size_t count, const uint8_t key[MPY_SSL_BINDING], mpy_ssl_saved_t *saved) {
    mpy_ssl_saved_t *old = NULL;
    mpy_ssl_counted_ref(saved);
    mpy_ssl_lock();
    mpy_ssl_slot_t *slot = slot_of(slots, count, key);
    if (slot == NULL && saved != NULL) {
        slot = free_or_last(slots, count);
    }
    if (slot != NULL && saved != NULL) {
        old = slot->saved;
        memmove(slots + 1, slots, (size_t)((char *)slot - (char *)slots));
        memcpy(slots->key, key, MPY_SSL_BINDING);
        slots->saved = saved;
    } else if (slot != NULL) {
        old = slot->saved;
        slot->saved = NULL;
    } else {
        old = saved;
    }
    mpy_ssl_unlock();
    mpy_ssl_counted_unref(old);
}

void mpy_ssl_slots_clear(mpy_ssl_slot_t *slots, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        mpy_ssl_saved_t *old = slots[i].saved;
        slots[i].saved = NULL;
        mpy_ssl_counted_unref(old);
    }
}
