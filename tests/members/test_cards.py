"""Card numbers that scanners read, and the rotating code that cannot be copied for long."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given, strategies as st

from members.errors import CardCodeNotValid
from members.models import Member
from members.queries.cards import get_card
from members.queries.members import lookup_of
from members.rules.cards import (
    STEP_S,
    card_number,
    code_at,
    has_right_check_digit,
    is_fresh,
    is_genuine,
    read_code,
)
from members.rules.identities import MemberKey
from members.services.cards import give_card
from tests.members.factories import NOW, MemberFactory


def test_a_card_number_ends_with_the_check_digit_of_ean_13() -> None:
    assert card_number(1_234_567_890) == "2912345678906"


@given(st.integers(0, 10**10 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(chance: int, place: int, off: int) -> None:
    number = card_number(chance)
    wrong = number[:place] + str((int(number[place]) + off) % 10) + number[place + 1 :]

    assert has_right_check_digit(number)
    assert not has_right_check_digit(wrong)


@given(st.integers(0, STEP_S - 1), st.integers(-200, 200))
def test_a_code_is_taken_for_its_minute_and_one_before_and_after(begun_s: int, later_s: int) -> None:
    shown_at = NOW + timedelta(seconds=begun_s)
    payload, valid_until = code_at("mem_1", b"secret", shown_at)
    code = read_code(payload)

    assert code is not None
    assert timedelta(0) < valid_until - shown_at <= timedelta(seconds=STEP_S)
    steps = (begun_s + later_s) // STEP_S
    assert is_fresh(code, shown_at + timedelta(seconds=later_s)) == (abs(steps) <= 1)
    assert is_genuine(code, b"secret")
    assert not is_genuine(code, b"another")


@pytest.mark.django_db
def test_the_code_of_the_app_names_its_member(app_of: Callable[[Member], Client], now: datetime) -> None:
    member = MemberFactory()

    card = app_of(member).get("/api/v1/me/card").json()

    assert lookup_of(MemberKey(qr=card["payload"]), region="", now=now) == ("ref", member.ref)
    assert card["card"] == member.identities.get(kind="card").value
    assert card["payload"] == card["payload"].upper(), "QR codes hold upper case in half the space"


@pytest.mark.django_db
def test_a_code_that_is_over_names_nobody() -> None:
    payload = get_card(MemberFactory().pk, now=NOW).payload

    with pytest.raises(CardCodeNotValid):
        lookup_of(MemberKey(qr=payload), region="", now=NOW + timedelta(minutes=5))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spoil",
    [
        lambda payload: payload[:-1] + ("0" if payload[-1] != "0" else "1"),
        lambda payload: payload.replace("RC1", "RC2"),
        lambda payload: payload.rpartition(".")[0],
        lambda payload: payload.replace(".", "..", 1),
        lambda payload: "RC1.MEM.99999999999.0000000000000000",
        lambda payload: "2912345678904",
        lambda payload: "é",
    ],
)
def test_a_spoilt_code_names_nobody(spoil: Callable[[str], str]) -> None:
    payload = get_card(MemberFactory().pk, now=NOW).payload

    with pytest.raises(CardCodeNotValid):
        lookup_of(MemberKey(qr=spoil(payload)), region="", now=NOW)


@pytest.mark.django_db
def test_the_newest_card_number_is_the_one_shown() -> None:
    member = MemberFactory()

    number = give_card(member.pk, now=NOW)

    assert get_card(member.pk, now=NOW).number == number
    assert member.identities.filter(kind="card").count() == 2
