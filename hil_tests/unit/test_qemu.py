# SPDX-License-Identifier: MIT
"""The QEMU driver without QEMU: every way it can fail to start names cause and cure."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hil_tests.boards.description import BoardDescription
from hil_tests.boards.qemu import QemuBoard
from hil_tests.boards.qmp import Qmp
from hil_tests.boards.settings import read_emulator
from hil_tests.errors import BoardError, BootFailed, RigError, ToolMissing


def settings(program: str, arguments: list[str]) -> dict[str, object]:
    return {
        "console": {"ready": ">>> ", "crash": "FATAL: "},
        "network": {"host": "10.0.2.2"},
        "filesystem": {"block_size": 4096, "block_count": 16},
        "emulator": {"program": program, "package": "the-package", "arguments": arguments, "defaults": {"a": "b"}},
    }


def describe(folder: Path, whole: Mapping[str, object]) -> BoardDescription:
    image = folder / "image.elf"
    image.touch()
    return BoardDescription("VIRT", "qemu", image, frozenset(), whole)


def make_program(folder: Path, body: str) -> str:
    program = folder / "emulator"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


def test_a_missing_emulator_names_its_package(tmp_path: Path) -> None:
    board = QemuBoard(describe(tmp_path, settings("no-such-emulator", [])), tmp_path / "image.elf", tmp_path)
    with pytest.raises(ToolMissing, match="no-such-emulator is not installed; install the Debian package the-package"):
        board.boot()


def test_an_emulator_that_dies_shows_what_it_said(tmp_path: Path) -> None:
    program = make_program(tmp_path, "echo 'port refused by policy' >&2; exit 1")
    board = QemuBoard(describe(tmp_path, settings(program, [])), tmp_path / "image.elf", tmp_path)
    with pytest.raises(BootFailed, match=r"VIRT: no prompt: QEMU .*(.|\n)*stderr\.log\n(.|\n)*port refused by policy"):
        board.boot()


def test_a_console_that_refuses_connections_is_a_failed_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil_tests.boards.qemu.QUIT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    board = QemuBoard(describe(tmp_path, settings(_fake_qemu(tmp_path, port), [])), tmp_path / "image.elf", tmp_path)
    with pytest.raises(BootFailed, match="no prompt: .*Connection refused"):
        board.boot()


def test_a_board_without_prompt_is_a_failed_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil_tests.boards.qemu.QemuBoard.boot_seconds", 0.2)
    monkeypatch.setattr("hil_tests.boards.qemu.QUIT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as console:
        program = _fake_qemu(tmp_path, console.getsockname()[1])
        board = QemuBoard(describe(tmp_path, settings(program, [])), tmp_path / "image.elf", tmp_path)
        with pytest.raises(BootFailed, match=r"expected b'>>> ' within 0\.2 s, seen b''"):
            board.boot()


def test_arguments_are_filled_in_with_an_ephemeral_serial_port(tmp_path: Path) -> None:
    whole = settings("qemu", ["-kernel", "{image}", "-serial", "tcp::{serial_port}", "{flash_image}", "{a}"])
    emulator = read_emulator(describe(tmp_path, whole))
    filled = emulator.command(Path("/i"), Path("/f"))
    assert filled == ["-kernel", "/i", "-serial", "tcp::0", "/f", "b"]


def test_a_placeholder_without_value_is_named(tmp_path: Path) -> None:
    emulator = read_emulator(describe(tmp_path, settings("qemu", ["{surprise}"])))
    with pytest.raises(RigError, match="{surprise}"):
        emulator.command(Path("/i"), Path("/f"))


@pytest.mark.parametrize("section", ["console", "network", "filesystem", "emulator"])
def test_a_missing_section_is_named(tmp_path: Path, section: str) -> None:
    whole = settings("qemu", [])
    del whole[section]
    with pytest.raises(RigError, match=f"VIRT/board.json: .*{section}"):
        read_emulator(describe(tmp_path, whole))


def test_qmp_keeps_events_and_answers_apart() -> None:
    ours, theirs = socket.socketpair()
    said = [{"QMP": {}}, {"return": {}}, {"event": "RESET"}, {"return": 7}, {"event": "STOP"}]
    theirs.sendall(b"".join(json.dumps(message).encode() + b"\n" for message in said))
    qmp = Qmp(ours)
    qmp.greet()
    assert qmp.execute("query-x") == 7
    assert [event["event"] for event in qmp.events()] == ["RESET", "STOP"]
    assert qmp.events() == []
    qmp.close()
    theirs.close()


def test_a_refused_qmp_command_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b'{"error": {"desc": "no such thing"}}\n')
    with pytest.raises(BoardError, match="refused query-x: no such thing"):
        Qmp(ours).execute("query-x")
    theirs.close()


def _fake_qemu(folder: Path, console_port: int) -> str:
    """A program that speaks enough QMP to say where its console is."""
    answers = [
        {"QMP": {}},
        {"return": {}},
        {"return": [{"label": "serial0", "filename": f"disconnected:tcp:127.0.0.1:{console_port},server=on"}]},
        {"return": {}},
        {"return": {}},
    ]
    # Its control connection is the descriptor that its arguments name: "socket,id=control,fd=N".
    lines = [
        f"#!{sys.executable}",
        "import re, socket, sys, time",
        "control = socket.socket(fileno=int(re.search(r'fd=(\\d+)', ' '.join(sys.argv)).group(1)))",
        f"control.sendall({b''.join(json.dumps(answer).encode() + bytes([10]) for answer in answers)!r})",
        "time.sleep(60)",
    ]
    program = folder / "emulator"
    program.write_text("\n".join(lines))
    program.chmod(0o755)
    return str(program)
