# SPDX-License-Identifier: MIT
"""Loads the rig for the tests of this folder."""

pytest_plugins = ("hil_tests.plugin",)
