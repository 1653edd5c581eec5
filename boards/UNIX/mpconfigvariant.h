// SPDX-License-Identifier: MIT

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include "ports/unix/variants/mpconfigvariant_common.h"

// Or Ctrl-C would leave the signal handler by longjmp(): out of Mbed TLS, or of a collection, whose marks keep finalisers from running.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)

// Stock turns these on together with its own `ssl`; ours is a user C module, which stock does not count.
#if MICROPY_SSL_MBEDTLS
#define MICROPY_PY_HASHLIB_MD5 (1)
#define MICROPY_PY_HASHLIB_SHA1 (1)
#define MICROPY_PY_CRYPTOLIB (1)
#define MICROPY_PY_CRYPTOLIB_CTR (1)
#endif

// Gives SSLSocket the method ioctl(), as stock's coverage build has it: tests of polling need it.
#define MPY_SSL_EXPOSE_IOCTL (1)
