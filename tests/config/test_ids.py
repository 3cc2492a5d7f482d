"""Refs: made in order, read without doubt."""

import time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

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
