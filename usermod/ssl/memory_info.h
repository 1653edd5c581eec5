// SPDX-License-Identifier: MIT
//
// ssl.memory_info(of=None) -> dict: what TLS holds in memory, in bytes without the heap's own overhead.
//
//   memory_info()        all of it: {"bytes", "blocks", "peak", "largest"}; the most bytes at once and the largest single
//                        block are the highest since power-up
//   memory_info(context) what an SSLContext has loaded, and shares with its sockets: {"bytes", "identity", "trust"}, of
//                        which the certificate chain with its key and the CA certificates
//   memory_info(socket)  what belongs to one SSLSocket: {"bytes", "peak", "input", "output"}; the last two are the sizes
//                        of its record buffers, which are part of the bytes, at present. Sessions
//                        to be resumed are nobody's part: a client's are in the common cache or in the program's hands
//
// The objects themselves (an SSLSocket: about 1 KB) are Python's and not counted. Raises TypeError for other objects.
#ifndef MPY_SSL_MEMORY_INFO_H
#define MPY_SSL_MEMORY_INFO_H

#include "py/obj.h"

MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(mpy_ssl_memory_info_obj);

#endif
