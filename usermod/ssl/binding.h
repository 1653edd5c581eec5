// SPDX-License-Identifier: MIT
//
// What a session is bound to. Resumption leaves the certificates out, so a session may go on only where they would be judged in
// the same way: everything that decides whether a peer is accepted goes into one SHA-256. A setting that is added to the
// context and has a say in that belongs into mpy_ssl_binding_settings(), or resumption becomes a way around it.
#ifndef MPY_SSL_BINDING_H
#define MPY_SSL_BINDING_H

#include <stddef.h>
#include <stdint.h>

#include "saved.h"
#include "session.h"

// The settings: role, versions (one session has one of them, and Mbed TLS offers it alone), the longest record (likewise), verify_mode, trusted CAs, our own
// certificate, and verify_callback, which counts as another one whenever it is assigned. Returns 0 or a negative Mbed TLS error.
int mpy_ssl_binding_settings(const mpy_ssl_options_t *options, uint8_t settings[MPY_SSL_BINDING]);

// Settings and a server's name together; no name is len 0. Case counts.
int mpy_ssl_binding_name(const uint8_t settings[MPY_SSL_BINDING], const void *name, size_t len, uint8_t binding[MPY_SSL_BINDING]);

#endif
