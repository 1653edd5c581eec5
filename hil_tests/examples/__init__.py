# SPDX-License-Identifier: MIT
"""Tests that run what examples/ shows, on every board, against programs that others wrote."""
