# SPDX-License-Identifier: MIT
#
# In place of the module, for comparisons: MicroPython's own `tls` (MPY_SSL_STOCK=1), also on boards without a network,
# or no TLS (MPY_SSL_STOCK=none). On boards without a network MicroPython would decide for none.

if(MPY_SSL_STOCK STREQUAL "1")
    list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL=1)
else()
    list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL=0)
endif()
