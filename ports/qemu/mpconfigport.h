// SPDX-License-Identifier: MIT
// MicroPython's configuration for this port. Board data (names, sizes, addresses) comes from mpconfigboard.h.
#include <alloca.h>
#include <stdint.h>
#include "mpconfigboard.h"

#ifndef MICROPY_CONFIG_ROM_LEVEL
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#endif

// 1 when a TLS module brings Mbed TLS along.
#ifndef MICROPY_SSL_MBEDTLS
#define MICROPY_SSL_MBEDTLS (0)
#endif

// Core
#define MICROPY_ENABLE_GC (1)
#define MICROPY_GC_STACK_ENTRY_TYPE uint16_t
#define MICROPY_TRACKED_ALLOC (1)
#define MICROPY_STACK_CHECK_MARGIN (6 * 1024) // a TLS handshake takes up to 4 KB, at any depth of Python calls
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_SCHEDULER_DEPTH (16)
#define MICROPY_SCHEDULER_STATIC_NODES (1)
#define MICROPY_USE_INTERNAL_ERRNO (1)
#define MICROPY_ALLOC_PATH_MAX (256)
#define MICROPY_OPT_COMPUTED_GOTO (1)
#define MICROPY_PERSISTENT_CODE_LOAD (1)
#define MICROPY_EMIT_RV32 (1)
#define MICROPY_EMIT_INLINE_RV32 (1)
#define MICROPY_READER_VFS (1)
#define MICROPY_REPL_STDIN_BUFFER_MAX (4096) // raw paste: half of what the console can hold
#define MICROPY_EPOCH_IS_1970 (1)
#define MP_SSIZE_MAX (0x7fffffff)
#define MP_STATE_PORT MP_STATE_VM

// Modules
#define MICROPY_PY_SYS_PLATFORM "qemu"
#define MICROPY_PY_OS_INCLUDEFILE "modos.inc.h"
#define MICROPY_PY_OS_SYNC (1)
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (entropy_seed())
#define MICROPY_PY_TIME_INCLUDEFILE "modtime.inc.h"
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_MACHINE (1)
#define MICROPY_PY_MACHINE_INCLUDEFILE "modmachine.inc.h"
#define MICROPY_PY_MACHINE_RESET (1)
#define MICROPY_PY_MACHINE_DISABLE_IRQ_ENABLE_IRQ (1)
#define MICROPY_PY_HASHLIB_SHA1 (MICROPY_SSL_MBEDTLS)
#define MICROPY_PY_HASHLIB_MD5 (MICROPY_SSL_MBEDTLS)
#define MICROPY_PY_CRYPTOLIB (MICROPY_SSL_MBEDTLS)
#define MICROPY_PY_MICROPYTHON_STACK_USE (1)
#define MICROPY_PY_MICROPYTHON_HEAP_LOCKED (1)
#define MICROPY_VFS (1)

// Network
#define MICROPY_PY_NETWORK (1)
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT MICROPY_HW_NET_HOSTNAME
#define MICROPY_PY_NETWORK_INCLUDEFILE "network_lan.h"
#define MICROPY_PORT_NETWORK_INTERFACES { MP_ROM_QSTR(MP_QSTR_LAN), MP_ROM_PTR(&network_lan_type) },
#define MICROPY_PY_SOCKET (1)
#define MICROPY_PY_WEBSOCKET (1)

#ifndef MICROPY_PY_SSL
#define MICROPY_PY_SSL (0)
#endif

typedef intptr_t mp_int_t; // pointer-sized
typedef uintptr_t mp_uint_t;
typedef intptr_t mp_off_t;

uint32_t entropy_seed(void);
