"""The rotating code that a till verifies without a network."""

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from config.card_keys import seeds_of
from config.outbox.delivery import deliver_due
from members.errors import CardCodeNotValid
from members.models import Member, SignIn
from members.queries.members import get_member, lookup_of, recall_of
from members.rules.identities import MemberKey
from members.rules.offline_cards import Fault, OfflineCode, verify_offline
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.merging import merge_members, undo_merge
from members.tasks import purge_spent_sign_ins
from tests.members import card_vectors
from tests.members.card_vectors import AT, DEVICE, certificate, code_of, house_keys
from tests.members.factories import MemberFactory, bearer_of
from tests.members.offline_cards import Device, device_of

VECTORS = Path(__file__).resolve().parent.parent.parent / "docs" / "card-codes.json"
HOUSE, NEXT_HOUSE = b"h" * 32, b"n" * 32


@pytest.fixture
def ada(db: None, settings: Settings) -> Member:
    settings.CARD_KEYS = [HOUSE]
    return MemberFactory(given_name="Ada")


def named_by(code: str, now: datetime) -> tuple[str, str]:
    return lookup_of(MemberKey(qr=code), region="", now=now)


def refusal_of(code: str, now: datetime) -> str:
    with pytest.raises(CardCodeNotValid) as refused:
        named_by(code, now)
    return refused.value.detail


def keys_told(till: Client) -> dict[str, bytes]:
    told = till.get("/api/v1/card/keys").json()["keys"]
    return {key["id"]: base64.urlsafe_b64decode(key["public_key"] + "=") for key in told}


def test_the_codes_of_the_document_are_those_of_the_house() -> None:
    assert json.loads(VECTORS.read_text()) == card_vectors.vectors(), "python -m tests.members.card_vectors"


@pytest.mark.parametrize(
    ("code", "at", "expected"),
    [case[1:] for case in card_vectors.cases()],
    ids=[c[0] for c in card_vectors.cases()],
)
def test_a_till_without_a_network_knows_whose_a_code_is_or_why_it_is_not(
    code: str, at: datetime, expected: str
) -> None:
    judged = verify_offline(code, house_keys(), at)
    assert (judged.member_ref if isinstance(judged, OfflineCode) else judged.value) == expected


def test_no_letter_of_a_code_can_be_another() -> None:
    good = code_of(certificate(), DEVICE, AT)
    for place, letter in enumerate(good):
        for other in {"A", "7", "0", "."} - {letter}:
            spoilt = good[:place] + other + good[place + 1 :]
            assert isinstance(verify_offline(spoilt, house_keys(), AT), Fault), (place, other)


def test_a_code_fits_a_qr_code_of_version_10_with_medium_correction() -> None:
    code = code_of(certificate(), DEVICE, AT)
    drawn = segno.make(code, error="m", boost_error=False)
    assert (len(code), drawn.mode, drawn.version) == (311, "alphanumeric", 10)


def test_an_app_is_certified_and_a_till_verifies_its_code_with_what_it_fetched(
    ada: Member, till: Client, now: datetime
) -> None:
    house_keys = keys_told(till)
    device = device_of(ada, now=now)
    code = device.shows(now)
    judged = verify_offline(code, house_keys, now)
    assert isinstance(judged, OfflineCode)
    assert (judged.member_ref, judged.key_id) == (ada.ref, *house_keys)
    assert named_by(code, now) == ("ref", ada.ref)
    found = till.post("/api/v1/till/presence/code", {"member": {"qr": code}}, content_type="application/json")
    assert found.status_code == 202


def test_a_code_costs_one_statement_as_the_other_kind_does(
    ada: Member, now: datetime, django_assert_num_queries: Any
) -> None:
    code = device_of(ada, now=now).shows(now)
    with django_assert_num_queries(1):
        named_by(code, now)


@pytest.mark.parametrize(
    ("late_s", "is_taken"), [(-60, True), (0, True), (60, True), (121, False), (-121, False)]
)
def test_a_code_is_good_for_its_minute_and_the_ones_beside_it(
    ada: Member, now: datetime, late_s: int, is_taken: bool
) -> None:
    device = device_of(ada, now=now)
    code, at = device.shows(now), now + timedelta(seconds=late_s)
    assert (recall_of(MemberKey(qr=code), region="", now=at)[1] == "") == is_taken
    if not is_taken:
        assert "not of this minute" in refusal_of(code, at)


def test_a_certificate_is_good_for_its_days_and_is_renewed(
    ada: Member, now: datetime, settings: Settings
) -> None:
    settings.CARD_CERTIFICATE_DAYS = 3
    device = device_of(ada, now=now)
    good_until = datetime.fromisoformat(device.ask().json()["good_until"])
    assert timedelta(days=3) < good_until - now <= timedelta(days=4)
    last = good_until - timedelta(seconds=1)
    assert named_by(device.shows(last), last) == ("ref", ada.ref)
    assert "has run out" in refusal_of(device.shows(good_until), good_until)
    with time_machine.travel(good_until):
        device.app = Client(headers={"authorization": bearer_of(ada, now=good_until)})
        device.certificate = device.ask().json()["certificate"]
    assert named_by(device.shows(good_until), good_until) == ("ref", ada.ref)


