# SPDX-License-Identifier: MIT
#
# What the chips of this port have built in, unless a board says otherwise. Included by usermod/ssl/micropython.cmake.

# The RP2040's boards have 2 MB of flash, of which TLS is to take no more than MicroPython's own does. X25519 is slower there than P-256.
if(PICO_RP2040)
    mpy_ssl_default(0 TLS1_3 PSK DTLS X25519 KEYLOG MFL)
    mpy_ssl_default(1 SHA1_SMALL)
endif()
