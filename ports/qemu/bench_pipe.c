// SPDX-License-Identifier: MIT
// A pair of connected streams in static memory: the shortest way between a TLS client and a server on one board.
#include <string.h>
#include "py/mperrno.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "bench.h"

#if MPY_SSL_BENCH

#define PIPE_SIZE (20 * 1024) // bytes each way: 16 KB of data in records of 4 KB, and a flight of certificates

struct ring {
    size_t in;
    size_t out;
    bool closed;
    uint8_t data[PIPE_SIZE];
};

typedef struct {
    mp_obj_base_t base;
    struct ring *from;
    struct ring *to;
} end_t;

static struct ring rings[2];

// How many of `length` bytes can be moved in one piece at position `at`.
static size_t piece(size_t length, size_t at) {
    return MIN(length, PIPE_SIZE - at % PIPE_SIZE);
}

static mp_uint_t end_read(mp_obj_t self_in, void *buffer, mp_uint_t size, int *error) {
    struct ring *ring = ((end_t *)MP_OBJ_TO_PTR(self_in))->from;
    size_t length = MIN(size, ring->in - ring->out);
    if (length == 0 && !ring->closed) {
        *error = MP_EAGAIN;
        return MP_STREAM_ERROR;
    }
    size_t first = piece(length, ring->out);
    memcpy(buffer, ring->data + ring->out % PIPE_SIZE, first);
    memcpy((uint8_t *)buffer + first, ring->data, length - first);
    ring->out += length;
    return length;
}

static mp_uint_t end_write(mp_obj_t self_in, const void *buffer, mp_uint_t size, int *error) {
    struct ring *ring = ((end_t *)MP_OBJ_TO_PTR(self_in))->to;
    size_t length = MIN(size, PIPE_SIZE - (ring->in - ring->out));
    if (ring->closed || length == 0) {
        *error = ring->closed ? MP_EPIPE : MP_EAGAIN;
        return MP_STREAM_ERROR;
    }
    size_t first = piece(length, ring->in);
    memcpy(ring->data + ring->in % PIPE_SIZE, buffer, first);
    memcpy(ring->data, (const uint8_t *)buffer + first, length - first);
    ring->in += length;
    return length;
}

static mp_uint_t end_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t arg, int *error) {
    end_t *self = MP_OBJ_TO_PTR(self_in);
    mp_uint_t ready = 0;
    switch (request) {
        case MP_STREAM_POLL:
            ready |= self->from->in != self->from->out || self->from->closed ? MP_STREAM_POLL_RD : 0;
            ready |= self->to->in - self->to->out < PIPE_SIZE ? MP_STREAM_POLL_WR : 0;
            return ready & arg;
        case MP_STREAM_CLOSE:
            self->to->closed = true;
            return 0;
        default:
            *error = MP_EINVAL;
            return MP_STREAM_ERROR;
    }
}

static const mp_stream_p_t end_stream = {
    .read = end_read,
    .write = end_write,
    .ioctl = end_ioctl,
};

// It never blocks; the method is there because TLS modules tell by it that a stream need not be waited for.
static mp_obj_t end_setblocking(mp_obj_t self_in, mp_obj_t flag) {
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(end_setblocking_obj, end_setblocking);

static const mp_rom_map_elem_t end_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_setblocking), MP_ROM_PTR(&end_setblocking_obj) },
    { MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_stream_close_obj) },
};
static MP_DEFINE_CONST_DICT(end_locals, end_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    end_type, MP_QSTR_pipe, MP_TYPE_FLAG_NONE,
    protocol, &end_stream,
    locals_dict, &end_locals);

// Only one pair is of use at a time: making one empties the buffers.
static mp_obj_t bench_pipe(void) {
    mp_obj_t ends[2];
    for (size_t i = 0; i < 2; ++i) {
        rings[i].in = rings[i].out = 0;
        rings[i].closed = false;
        end_t *end = mp_obj_malloc(end_t, &end_type);
        end->from = &rings[i];
        end->to = &rings[1 - i];
        ends[i] = MP_OBJ_FROM_PTR(end);
    }
    return mp_obj_new_tuple(2, ends);
}
MP_DEFINE_CONST_FUN_OBJ_0(bench_pipe_obj, bench_pipe);

#endif
