// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/interrupt_char.h"
#include "irq.h"
#include "uart.h"

#define UART_DATA virt_reg8(VIRT_UART0_BASE + 0)
#define UART_IER virt_reg8(VIRT_UART0_BASE + 1)
#define UART_FCR virt_reg8(VIRT_UART0_BASE + 2)
#define UART_LCR virt_reg8(VIRT_UART0_BASE + 3)
#define UART_LSR virt_reg8(VIRT_UART0_BASE + 5)

#define IER_RECEIVE (1)
#define FCR_ENABLE_AND_CLEAR (0x07)
#define FCR_TRIGGER_14 (0xc0) // QEMU takes as many bytes at once from the host; fewer are announced by the time-out
#define LCR_8N1 (0x03)
#define LCR_DIVISOR_LATCH (0x80)
#define LSR_DATA_READY (0x01)
#define LSR_TRANSMIT_EMPTY (0x20)

#define RING_SIZE (8192) // power of two

static uint8_t ring[RING_SIZE];
static volatile uint32_t ring_in;
static volatile uint32_t ring_out;

static void receive(uint32_t source) {
    while (ring_in - ring_out < RING_SIZE) {
        if (!(*UART_LSR & LSR_DATA_READY)) {
            return;
        }
        uint8_t byte = *UART_DATA;
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ring[ring_in % RING_SIZE] = byte;
            ring_in = ring_in + 1;
        }
    }
    *UART_IER = 0;
}

void uart_init(void) {
    // Divisor 1, the fastest: QEMU derives the receive time-out of four characters from it.
    *UART_LCR = LCR_8N1 | LCR_DIVISOR_LATCH;
    *UART_DATA = 1;
    *UART_IER = 0;
    *UART_LCR = LCR_8N1;
    *UART_FCR = FCR_ENABLE_AND_CLEAR | FCR_TRIGGER_14;
    irq_attach(VIRT_IRQ_UART0, receive);
    *UART_IER = IER_RECEIVE;
}

bool uart_readable(void) {
    return ring_in != ring_out;
}

int uart_read(void) {
    if (!uart_readable()) {
        return -1;
    }
    uint8_t byte = ring[ring_out % RING_SIZE];
    uint32_t state = irq_disable();
    ring_out = ring_out + 1;
    if (ring_in - ring_out == RING_SIZE / 2) {
        *UART_IER = IER_RECEIVE;
    }
    irq_restore(state);
    return byte;
}

void uart_write(const char *data, size_t length) {
    for (; length > 0; --length) {
        while (!(*UART_LSR & LSR_TRANSMIT_EMPTY)) {
        }
        *UART_DATA = (uint8_t)*data++;
    }
}
