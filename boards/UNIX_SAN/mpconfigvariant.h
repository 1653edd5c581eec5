// SPDX-License-Identifier: MIT

// Code made at run time is not instrumented, and cannot unwind by setjmp.
#define MICROPY_EMIT_X64 (0)
#define MICROPY_EMIT_X86 (0)
#define MICROPY_EMIT_ARM (0)
#define MICROPY_EMIT_THUMB (0)

#include "../UNIX/mpconfigvariant.h"
