// SPDX-License-Identifier: MIT
//
// The wall clock that certificates are checked against.
#ifndef MPY_SSL_CLOCK_H
#define MPY_SSL_CLOCK_H

#include <stdbool.h>

// Seconds since 1970-01-01 00:00 UTC; stored to *seconds too unless that is NULL. Weak: reads mp_hal_time_ns(),
// which MicroPython defines as nanoseconds since 1970, or gives 0 on a port that has none (then every certificate is "not
// yet valid"); a port whose clock counts from elsewhere overrides it. Where Mbed TLS is an SDK's it is mbedtls_time(), so
// that both agree.
long long mpy_ssl_time(long long *seconds);

// True if the clock cannot have been set: it reads a year before 2024.
bool mpy_ssl_clock_is_unset(void);

// Writes the clock's date, "YYYY-MM-DD", with its NUL.
void mpy_ssl_clock_date(char date[11]);

#endif
