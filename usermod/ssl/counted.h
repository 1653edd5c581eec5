// SPDX-License-Identifier: MIT
//
// What contexts and sockets share, outside Python's heap objects: counted, because finalisers run in any order. The last holder to let go
// destroys it. The count is under the lock of memory.h.
#ifndef MPY_SSL_COUNTED_H
#define MPY_SSL_COUNTED_H

#include <stddef.h>

// The first member of such an object.
typedef struct {
    size_t refs;
    void (*destroy)(void *self);
} mpy_ssl_counted_t;

// An object of that many bytes, zeroed but for its head; NULL: no memory. The caller owns one reference. `destroy` gives back what the object
// holds, and itself with mpy_ssl_free(), which is the one to give for an object that holds nothing. It may run in a finaliser.
void *mpy_ssl_counted_new(size_t bytes, void (*destroy)(void *self));

// One reference more to an object that was made so, and the object again; one less. NULL is allowed.
void *mpy_ssl_counted_ref(void *object);
void mpy_ssl_counted_unref(void *object);

#endif
