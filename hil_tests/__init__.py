# SPDX-License-Identifier: MIT
"""A rig that runs MicroPython on boards and plays the other end of their TLS connections."""
