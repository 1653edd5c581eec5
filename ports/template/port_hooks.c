// SPDX-License-Identifier: MIT
// Every hook, unsupported but for the console, which is the host's. See port_hooks.h.
#include <stdlib.h>
#include <unistd.h>
#include "py/mphal.h"
#include "port_hooks.h"

#define ENTROPY_SOURCE_FAILED (-0x003C) // MBEDTLS_ERR_ENTROPY_SOURCE_FAILED

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t length, size_t *output_length) {
    *output_length = 0;
    return ENTROPY_SOURCE_FAILED;
}

// 0 ns after 1970: the clock is unset.
uint64_t mp_hal_time_ns(void) {
    return 0;
}

// A counter that moves with every look, until there is a timer: timeouts end, but not on time.
mp_uint_t mp_hal_ticks_us(void) {
    static mp_uint_t looks;
    return looks += 1000;
}

mp_uint_t mp_hal_ticks_ms(void) {
    return mp_hal_ticks_us() / 1000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return mp_hal_ticks_us();
}

void mp_hal_delay_us(mp_uint_t us) {
}

void mp_hal_delay_ms(mp_uint_t ms) {
}

void port_handle_events(void) {
}

void port_wait_for_event(unsigned timeout_ms) {
}

// The host's end of file stands for pulling the plug.
int mp_hal_stdin_rx_chr(void) {
    unsigned char byte;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        exit(0);
    }
    return byte == '\n' ? '\r' : byte;
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    ssize_t written = write(STDOUT_FILENO, text, length);
    return written < 0 ? 0 : (mp_uint_t)written;
}
