// SPDX-License-Identifier: MIT
// The console: a 16550 with a receive ring buffer filled by interrupt.
//
// Flow control: when the ring is full the receive interrupt is switched off. The 16-byte FIFO then fills and QEMU
// stops reading the host's socket, so nothing is lost however fast the host sends.
#ifndef MPY_SSL_QEMU_UART_H
#define MPY_SSL_QEMU_UART_H

#include <stdbool.h>
#include <stddef.h>

void uart_init(void);

// The next received byte, or -1 when there is none.
int uart_read(void);

// True if uart_read() would give a byte.
bool uart_readable(void);

// Sends all bytes; waits for the transmitter.
void uart_write(const char *data, size_t length);

#endif
