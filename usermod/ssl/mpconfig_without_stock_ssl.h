// SPDX-License-Identifier: MIT
//
// Stands in for a port's mpconfigport.h where that switches the stock ssl module on and cannot be told not to (esp32).
#include "mpconfigport.h"

#undef MICROPY_PY_SSL
#define MICROPY_PY_SSL 0

// MicroPython 1.28 and later derive these from MICROPY_PY_SSL; hashlib and cryptolib stay as they are.
#undef MICROPY_PY_CRYPTOLIB
#define MICROPY_PY_CRYPTOLIB 1
#undef MICROPY_PY_HASHLIB_MD5
#define MICROPY_PY_HASHLIB_MD5 1
#undef MICROPY_PY_HASHLIB_SHA1
#define MICROPY_PY_HASHLIB_SHA1 1
