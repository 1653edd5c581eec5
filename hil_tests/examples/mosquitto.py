# SPDX-License-Identifier: MIT
"""A real MQTT broker for one test."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from hil_tests.certificates import Identity
from hil_tests.errors import RigError
from hil_tests.process import child_command, stop

# Debian keeps it where only root's PATH leads.
PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
START_SECONDS = 10.0
# Another process can take a free port before the broker does; then the broker ends at once.
ATTEMPTS = 3

CONFIGURATION = """\
user root
listener {port} 127.0.0.1
certfile {chain}
keyfile {key}
allow_anonymous true
persistence false
log_dest stderr
log_type all
"""


class Mosquitto:
    """A mosquitto that serves `identity` over TLS on an ephemeral port, for a `with` block; its log is in `folder`.

    Raises RigError when mosquitto is not installed or does not start.
    """

    def __init__(self, identity: Identity, folder: Path) -> None:
        self.identity = identity
        self.log_path = folder / "mosquitto.log"
        self._configuration = folder / "mosquitto.conf"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the broker has said so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def wait_for_log(self, text: str, timeout: float = 5.0) -> str:
        """Wait until the log contains `text`; gives the log. RigError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while text not in self.log:
            if time.monotonic() > deadline:
                raise RigError(f"mosquitto did not say {text!r} within {timeout:g} s; {self.log_path}:\n{self.log}")
            time.sleep(0.01)  # another program's log file: there is nothing to wait on
        return self.log

    def __enter__(self) -> Mosquitto:
        if PROGRAM is None:
            raise RigError("mosquitto is not installed; install the Debian package mosquitto, or run: make setup")
        for _ in range(ATTEMPTS):
            if self._start(PROGRAM):
                return self
        raise RigError(f"mosquitto does not start; {self.log_path}:\n{self.log}")

    def _start(self, program: str) -> bool:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        settings = CONFIGURATION.format(port=self.port, chain=self.identity.chain_file, key=self.identity.key_file)
        self._configuration.write_text(settings, encoding="utf-8")
        with self.log_path.open("wb") as log:
            command = child_command([program, "-c", str(self._configuration)])
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        return self._answers()

    def _answers(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return True
            except OSError:
                time.sleep(0.01)  # not listening yet
        self._end()
        return False

    def _end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            stop(self._process, 5.0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
