// SPDX-License-Identifier: MIT
#include "py/runtime.h"

#if MPY_SSL_BENCH
#endif
