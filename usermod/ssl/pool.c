// SPDX-License-Identifier: MIT
#include "py/mpconfig.h"

#if MPY_SSL_POOL

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "py/gc.h"
#include "py/misc.h"
#include "py/mpstate.h"
#include "py/mpthread.h"
#include "py/obj.h"

#include "pool.h"

// Sizes of blocks: numbers of 256 bits (32), their products (64 to 72), the same with 384 bits, RSA's, odds and ends.
static const uint16_t sizes[] = {16, 40, 80, 144, 272};
#define CLASSES MP_ARRAY_SIZE(sizes)

// With the two words that tracking adds, a slab takes 64 GC blocks of 16 bytes.
#define SLAB_BYTES (1024 - 2 * sizeof(void *))

typedef struct slab {
    struct slab *next;
    void **free; // a list through the first word of each free block
    uint16_t class;
    uint16_t used;
    uint64_t data[]; // aligns the blocks
} slab_t;

static slab_t *slabs[CLASSES];
static size_t used; // blocks in all slabs

// The slabs are gone after a soft reset. A rooted object whose finaliser runs only then tells us, so that the first
// allocation starts anew. All finalisers run before the heap goes, so what they free is still there and has to be freed:
// MicroPython's list of tracked blocks outlives the heap, and must not lead there.
static enum { UNUSED, ALIVE, DYING } state;

#if MICROPY_PY_THREAD && !MICROPY_PY_THREAD_GIL
static mp_thread_mutex_t mutex;
static bool mutex_ready;

void mpy_ssl_pool_init(void) {
    if (!mutex_ready) {
        mp_thread_mutex_init(&mutex);
        mutex_ready = true;
    }
}

// Nothing that may collect garbage runs inside: a finaliser would want the lock again.
#define LOCK() mp_thread_mutex_lock(&mutex, 1)
#define UNLOCK() mp_thread_mutex_unlock(&mutex)
#else
void mpy_ssl_pool_init(void) {
}
#define LOCK()
#define UNLOCK()
#endif

static mp_obj_t marker_del(mp_obj_t self) {
    (void)self;
    state = DYING;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(marker_del_obj, marker_del);

static const mp_rom_map_elem_t marker_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&marker_del_obj)},
};
static MP_DEFINE_CONST_DICT(marker_locals, marker_locals_table);
static MP_DEFINE_CONST_OBJ_TYPE(marker_type, MP_QSTR_pool, MP_TYPE_FLAG_NONE, locals_dict, &marker_locals);

MP_REGISTER_ROOT_POINTER(struct _mp_obj_base_t * mpy_ssl_pool_marker);

static bool start(void) {
    if (state == ALIVE) {
        return true;
    }
    mp_obj_base_t *marker = gc_alloc(sizeof(mp_obj_base_t), GC_ALLOC_FLAG_HAS_FINALISER);
    if (marker == NULL) {
        return false;
    }
    marker->type = &marker_type;
    MP_STATE_VM(mpy_ssl_pool_marker) = marker;
    memset(slabs, 0, sizeof(slabs));
    used = 0;
    state = ALIVE;
    return true;
}

static size_t class_for(size_t size) {
    size_t class = 0;
    while (class < CLASSES && sizes[class] < size) {
        ++class;
    }
    return class;
}

static slab_t *slab_new(size_t class) {
    slab_t *slab = m_tracked_calloc(1, SLAB_BYTES);
    if (slab == NULL) {
        return NULL;
    }
    slab->class = (uint16_t)class;
    uint8_t *block = (uint8_t *)slab->data;
    uint8_t *end = (uint8_t *)slab + SLAB_BYTES;
    for (; (size_t)(end - block) >= sizes[class]; block += sizes[class]) {
        *(void **)block = slab->free;
        slab->free = (void **)block;
    }
    return slab;
}

// Takes a block from a slab of that class, NULL if all are full.
static void *take(size_t class) {
    for (slab_t *slab = slabs[class]; slab != NULL; slab = slab->next) {
        if (slab->free != NULL) {
            void **block = slab->free;
            slab->free = *block;
            ++slab->used;
            ++used;
            return block;
        }
    }
    return NULL;
}

static void *take_or_grow(size_t class) {
    LOCK();
    void *block = take(class);
    UNLOCK();
    if (block == NULL) {
        slab_t *slab = slab_new(class);
        if (slab == NULL) {
            return NULL;
        }
        LOCK();
        slab->next = slabs[class];
        slabs[class] = slab;
        block = take(class);
        UNLOCK();
    }
    return block;
}

void *mpy_ssl_pool_calloc(size_t size) {
    if (!start()) {
        return NULL;
    }
    size_t class = class_for(size);
    void *block = class < CLASSES ? take_or_grow(class) : NULL;
    if (block == NULL) {
        return m_tracked_calloc(1, size);
    }
    return memset(block, 0, size);
}

// The place that holds the pointer to the slab in which `ptr` is, or NULL.
static slab_t **find(const void *ptr) {
    for (size_t class = 0; class < CLASSES; ++class) {
        for (slab_t **place = &slabs[class]; *place != NULL; place = &(*place)->next) {
            if ((uintptr_t)ptr - (uintptr_t)*place < SLAB_BYTES) {
                return place;
            }
        }
    }
    return NULL;
}

// Unhooks the slab of a block if that was its last one and another slab of its class has room: one is kept, so that a
// block that comes and goes does not make and unmake a slab each time.
static slab_t *give(slab_t **place, void **block) {
    slab_t *slab = *place;
    *block = slab->free;
    slab->free = block;
    --used;
    if (--slab->used > 0) {
        return NULL;
    }
    for (slab_t *other = slabs[slab->class]; other != NULL; other = other->next) {
        if (other != slab && other->free != NULL) {
            *place = slab->next;
            return slab;
        }
    }
    return NULL;
}

// Unhooks a slab with nothing in it, or gives NULL.
static slab_t *unhook_empty(void) {
    for (size_t class = 0; class < CLASSES; ++class) {
        for (slab_t **place = &slabs[class]; *place != NULL; place = &(*place)->next) {
            if ((*place)->used == 0) {
                slab_t *slab = *place;
                *place = slab->next;
                return slab;
            }
        }
    }
    return NULL;
}

void mpy_ssl_pool_trim(void) {
    slab_t *slab;
    do {
        LOCK();
        slab = state != UNUSED ? unhook_empty() : NULL;
        UNLOCK();
        m_tracked_free(slab);
    } while (slab != NULL);
}

void mpy_ssl_pool_free(void *ptr) {
    if (ptr == NULL || state == UNUSED) {
        return;
    }
    LOCK();
    slab_t **place = find(ptr);
    slab_t *empty = place != NULL ? give(place, ptr) : NULL;
    bool all = used == 0;
    UNLOCK();
    if (place == NULL) {
        m_tracked_free(ptr);
    } else if (empty != NULL) {
        m_tracked_free(empty);
    }
    if (place != NULL && all) {
        mpy_ssl_pool_trim();
    }
}

#endif
