# SPDX-License-Identifier: MIT
"""ports/template: it compiles, and says itself what it lacks."""

from __future__ import annotations

import subprocess

from hil_tests.readme.commands import checkout, kept_folder, run

RAW_REPL = "\x01"
EXECUTE = "\x04"
SCRIPT = """
import io, ssl
try:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(io.BytesIO(), server_side=True)
except OSError as error:
    print(error)
"""


def test_template_compiles_and_names_the_missing_entropy_source() -> None:
    build = kept_folder("template")
    run("make", "-j2", "-C", "ports/template", f"MICROPY_DIR={checkout()}", f"BUILD={build}")
    firmware = subprocess.run(
        [build / "firmware"],
        input=RAW_REPL + SCRIPT + EXECUTE,
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    assert "MBEDTLS_ERR_ENTROPY_SOURCE_FAILED: the board has no working source of random numbers" in firmware.stdout
