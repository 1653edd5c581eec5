# SPDX-License-Identifier: MIT
"""Makes all calls that the wanted rows need, on every image and boot, and puts the results together."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import board, host
from bench.identities import make_chain
from bench.images import image_of, tls_size
from bench.report import Measured
from bench.rows import TLS13, Row

IMAGES = ("stock", "ours")
# Not calls: the image whose size is meant, in the place of "ours".
SIZES = {"size()": "ours", "size_plain()": "plain"}
VERSIONS_CALL = "versions()"
# Calls with a peer on the host, and what they do so many times: handshakes, records, calls.
HOST_TIMES = {"host": 6, "bulk": host.RECORDS, "stall_openssl": 12}
HOST_CALL = re.compile(rf"(.*\b({'|'.join(HOST_TIMES)})\('(\w+)')(\)+)")


@dataclass(frozen=True)
class Task:
    """One call on one boot of one image."""

    image: str
    boot: int
    call: str


@dataclass(frozen=True)
class Bench:
    """Where the images are, and what all measurements share."""

    folder: Path
    entropy: Path
    results: dict[Task, Any] = field(default_factory=dict)

    def work(self, task: Task) -> object:
        """The result of one task. Raises RigError."""
        if task.call in SIZES:
            size = tls_size(self.folder, "stock" if task.image == "stock" else SIZES[task.call])
            return {"flash": size.flash, "ram": size.ram}
        if match := HOST_CALL.fullmatch(task.call):
            return self.with_host(task, *match.groups())
        return self.on_board(task, task.call)

    def with_host(self, task: Task, begin: str, function: str, chain: str, end: str) -> object:
        """The same with a server on the host, whose address the call gets."""
        version = ssl.TLSVersion.TLSv1_3 if begin.startswith(f"{TLS13.wrapper}(") else ssl.TLSVersion.TLSv1_2
        with host.serve(make_chain(chain), version) as port:
            return self.on_board(task, f"{begin}, ('10.0.2.2', {port}), {HOST_TIMES[function]}{end}")

    def on_board(self, task: Task, call: str) -> object:
        """What a call gives on a board of its own."""
        folder = self.folder / "logs" / f"{task.image}-{task.boot}-{threading.get_ident()}"
        return board.measure(image_of(self.folder, task.image), folder, self.entropy, call)


def tasks_for(rows: tuple[Row, ...], boots: int) -> list[Task]:
    """Everything that has to be done for these rows, each call once for an image and boot."""
    calls = list(dict.fromkeys(call for row in rows for call in row.calls))
    tasks = [Task(image, 0, VERSIONS_CALL) for image in IMAGES]
    for call in calls:
        count = 1 if call in SIZES else boots
        tasks += [Task(image, boot, call) for boot in range(count) for image in IMAGES]
    return tasks


def run_tasks(bench: Bench, tasks: list[Task], jobs: int, report: Callable[[int, int, Task], None]) -> None:
    """Do them, `jobs` at a time; `report` is told of each one that is done. The first failure ends it all."""
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        pending = {pool.submit(bench.work, task): task for task in tasks}
        try:
            for number, future in enumerate(as_completed(pending), 1):
                bench.results[pending[future]] = future.result()
                report(number, len(tasks), pending[future])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def collect(rows: tuple[Row, ...], results: Mapping[Task, Any]) -> tuple[Measured, ...]:
    """The rows with the values of every boot."""
    return tuple(
        Measured(row.key, row.group, row.title, row.unit, values(row, results, "stock"), values(row, results, "ours"))
        for row in rows
    )


def values(row: Row, results: Mapping[Task, Any], image: str) -> tuple[float, ...]:
    """One row's values on one image, in the order of the boots."""
    found = []
    boots = sorted({task.boot for task in results if task.image == image and task.call in row.calls})
    for boot in boots:
        value = row.read({call: results[Task(image, boot, call)] for call in row.calls})
        if value is not None:
            found.append(value)
    return tuple(found)


def chosen_suites(results: Mapping[Task, Any], image: str) -> str:
    """Which suites the image chose where it had the choice."""
    own = {
        result["suite"]
        for task, result in results.items()
        if task.image == image and "None)" in task.call and isinstance(result, dict) and "suite" in result
    }
    return ", ".join(sorted(own)) or "not measured"
