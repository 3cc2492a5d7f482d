"""Refs: made in order, read without doubt."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from hypothesis import given, strategies as st

from config.ground.ids import base32, is_ref, new_ref

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def value_of(digits: str) -> int:
    """Crockford's base32 read by the book."""
    value = 0
    for digit in digits:
        value = value * 32 + ALPHABET.index(digit)
    return value


@given(st.integers(0, 2**128 - 1))
def test_base32_loses_nothing(value: int) -> None:
    assert len(base32(value)) == 26
    assert value_of(base32(value)) == value


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_base32_sorts_as_the_numbers_do(one: int, other: int) -> None:
    assert (base32(one) < base32(other)) is (one < other)


def test_a_ref_holds_a_uuid_of_version_7_and_the_moment_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    uuid = UUID(int=value_of(new_ref("ord").removeprefix("ord_")))
    after = time.time_ns() // 1_000_000

    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")
    assert before <= uuid.int >> 80 <= after


def test_refs_do_not_repeat() -> None:
    assert len({new_ref("mem") for _ in range(10_000)}) == 10_000


def test_threads_do_not_share_their_chance() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: new_ref("mem"), range(20_000)))
    assert len(set(made)) == 20_000


def test_a_forked_process_makes_other_refs_than_its_parent() -> None:
    script = (
        "import os\n"
        "from config.ground.ids import new_ref\n"
        "new_ref('ord')\n"
        "child = os.fork()\n"
        "made = ' '.join(new_ref('ord') for _ in range(50))\n"
        "os.write(1, (made + ' ').encode())\n"
        "if child:\n"
        "    os.waitpid(child, 0)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    chances = [value_of(ref.removeprefix("ord_")) & (2**62 - 1) for ref in told.split()]
    assert len(chances) == len(set(chances)) == 100


@given(st.sampled_from(["mem", "ord", "vch"]))
def test_a_ref_is_one_of_its_prefix_only(prefix: str) -> None:
    ref = new_ref(prefix)

    assert is_ref(ref, prefix)
    assert not is_ref(ref, "xyz")
    assert not is_ref(ref.upper(), prefix)
    assert not is_ref(ref[:-1], prefix)
    assert not is_ref(ref + "\n", prefix)


@given(st.text())
def test_hardly_any_text_is_a_ref(text: str) -> None:
    assert not is_ref(text, "mem")
