# SPDX-License-Identifier: MIT
"""Firmware for RP2 boards: UF2 files, and how they get into flash."""
