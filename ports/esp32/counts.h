// SPDX-License-Identifier: MIT
//
// How often the chip's engines were started since power-up: ssl.engine_counts(), in builds with MPY_SSL_ENGINE_COUNTS.
//
// Thin functions stand before those of ESP-IDF's drivers that start an engine (the linker's --wrap), count, and go on. They see
// the drivers' own calls from one object into another, so everything is counted that reaches an engine, from whatever program;
// nothing else is. Pointers to ESP-IDF's structures are passed on unlooked at: its headers for them are private and move.
//
//   AES      blocks (ESP32) or runs of DMA; GCM of the S2 included
//   SHA      blocks and runs of DMA, of all algorithms that the engine has: the drivers name them by a number
//   MPI      products and exponentiations; Montgomery products of the ESP32, of which an exponentiation has thousands
//   ECC      multiplications and checks of points
//
// Counters are of 32 bits, wrap around, and may lose a count when two cores start engines at once.
#ifndef MPY_SSL_ESP32_COUNTS_H
#define MPY_SSL_ESP32_COUNTS_H

#include "accelerator.h"

// For mpy_ssl_accelerator.counts: the engines that this chip's configuration uses.
extern const mpy_ssl_engine_count_t mpy_ssl_esp32_counts[];

#endif