def test_a_house_key_is_rotated_and_later_taken_away(
    ada: Member, till: Client, now: datetime, settings: Settings
) -> None:
    old = device_of(ada, now=now)
    settings.CARD_KEYS = [NEXT_HOUSE, HOUSE]
    new = device_of(ada, now=now)
    assert list(keys_told(till)) == [new.certificate.split(".")[1], old.certificate.split(".")[1]]
    assert named_by(old.shows(now), now) == named_by(new.shows(now), now) == ("ref", ada.ref)
    settings.CARD_KEYS = [NEXT_HOUSE]
    assert "used no more" in refusal_of(old.shows(now), now)
    assert named_by(new.shows(now), now) == ("ref", ada.ref)


def test_a_device_that_is_signed_out_names_nobody_and_the_others_still_do(ada: Member, now: datetime) -> None:
    lost, kept = device_of(ada, now=now), device_of(ada, now=now)
    code = lost.shows(now)
    lost.sign_out()
    assert "signed out" in refusal_of(code, now)
    later = now + timedelta(minutes=5)
    with pytest.raises(CardCodeNotValid):
        recall_of(MemberKey(qr=lost.shows(later)), region="", now=later)
    assert named_by(kept.shows(now), now) == ("ref", ada.ref)
    assert named_by(kept.shows(later), later) == ("ref", ada.ref)
    with time_machine.travel(now + timedelta(days=2)):
        purge_spent_sign_ins()
    assert SignIn.objects.count() == 1
    assert "signed out" in refusal_of(lost.shows(now), now)


def test_another_key_of_the_device_takes_the_place_of_the_first(ada: Member, now: datetime) -> None:
    device = device_of(ada, now=now)
    renewed = Device(device.app)
    renewed.certificate = renewed.ask().json()["certificate"]
    assert named_by(renewed.shows(now), now) == ("ref", ada.ref)
    assert "another key" in refusal_of(device.shows(now), now)


def test_a_device_goes_with_its_member_into_a_merge_and_out_of_it(ada: Member, now: datetime) -> None:
    stays = MemberFactory(given_name="Grace")
    device = device_of(ada, now=now)
    merged = merge_members(going_id=ada.pk, staying_id=stays.pk, actor="staff:1", now=now)
    device.certificate = device.ask().json()["certificate"]
    code = MemberKey(qr=device.shows(now))
    assert get_member(code, region="", now=now).ref == stays.ref
    undo_merge(merged.pk, actor="staff:1", now=now + timedelta(minutes=1))
    assert get_member(code, region="", now=now).ref == ada.ref


def test_who_is_erased_is_named_by_no_code_and_their_key_is_gone(ada: Member, now: datetime) -> None:
    device = device_of(ada, now=now)
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)
    while deliver_due(now=now):
        pass
    due = now + timedelta(days=14)
    erase_member(request.pk, now=due)
    assert erase_member(request.pk, now=due + IN_FLIGHT)
    assert "Nobody is a member" in refusal_of(device.shows(due), due)
    assert not SignIn.objects.exists()


def test_a_certificate_of_one_device_serves_no_other(ada: Member, now: datetime) -> None:
    device, thief = device_of(ada, now=now), device_of(MemberFactory(), now=now)
    thief.certificate = device.certificate
    assert refusal_of(thief.shows(now), now) == CardCodeNotValid.title


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "A" * 42 + "B", "+" * 43])
def test_what_is_no_public_key_is_refused(ada: Member, now: datetime, key: str) -> None:
    device = device_of(ada, now=now)
    assert device.ask(key or "=").status_code == 422
    assert named_by(device.shows(now), now) == ("ref", ada.ref)


def test_a_house_without_a_key_certifies_nobody_and_says_so(
    ada: Member, till: Client, now: datetime, settings: Settings
) -> None:
    device = device_of(ada, now=now)
    settings.CARD_KEYS = []
    answer = Device(device.app).ask()
    assert (answer.status_code, answer.json()["code"]) == (404, "offline_cards_not_issued")
    assert "CARD_KEYS" in answer.json()["detail"]
    assert till.get("/api/v1/card/keys").json() == {"keys": []}
    settings.CARD_KEYS = [HOUSE]
    assert named_by(device.shows(now), now) == ("ref", ada.ref), "the refused key took nobody's place"


def test_keys_are_told_to_tills_and_devices_certified_for_members_alone(ada: Member, till: Client) -> None:
    assert Client().get("/api/v1/card/keys").status_code == 401
    assert Device(Client()).ask().status_code == 401
    assert Device(till).ask().status_code == 403


@pytest.mark.parametrize("text", ["short", "A" * 44, "!" * 43])
def test_a_house_key_that_is_none_is_noticed_at_the_start(text: str) -> None:
    good = base64.urlsafe_b64encode(HOUSE).decode().rstrip("=")
    assert seeds_of([good, " ", ""]) == [HOUSE]
    with pytest.raises(ImproperlyConfigured, match="key 2 is no 32 bytes"):
        seeds_of([good, text])
