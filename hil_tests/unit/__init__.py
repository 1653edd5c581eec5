# SPDX-License-Identifier: MIT
"""The rig's own tests. They need no board."""
