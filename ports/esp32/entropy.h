// SPDX-License-Identifier: MIT
//
// Entropy: the chip's random number generator, with noise under it.
//
// ESP-IDF's manual (Random Number Generation): esp_fill_random() gives true random numbers only while a radio is on or the
// SAR ADC is made to feed noise (bootloader_random_enable()), pseudo-random ones otherwise. A seed of a board that talks TLS
// over a cable or a serial line would be one of the latter. So the ADC feeds for as long as a seed is read and no radio is
// on, about a millisecond. It is then not to be had by others: machine.ADC goes on afterwards, but on the original ESP32 a
// running machine.I2S does not.
#ifndef MPY_SSL_ESP32_ENTROPY_H
#define MPY_SSL_ESP32_ENTROPY_H

#include <stddef.h>

// Stands for ESP-IDF's mbedtls_hardware_poll() (the linker's --wrap), for the module and for whoever else asks Mbed TLS.
int __wrap_mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen);

#endif
