// SPDX-License-Identifier: MIT
#include <time.h>

#include "py/mpconfig.h"
#include "py/mphal.h"
#include "py/mpprint.h"
#include "py/misc.h"

#include "mbedtls/build_info.h"
#include "mbedtls/platform.h"
#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"

#include "clock.h"

#define SECONDS_2024 1704067200LL // 2024-01-01 00:00 UTC: older than any firmware with this module
#define SECONDS_PER_DAY 86400LL

#ifdef MPY_SSL_OWN_CONFIG

#ifndef mp_hal_time_ns
uint64_t mp_hal_time_ns(void) __attribute__((weak)); // some ports have no wall clock
#define HAS_CLOCK (mp_hal_time_ns != NULL)
#else
#define HAS_CLOCK (true)
#endif

MP_WEAK long long mpy_ssl_time(long long *seconds) {
    long long now = HAS_CLOCK ? (long long)(mp_hal_time_ns() / 1000000000ULL) : 0;
    if (seconds != NULL) {
        *seconds = now;
    }
    return now;
}

#else

long long mpy_ssl_time(long long *seconds) {
    long long now = (long long)mbedtls_time(NULL);
    if (seconds != NULL) {
        *seconds = now;
    }
    return now;
}

#endif

bool mpy_ssl_clock_is_unset(void) {
    return mpy_ssl_time(NULL) < SECONDS_2024;
}

// Proleptic Gregorian calendar in 400-year eras that begin on 1 March, so that the leap day ends a year.
static void date_from_days(long long days, struct tm *tm) {
    days += 719468; // from 0000-03-01 to 1970-01-01
    long long era = days / 146097;
    int day_of_era = (int)(days % 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; // 0 is March
    tm->tm_mday = day_of_year - (153 * month + 2) / 5 + 1;
    tm->tm_mon = (month + 2) % 12;
    tm->tm_year = (int)(era * 400 + year_of_era + (tm->tm_mon < 2)) - 1900;
}

static void calendar(long long seconds, struct tm *tm) {
    if (seconds < 0) {
        seconds = 0; // a clock before 1970 is unset
    }
    int rest = (int)(seconds % SECONDS_PER_DAY);
    date_from_days(seconds / SECONDS_PER_DAY, tm);
    tm->tm_hour = rest / 3600;
    tm->tm_min = rest / 60 % 60;
    tm->tm_sec = rest % 60;
}

void mpy_ssl_clock_date(char date[11]) {
    struct tm tm;
    calendar(mpy_ssl_time(NULL), &tm);
    int digits[] = {(tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday};
    int ends[] = {3, 6, 9};
    for (int i = 9; i >= 0; --i) {
        date[i] = '-';
    }
    for (int field = 0; field < 3; ++field) {
        for (int i = ends[field]; i >= (field == 0 ? 0 : ends[field] - 1); --i) {
            date[i] = (char)('0' + digits[field] % 10);
            digits[field] /= 10;
        }
    }
    date[10] = '\0';
}

#if defined(MBEDTLS_PLATFORM_GMTIME_R_ALT) && defined(MPY_SSL_OWN_CONFIG)
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *seconds, struct tm *tm) {
    calendar((long long)*seconds, tm);
    return tm;
}
#endif

#if defined(MBEDTLS_PLATFORM_MS_TIME_ALT) && defined(MPY_SSL_OWN_CONFIG)
// The age of tickets, which outlive a reset: the wall clock, in steps of a second.
mbedtls_ms_time_t mbedtls_ms_time(void) {
    return (mbedtls_ms_time_t)mpy_ssl_time(NULL) * 1000;
}
#endif
