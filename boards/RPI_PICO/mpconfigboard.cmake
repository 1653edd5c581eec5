# SPDX-License-Identifier: MIT
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)

# No network of its own, and as much flash for TLS as MicroPython's takes: no handshakes in pieces, 1.1 KB; no choice of
# groups, 0.8 KB; no sni_callback, 1.5 KB; no max_fragment_length.
if(NOT DEFINED MPY_SSL_SLICES)
    set(MPY_SSL_SLICES 0)
endif()
foreach(option GROUPS SNI_CALLBACK MFL)
    if(NOT DEFINED MPY_SSL_${option})
        set(MPY_SSL_${option} 0)
    endif()
endforeach()
