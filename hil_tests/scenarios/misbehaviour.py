# SPDX-License-Identifier: MIT
"""How a board goes through the connections of a group of scripted peers, and what it must have seen and done."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest
from _pytest.mark import ParameterSet

from hil_tests.boards import Board, read_description
from hil_tests.peers.scripted import Seen
from hil_tests.scenarios.scripts import Case, Group

# Of boards whose builds look at messages before Mbed TLS does (usermod/ssl/guard.h).
CAPABILITY = "message-checks"
T = TypeVar("T")
# Honest connections at the start, until modules are loaded and tables have their size, and one at the end.
SETTLING = 3
# Bytes of Python's heap that one exception with its text and its traceback may go on holding: a collector that takes
# all on the stack for pointers keeps the newest. A socket would be more, and TLS's memory is counted without tolerance.
LAST_WORDS = 1024
# No connection may take more, whatever the peer says: a record of 16 KB, its plaintext, a chain and a handshake.
PEAK = 64 * 1024

# After each connection a line: what was read, the exception or None, and the memory that is still in use.
MEASURE = """
try:
    from _fault import live
except ImportError:
    live = tuple

def used():
    for _ in range(2):
        gc.collect()
    return gc.mem_alloc(), sum(live()), ssl.memory_info()["bytes"]

def one(talk):
    data, failure = [], None
    try:
        talk(data)
    except OSError as error:
        failure = type(error).__name__, error.args
        if hasattr(socket, "hang_up"):
            socket.hang_up()
    print((data, failure, used()))
    data = failure = None
"""

REPEAT = """
for i in range(COUNT):
    one(talk)
print(ssl.memory_info()["peak"])
"""

CLIENT = (
    MEASURE
    + """
c = context(ssl.PROTOCOL_TLS_CLIENT)

def talk(data):
    s = c.wrap_socket(dial(), server_hostname=NAME)
    data.append(s.read(5))
    s.write(b"ping")
    data.append(s.read(1))
    s.close()
"""
    + REPEAT
)

SERVER = (
    MEASURE
    + """
c = context(ssl.PROTOCOL_TLS_SERVER)
l = listen()

def talk(data):
    s = c.wrap_socket(l.accept()[0], server_side=True)
    data.append(s.read(4))
    s.write(b"hello")
    data.append(s.read(1))
    s.close()
"""
    + REPEAT
)


def parameters(groups: Mapping[str, Group[T]]) -> list[ParameterSet]:
    """Groups for pytest.mark.parametrize()."""
    needed = [pytest.mark.requires(CAPABILITY), pytest.mark.quick_boards]
    return [pytest.param(name, marks=[] if group.everywhere else needed) for name, group in groups.items()]


@dataclass(frozen=True)
class Row(Generic[T]):
    """One connection. `fresh`: nothing is known of those before."""

    name: str
    case: Case[T]
    script: T
    fresh: bool = True


def rows_of(board: Board, group: Group[T], honest: T) -> list[Row[T]]:
    """The connections of a group in their order, with honest ones around. Some boards go through few."""
    quiet = Row("an honest one", Case("", honest), honest)
    rows = [quiet] * SETTLING
    goes_through_all = CAPABILITY in board.capabilities and not read_description(board.name).is_slow
    for name in group.cases if goes_through_all else group.everywhere:
        case = group.cases[name]
        for number, script in enumerate(case.earlier):
            rows.append(Row(f"{name}, before", Case("", script), script, fresh=number == 0))
        rows.append(Row(name, case, case.script, fresh=not case.earlier))
    return [*rows, quiet]


def complaint(row: Row[T], line: str, seen: Seen) -> str | None:
    """What is wrong with a connection, or None."""
    data, failure, _ = ast.literal_eval(line)
    alerts = [alert.name for alert in seen.alerts if alert.level == "fatal"]
    tolerated = row.case.tolerated
    if tolerated and failure is None and not alerts and seen.established:
        return None
    refused = failure is not None and b"".join(data) == b"" and len(alerts) <= 1 and seen.ending in ("fin", "reset")
    if not tolerated and refused and row.case.allows(alerts[0] if alerts else None):
        return None
    wanted = "success" if tolerated else f"alert {row.case.alert}"
    return f"{row.name}: expected {wanted}; the board read {data} and raised {failure}; the peer saw {seen.describe()}"


def expect(lines: Sequence[str], rows: Sequence[Row[T]], seen: Sequence[Seen]) -> None:
    """Fail with all that is not as its case says. `lines`: what the board printed."""
    *lines, peak = lines
    assert len(lines) == len(rows), lines
    wrong = [complaint(row, line, one) for row, line, one in zip(rows, lines, seen, strict=True)]
    assert [text for text in wrong if text] == [], "\n".join(text for text in wrong if text)
    memory = [ast.literal_eval(line)[2] for line in lines]
    first, last = memory[SETTLING - 1], memory[-1]
    assert first[1:] == last[1:] and last[0] - first[0] < LAST_WORDS, f"in use after each connection: {memory}"
    assert int(peak) < PEAK
