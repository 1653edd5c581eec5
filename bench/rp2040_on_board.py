# SPDX-License-Identifier: MIT
# mypy: ignore-errors
# ruff: noqa: F821
"""Runs on the emulated RP2040 behind bench/on_board.py: what only this board is asked."""

REPEATS = 1  # a handshake with RSA takes the emulator a minute
FULL = 100 * 1024  # bytes of the heap that are in use
BLOCK = 40  # of the size that most Python objects have


def loaded(chain):
    """Cycles of a client's handshake while FULL bytes of the heap are taken by small objects."""
    session = Session("client", chain)
    session.connect()
    session.close()
    tidy()
    ballast = []
    while gc.mem_alloc() < FULL:
        ballast.append(bytearray(BLOCK))
    _bench.measure(_bench.INSTRUCTIONS)
    session.connect()
    session.close()
    return {"instructions": _bench.result()[0], "suite": session.cipher[0], "objects": len(ballast)}


def stall_of(role, chain):
    """`stall`, or None for a module whose server cannot load such a chain."""
    try:
        CONTEXTS["server"](chain, None, False)
    except ValueError:
        return None
    return stall(role, chain)
