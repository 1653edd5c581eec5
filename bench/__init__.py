# SPDX-License-Identifier: MIT
"""Measures MicroPython's own TLS and this module side by side on the virtual board."""
