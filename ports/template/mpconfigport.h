// SPDX-License-Identifier: MIT
// The smallest configuration that `ssl` is useful with.
#include <alloca.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_CORE_FEATURES)

#define MICROPY_HW_BOARD_NAME "template"
#define MICROPY_HW_MCU_NAME "host"
#define MICROPY_PY_SYS_PLATFORM "template"

#define MICROPY_ENABLE_COMPILER (1)
#define MICROPY_ENABLE_GC (1)
#define MICROPY_ENABLE_FINALISER (1) // sockets that are dropped give their memory back
#define MICROPY_ENABLE_SCHEDULER (1)
#define MICROPY_KBD_EXCEPTION (1)
#define MICROPY_HELPER_REPL (1)
#define MICROPY_STREAMS_NON_BLOCK (1)
#define MICROPY_TRACKED_ALLOC (1) // Mbed TLS in the GC heap
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_USE_INTERNAL_ERRNO (1)
#define MICROPY_USE_INTERNAL_PRINTF (0) // the host's libc has one
#define MICROPY_PY_BUILTINS_MEMORYVIEW (1)
#define MICROPY_PY_ERRNO (1)
#define MICROPY_PY_IO (1)
#define MICROPY_PY_IO_IOBASE (1) // streams written in Python
#define MICROPY_EPOCH_IS_1970 (1)

#define MP_STATE_PORT MP_STATE_VM

typedef intptr_t mp_int_t; // pointer-sized
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;
