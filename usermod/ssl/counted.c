// SPDX-License-Identifier: MIT
#include <stdbool.h>

#include "counted.h"
#include "memory.h"

void *mpy_ssl_counted_new(size_t bytes, void (*destroy)(void *self)) {
    mpy_ssl_counted_t *object = mpy_ssl_calloc(1, bytes);
    if (object != NULL) {
        *object = (mpy_ssl_counted_t) {1, destroy};
    }
    return object;
}

void *mpy_ssl_counted_ref(void *object) {
    if (object != NULL) {
        mpy_ssl_counted_t *head = object;
        mpy_ssl_lock();
        ++head->refs;
        mpy_ssl_unlock();
    }
    return object;
}

void mpy_ssl_counted_unref(void *object) {
    if (object != NULL) {
        mpy_ssl_counted_t *head = object;
        mpy_ssl_lock();
        bool last = --head->refs == 0;
        mpy_ssl_unlock();
        if (last) {
            head->destroy(object);
        }
    }
}
