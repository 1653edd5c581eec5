# SPDX-License-Identifier: MIT
"""The contract of the `ssl` module, line by line, on every board."""
