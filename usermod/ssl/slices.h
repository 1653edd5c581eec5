// SPDX-License-Identifier: MIT
//
// Handshakes in pieces, for sockets that must not hold up a program's loop: SSLSocket.setblocking(False), settimeout(0).
//
// A call that has used up its budget of work with public keys ends like one whose stream would block, except that poll() says at
// once that it can go on: session->slices.paused. It ends between two steps of a handshake, if the next one would go over the
// budget, or between two signatures of the peer's chain, which Mbed TLS verifies in one step. For these, Mbed TLS is told
// that the chain is good, and before the next step the same verification is run, over and over, with answers remembered and
// only as many new ones computed as the budget allows, until it needs no new one; that run's verdict counts. Nothing is
// sent, received or believed in between.
//
// One piece is one operation with a key at least, whatever that takes. With the budget below, handshakes with P-256, or RSA of 2048
// bits at a client, are one piece. The linker's --wrap=<function> brings Mbed TLS's calls here; builds that compile it rename.
#ifndef MPY_SSL_SLICES_H
#define MPY_SSL_SLICES_H

#include <stdbool.h>
#include <stdint.h>

// The build says so, because the linker has to know.
#ifndef MPY_SSL_SLICES
#define MPY_SSL_SLICES 0
#endif

// Part of a session; all zero at the start.
typedef struct {
    bool paused;     // the newest call ended for this reason, so the next one finds something to do
    uint16_t spent;  // by this call, in units of MPY_SSL_SLICE_BUDGET
    uint16_t next;   // what the step before which the session stands will cost
    uint16_t agreed; // what the ECDH of this handshake will cost
    struct mpy_ssl_verification *verification; // of the peer's chain, while it is not complete
} mpy_ssl_slices_t;

// A unit is 0.25 M instructions on RV32IM. That makes 16 M, and leaves 4 M for hashes, parsing, and what is sent and received. The port
// of a chip that takes more for the same sets fewer units; each operation of a handshake takes 15 or more.
#ifndef MPY_SSL_SLICE_BUDGET
#define MPY_SSL_SLICE_BUDGET 64
#endif

struct mpy_ssl_session;

#if MPY_SSL_SLICES

// To be called when the program calls.
void mpy_ssl_slices_begin(mpy_ssl_slices_t *slices);

// To be called before each step of a handshake. 0: take it; MBEDTLS_ERR_SSL_WANT_READ: return to the program (`paused`); else the
// peer's chain is refused, by that error.
int mpy_ssl_slices_before_step(struct mpy_ssl_session *session);

// To be called after a step that was taken, and not only tried.
void mpy_ssl_slices_after_step(mpy_ssl_slices_t *slices);

// Forgets a verification that is not complete.
void mpy_ssl_slices_free(mpy_ssl_slices_t *slices);

#else
#define mpy_ssl_slices_begin(slices) ((void)(slices))
#define mpy_ssl_slices_before_step(session) (0)
#define mpy_ssl_slices_after_step(slices) ((void)(slices))
#define mpy_ssl_slices_free(slices) ((void)(slices))
#endif

#endif
