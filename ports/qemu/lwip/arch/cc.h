// SPDX-License-Identifier: MIT
// What lwIP needs to know about the compiler.
#ifndef MPY_SSL_QEMU_LWIP_CC_H
#define MPY_SSL_QEMU_LWIP_CC_H

#include <assert.h>

#define LWIP_PLATFORM_DIAG(arguments) ((void)0)
#ifdef NDEBUG
#define LWIP_NOASSERT 1
#endif
#define LWIP_PLATFORM_ASSERT(text) __assert_func(__FILE__, __LINE__, __func__, text)

typedef int sys_prot_t;

#endif
