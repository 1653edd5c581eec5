// SPDX-License-Identifier: MIT
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "clock.h"
#include "irq.h"
#include "net.h"
#include "uart.h"

void mphalport_raise_no_device(const char *message) {
    mp_obj_t args[] = { MP_OBJ_NEW_SMALL_INT(MP_ENODEV), mp_obj_new_str_from_cstr(message) };
    nlr_raise(mp_obj_exception_make_new(&mp_type_OSError, MP_ARRAY_SIZE(args), 0, args));
}

void mp_hal_handle_events(void) {
    if (net_needs_poll()) {
        net_poll();
    }
}

void mp_hal_wait_for_event(mp_uint_t timeout_ms) {
    uint64_t deadline = CLOCK_NEVER;
    if (timeout_ms != (mp_uint_t)-1) {
        deadline = clock_ticks() + (uint64_t)timeout_ms * CLOCK_TICKS_PER_MS;
    }
    irq_sleep_until(deadline);
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    if ((poll_flags & MP_STREAM_POLL_RD) && uart_readable()) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready;
}

int mp_hal_stdin_rx_chr(void) {
    int byte;
    while ((byte = uart_read()) < 0) {
        mp_event_wait_indefinite();
    }
    return byte;
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    uart_write(text, length);
    return length;
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t deadline = clock_ticks() + (uint64_t)ms * CLOCK_TICKS_PER_MS;
    mp_event_handle_nowait();
    while (clock_ticks() < deadline) {
        irq_sleep_until(deadline);
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t deadline = clock_ticks() + (uint64_t)us * CLOCK_TICKS_PER_US;
    while (clock_ticks() < deadline) {
    }
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(clock_ticks() / CLOCK_TICKS_PER_MS);
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)(clock_ticks() / CLOCK_TICKS_PER_US);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return CSR_READ(mcycle);
}

uint64_t mp_hal_time_ns(void) {
    return clock_wall_ns();
}
