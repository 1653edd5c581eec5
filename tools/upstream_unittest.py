# SPDX-License-Identifier: MIT
"""Runs on MicroPython, as module `unittest`: what upstream's TLS tests need of it.

For source trees that come without micropython-lib. It ends with the lines by which upstream's runner knows the result.
"""

import sys


class TestCase:
    """Base of the test classes that main() finds."""


def _run(case: type, name: str) -> bool:
    try:
        getattr(case(), name)()
    except Exception as error:  # noqa: BLE001, any exception is a failed test
        print("ERROR:", case.__name__, name)
        sys.print_exception(error)  # type: ignore[attr-defined]  # MicroPython's own
        return False
    return True


def _is_case(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, TestCase) and value is not TestCase


def main() -> None:
    """Run every method test… of every TestCase of the main script, and print the result."""
    main_script = __import__("__main__").__dict__
    cases = [value for value in main_script.values() if _is_case(value)]
    results = [_run(case, name) for case in cases for name in dir(case) if name.startswith("test")]
    errors = results.count(False)
    print("-" * 70)
    print(f"Ran {len(results)} tests\n")
    print(f"FAILED (failures=0, errors={errors})" if errors else "OK")
