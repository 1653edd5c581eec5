// SPDX-License-Identifier: MIT
// The Python module `_bench`, only with MPY_SSL_BENCH=1; bench.h says what it measures.
#include "py/objtuple.h"
#include "py/runtime.h"
#include "bench.h"
#include "irq.h"

#if MPY_SSL_BENCH

#define PAINT (0xa5c35a3cu)
#define PAINT_GAP (64) // bytes below begin()'s own frame that it still needs while it paints

enum bench_kind { BENCH_INSTRUCTIONS, BENCH_WAITING, BENCH_STACK, BENCH_HEAP };

extern uint32_t virt_stack_bottom[];

static enum bench_kind kind;
static uint64_t counted; // instructions in all windows, less the windows' own
static uint64_t opened;
static uint32_t irq_state;
static uint32_t *baseline; // stack pointer when the window was opened
static size_t stack_peak;

static uint64_t busy_instructions(void) {
    return irq_instructions() - irq_idle_instructions();
}

static void stack_paint(uint32_t *top) {
    baseline = top;
    for (volatile uint32_t *word = virt_stack_bottom; word < top - PAINT_GAP / sizeof(*word); ++word) {
        *word = PAINT;
    }
}

static void stack_read(void) {
    const uint32_t *word = virt_stack_bottom;
    while (word < baseline && *word == PAINT) {
        ++word;
    }
    size_t used = (size_t)(baseline - word) * sizeof(*word);
    stack_peak = MAX(stack_peak, used);
}

void bench_soft_init(void) {
    bench_heap_reset();
}

static mp_obj_t bench_measure(mp_obj_t kind_in) {
    kind = mp_obj_get_int(kind_in);
    counted = 0;
    stack_peak = 0;
    bench_heap_reset();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(bench_measure_obj, bench_measure);

static mp_obj_t bench_begin(void) {
    if (kind == BENCH_STACK) {
        stack_paint(__builtin_frame_address(0));
    } else if (kind == BENCH_HEAP) {
        bench_heap_watch(true);
    } else if (kind == BENCH_INSTRUCTIONS) {
        irq_state = irq_disable();
    }
    opened = busy_instructions();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(bench_begin_obj, bench_begin);

static mp_obj_t bench_end(void) {
    counted += busy_instructions() - opened;
    if (kind == BENCH_STACK) {
        stack_read();
    } else if (kind == BENCH_HEAP) {
        bench_heap_watch(false);
    } else if (kind == BENCH_INSTRUCTIONS) {
        irq_restore(irq_state);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(bench_end_obj, bench_end);

static mp_obj_t bench_result(void) {
    struct bench_heap heap = bench_heap_read();
    mp_obj_t items[] = {
        mp_obj_new_int_from_ull(counted),
        MP_OBJ_NEW_SMALL_INT(stack_peak),
        MP_OBJ_NEW_SMALL_INT(heap.live),
        MP_OBJ_NEW_SMALL_INT(heap.peak),
        MP_OBJ_NEW_SMALL_INT(heap.largest),
        MP_OBJ_NEW_SMALL_INT(heap.allocations),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(bench_result_obj, bench_result);

static mp_obj_t bench_blocks(void) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    struct bench_size size;
    for (size_t i = 0; bench_heap_size(i, &size); ++i) {
        mp_obj_t items[] = { MP_OBJ_NEW_SMALL_INT(size.bytes), MP_OBJ_NEW_SMALL_INT(size.live), MP_OBJ_NEW_SMALL_INT(size.total) };
        mp_obj_list_append(list, mp_obj_new_tuple(MP_ARRAY_SIZE(items), items));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_0(bench_blocks_obj, bench_blocks);

static const mp_rom_map_elem_t bench_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__bench) },
    { MP_ROM_QSTR(MP_QSTR_INSTRUCTIONS), MP_ROM_INT(BENCH_INSTRUCTIONS) },
    { MP_ROM_QSTR(MP_QSTR_WAITING), MP_ROM_INT(BENCH_WAITING) },
    { MP_ROM_QSTR(MP_QSTR_STACK), MP_ROM_INT(BENCH_STACK) },
    { MP_ROM_QSTR(MP_QSTR_HEAP), MP_ROM_INT(BENCH_HEAP) },
    { MP_ROM_QSTR(MP_QSTR_measure), MP_ROM_PTR(&bench_measure_obj) },
    { MP_ROM_QSTR(MP_QSTR_begin), MP_ROM_PTR(&bench_begin_obj) },
    { MP_ROM_QSTR(MP_QSTR_end), MP_ROM_PTR(&bench_end_obj) },
    { MP_ROM_QSTR(MP_QSTR_result), MP_ROM_PTR(&bench_result_obj) },
    { MP_ROM_QSTR(MP_QSTR_blocks), MP_ROM_PTR(&bench_blocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_pipe), MP_ROM_PTR(&bench_pipe_obj) },
};
static MP_DEFINE_CONST_DICT(bench_globals, bench_globals_table);

const mp_obj_module_t bench_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&bench_globals,
};
MP_REGISTER_MODULE(MP_QSTR__bench, bench_module);

#endif
