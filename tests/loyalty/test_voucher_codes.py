"""Codes of vouchers: nobody guesses one, and a slip of the fingers is told from a code that nobody gave out."""

from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from loyalty.rules.voucher_codes import (
    ALPHABET,
    LENGTH,
    check_letter,
    is_mistyped,
    new_codes,
    normal_form,
    shown_form,
)

bodies = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


def test_codes_are_as_many_as_wanted_and_each_is_right() -> None:
    codes = list(new_codes(25_000))
    assert len(set(codes)) == 25_000
    assert {len(code) for code in codes} == {LENGTH}
    assert not any(is_mistyped(code) for code in codes)


def test_every_letter_is_as_likely_as_every_other() -> None:
    letters = "".join(new_codes(20_000))
    expected = len(letters) / len(ALPHABET)
    assert all(abs(letters.count(letter) / expected - 1) < 0.06 for letter in ALPHABET)


@given(bodies, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_single_wrong_letter_is_always_seen(body: str, place: int, wrong: str) -> None:
    code = body + check_letter(body)
    typed = code[:place] + wrong + code[place + 1 :]
    assert is_mistyped(typed) == (typed != code)


@given(bodies)
def test_two_letters_that_changed_places_are_always_seen(body: str) -> None:
    code = body + check_letter(body)
    for first, second in combinations(range(LENGTH), 2):
        letters = list(code)
        letters[first], letters[second] = letters[second], letters[first]
        assert is_mistyped("".join(letters)) == (code[first] != code[second])


def test_no_two_letters_look_alike() -> None:
    assert not set("01OILUZ") & set(ALPHABET)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("7k3m pq8t x4dq", "7K3MPQ8TX4DQ"),
        (" 7K3M-PQ8T-X4DQ\n", "7K3MPQ8TX4DQ"),
        ("Welcome1O", "WE1C0ME10"),
        ("WELCOME10", "WE1C0ME10"),
    ],
)
def test_a_code_is_known_however_it_is_typed(typed: str, kept: str) -> None:
    assert normal_form(typed) == kept


@given(bodies)
def test_what_is_shown_is_read_back(body: str) -> None:
    code = body + check_letter(body)
    assert normal_form(shown_form(code).lower()) == code
