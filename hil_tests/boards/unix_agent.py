# SPDX-License-Identifier: MIT
# mypy: ignore-errors
"""Runs inside the unix port: a raw REPL on standard input and output, which that port lacks before version 1.27.

It answers Ctrl-A with the banner and takes scripts by raw paste; that is all that the rig's transport needs. Ctrl-C is
SIGINT. End of input ends the process. Scripts share one set of globals, as at a prompt.
"""

import sys

WINDOW = 128
BANNER = b"raw REPL; CTRL-B to exit\r\n>"


def _receive(read, write):
    write(b"R\x01" + bytes((WINDOW & 0xFF, WINDOW >> 8)) + b"\x01")
    code = bytearray()
    while True:
        byte = read(1)
        if byte == b"\x04":
            write(byte)
            return code
        if not byte:
            raise EOFError
        code += byte
        if len(code) % WINDOW == 0:
            write(b"\x01")


def _run(code, scope, write):
    # Ctrl-C can come at any point, also after the script's end: it must never end the agent.
    try:
        try:
            exec(code, scope)
            write(b"\x04")
        except BaseException as error:
            write(b"\x04")
            sys.print_exception(error)
    except KeyboardInterrupt:
        pass
    write(b"\x04>")


def _serve(read, write):
    scope = {"__name__": "__main__"}
    while True:
        try:
            byte = read(1)
            if byte == b"\x01":
                write(BANNER)
            elif byte == b"\x05" and read(2) == b"A\x01":
                _run(_receive(read, write), scope, write)
            elif not byte:
                return
        except EOFError:
            return
        except KeyboardInterrupt:
            pass


_serve(sys.stdin.buffer.read, sys.stdout.buffer.write)
