// SPDX-License-Identifier: MIT
#include "mbedtls/mbedtls_config_port.h"
#include "mbedtls/platform_time.h"
#include "clock.h"

time_t stock_mbedtls_time(time_t *result) {
    time_t now = (time_t)(clock_wall_ns() / 1000000000ull);
    if (result != NULL) {
        *result = now;
    }
    return now;
}

mbedtls_ms_time_t mbedtls_ms_time(void) {
    return (mbedtls_ms_time_t)(clock_ticks() / CLOCK_TICKS_PER_MS);
}
