# SPDX-License-Identifier: MIT
"""Firmware for real boards: what is in the files, and how they get into flash. RP2 and ESP32."""
