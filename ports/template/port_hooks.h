// SPDX-License-Identifier: MIT
// What a new port must provide so that MicroPython and this project's `ssl` run on it. Copy this folder, fill in
// port_hooks.c one hook at a time; what is still missing says so by itself and nothing pretends to work.
//
// 1. Entropy: mbedtls_hardware_poll(). From a hardware generator, conditioned if its data sheet asks for it. Never from a
//    clock, a serial number or a constant. As long as it fails, every TLS operation that needs randomness raises
//    OSError(…, 'MBEDTLS_ERR_ENTROPY_SOURCE_FAILED').
// 2. Wall clock: mp_hal_time_ns(). Certificates have dates. As long as it is before 2024 a failed verification says that
//    the clock is unset. A board also offers machine.RTC, so that `mpremote rtc --set` works.
// 3. Memory: MICROPY_TRACKED_ALLOC 1 puts Mbed TLS into the GC heap (bare metal). A client takes about 25 KB, so the heap
//    wants 64 KB or more; the C stack 8 KB or more, with MICROPY_STACK_CHECK on. A port with a libc heap leaves it 0.
// 4. A stream: anything with the stream protocol (py/stream.h): lwIP's sockets, a modem, a UART. Its ioctl must answer
//    MP_STREAM_POLL for `select` and `asyncio`, and non-blocking reads and writes return EAGAIN.
// 5. Waiting: MICROPY_INTERNAL_EVENT_HOOK and MICROPY_INTERNAL_WFE in mphalport.h. Blocking calls come back to them, and
//    with them Ctrl-C and the network's timers. A sleep must end at once when an interrupt came just before it.
// 6. Time since start: mp_hal_ticks_ms() and friends, monotonic.
// 7. Console: the REPL's bytes, and mp_sched_keyboard_interrupt() when mp_interrupt_char arrives.
// 8. Accelerators: none needed. Software does everything until a port offers better.
#ifndef MPY_SSL_TEMPLATE_PORT_HOOKS_H
#define MPY_SSL_TEMPLATE_PORT_HOOKS_H

#include <stddef.h>

// Fills `output` with `length` bytes of full entropy. 0 and *output_length == length; or a negative Mbed TLS error and
// *output_length == 0. May block for milliseconds, not for seconds; must not allocate or raise.
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t length, size_t *output_length);

// Called where MicroPython polls: the place for a network stack without interrupts.
void port_handle_events(void);

// Sleeps for at most `timeout_ms` (-1: no limit) or until an interrupt; may return early.
void port_wait_for_event(unsigned timeout_ms);

#endif
