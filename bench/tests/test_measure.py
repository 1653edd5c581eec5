# SPDX-License-Identifier: MIT
"""From rows to tasks, and from results to values; sizes of images; the fixed identities."""

from __future__ import annotations

import random
from itertools import groupby, pairwise

import pytest
from cryptography import x509

from bench.__main__ import choose
from bench.identities import KINDS, LEVELS, chains_for, find_prime, is_prime, make_chain
from bench.images import BenchError, Size, parse_size
from bench.measure import HOST_CALL, Task, chosen_suites, collect, tasks_for, values
from bench.rows import TLS12, TLS13, Row, all_rows

SIZE_OUTPUT = """build/firmware.elf  :
section              size         addr
.text              472096   2147483648
.data                 192   2155872256
.bss               741528   2155872448
.debug_info       1000000            0
Total             2213816
"""


def row(key: str, expression: str, name: str) -> Row:
    return Row(key, "group", "title", "bytes", (expression,), lambda results: results[expression][name])


def test_calls_are_python_expressions() -> None:
    assert TLS12.call("heap", "client", None, True) == "heap('client', None, True)"


def test_calls_of_another_version_have_its_function_around() -> None:
    assert TLS13.call("host", "p256") == "tls13(lambda: host('p256'))"


def test_calls_with_a_peer_on_the_host_are_known() -> None:
    for call, known in (
        ("host('p256')", ("host('p256'", "host", "p256", ")")),
        ("tls13(lambda: bulk('rsa'))", ("tls13(lambda: bulk('rsa'", "bulk", "rsa", "))")),
        ("resumed('client', 'rsa')", None),
    ):
        match = HOST_CALL.fullmatch(call)
        assert (match and match.groups()) == known


def test_keys_of_rows_are_unique() -> None:
    keys = [row.key for row in all_rows()]
    assert len(keys) == len(set(keys))


def test_rows_of_a_group_are_next_to_each_other() -> None:
    assert len(list(groupby(row.group for row in all_rows()))) == len({row.group for row in all_rows()})


def test_a_call_that_many_rows_need_is_made_once_for_each_image_and_boot() -> None:
    tasks = tasks_for((row("a", "f()", "x"), row("b", "f()", "y")), boots=2)
    assert sorted((task.image, task.boot) for task in tasks if task.call == "f()") == [
        ("ours", 0),
        ("ours", 1),
        ("stock", 0),
        ("stock", 1),
    ]


def test_sizes_need_no_second_boot() -> None:
    tasks = tasks_for((row("a", "size()", "flash"),), boots=3)
    assert {task.boot for task in tasks} == {0}


def test_values_are_in_the_order_of_boots() -> None:
    results = {Task("ours", 1, "f()"): {"x": 11}, Task("ours", 0, "f()"): {"x": 10}, Task("stock", 0, "f()"): {"x": 5}}
    assert values(row("a", "f()", "x"), results, "ours") == (10, 11)


def test_a_suite_that_is_not_built_in_has_no_values() -> None:
    rows = tuple(candidate for candidate in all_rows() if candidate.key == "transfer.chacha20.send")
    results = {Task(image, 0, rows[0].calls[0]): None for image in ("stock", "ours")}
    results[Task("ours", 0, rows[0].calls[0])] = {"send": 57}  # type: ignore[assignment]
    (measured,) = collect(rows, results)
    assert (measured.stock, measured.ours) == ((), (57,))


def test_own_choices_are_those_of_calls_without_a_suite() -> None:
    results = {
        Task("ours", 0, "handshake('client', 'p256', None)"): {"suite": "A"},
        Task("ours", 0, "handshake('client', 'p256', 'B')"): {"suite": "B"},
        Task("stock", 0, "handshake('client', 'p256', None)"): {"suite": "C"},
    }
    assert chosen_suites(results, "ours") == "A"


def test_rows_are_chosen_by_pattern() -> None:
    assert [row.key for row in choose(all_rows(), ["flash.*", "ram.*"])] == ["flash.tls", "flash.plain", "ram.tls"]


def test_a_pattern_without_rows_is_refused() -> None:
    with pytest.raises(BenchError, match="no row matches"):
        choose(all_rows(), ["flsh.*"])


def test_sizes_are_read_from_sections() -> None:
    assert parse_size(SIZE_OUTPUT) == Size(flash=472096 + 192, ram=192 + 741528)


def test_sizes_subtract() -> None:
    assert Size(10, 5) - Size(4, 3) == Size(6, 2)


def test_output_without_sections_is_refused() -> None:
    with pytest.raises(ValueError, match="no sections"):
        parse_size("size: no such file")


@pytest.mark.parametrize("kind", KINDS)
def test_chains_are_the_same_every_time(kind: str) -> None:
    assert make_chain.__wrapped__(kind) == make_chain(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_each_certificate_is_signed_by_the_next(kind: str) -> None:
    chain = make_chain(kind)
    is_der = len(LEVELS[kind]) == 2
    load = x509.load_pem_x509_certificates
    shown = [x509.load_der_x509_certificate(chain.certificate)] if is_der else load(chain.certificate)
    for certificate, issuer in pairwise([*shown, x509.load_der_x509_certificate(chain.ca)]):
        certificate.verify_directly_issued_by(issuer)


def test_a_call_gets_the_chains_that_it_names() -> None:
    assert set(chains_for('handshake("client", "p256", None)')) == {"p256"}
    assert set(chains_for("stall('server', 'rsa')")) == {"rsa"}
    assert not chains_for("versions()")


def test_an_unknown_kind_of_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="no chain of kind 'dsa'"):
        make_chain("dsa")


def test_primes_are_told_from_composites() -> None:
    source = random.Random(1)
    # A Mersenne prime; a Mersenne number that is none; what passes one round with each of the bases 2, 3, 5, ... 23.
    assert is_prime(2**89 - 1, source)
    assert not is_prime(2**67 - 1, source)
    assert not is_prime(3825123056546413051, source)


def test_primes_have_the_size_that_was_asked_for() -> None:
    assert find_prime(random.Random(2), 128).bit_length() == 128
