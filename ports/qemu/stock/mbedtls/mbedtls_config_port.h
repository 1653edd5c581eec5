// SPDX-License-Identifier: MIT
// Mbed TLS as MicroPython's own bare-metal ports build it, for MPY_SSL_STOCK=1: the yardstick, not a recommendation.
#ifndef MPY_SSL_QEMU_STOCK_MBEDTLS_CONFIG_H
#define MPY_SSL_QEMU_STOCK_MBEDTLS_CONFIG_H

#include <time.h>

#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_PLATFORM_TIME_MACRO stock_mbedtls_time
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MICROPY_MBEDTLS_CONFIG_BARE_METAL (1)

// Seconds since 1970-01-01 UTC from the board's wall clock.
time_t stock_mbedtls_time(time_t *result);

#include "extmod/mbedtls/mbedtls_config_common.h"

#endif
