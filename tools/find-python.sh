#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Prints the first Python 3.11 or newer; the system's own comes before whatever
# PATH puts in front of it. Prints nothing, and says why, when there is none.

for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$candidate"
        exit 0
    fi
done
echo 'error: no Python 3.11 or newer; install the Debian packages python3 and python3-venv' >&2
exit 1
