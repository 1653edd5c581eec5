# SPDX-License-Identifier: MIT
"""Tests that README.md tells the truth: its commands run, and its example works."""
