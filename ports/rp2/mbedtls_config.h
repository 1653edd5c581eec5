// SPDX-License-Identifier: MIT
//
// What this port takes out of usermod/ssl/mbedtls_config.h.

// hashlib.md5 is not in MicroPython's default configuration of these boards, and nothing else wants it: -3 KB.
#undef MBEDTLS_MD5_C
