"""Enrolling at the door: by phone alone, once per person, and what is refused."""

import pytest
from django.test import Client

from config.outbox.models import Event
from members.models import Consent, ConsentEvent, Identity, Member
from tests.members.factories import MemberFactory

PHONE = "0912 345 678"
E164 = "+886912345678"


def enrol(client: Client, **body: object) -> tuple[int, dict]:
    answer = client.post("/api/v1/members", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_a_phone_alone_is_enough_at_a_till(till: Client) -> None:
    status, member = enrol(till, phone=PHONE)

    assert status == 201
    assert member["enrolled_via"] == "till"
    assert member["enrolled_at_place"] == "S12"
    phone, card = member["identities"]
    assert (phone["kind"], phone["value"], phone["verified_at"]) == ("phone", E164, None)
    assert card["kind"] == "card"
    assert len(card["value"]) == 13


def test_a_new_member_is_announced_once(till: Client) -> None:
    _, member = enrol(till, phone=PHONE)
    enrol(till, phone=E164)

    event = Event.objects.get(name="members.member_enrolled")
    assert event.member_id == Member.objects.get().pk
    assert event.payload == {
        "member_ref": member["ref"],
        "via": "till",
        "place_code": "S12",
        "programme_code": "tea",
        "referral_code": "",
    }


def test_who_is_a_member_is_answered_and_left_as_they_are(till: Client) -> None:
    _, first = enrol(till, phone=PHONE, given_name="Da-Ming", family_name="Wang")

    status, second = enrol(till, phone=E164, email="thief@example.com", given_name="Mallory")

    assert status == 200
    assert second == first
    assert not Identity.objects.filter(kind="email").exists()


def test_identities_of_two_members_are_refused_naming_both(till: Client) -> None:
    ada, bob = MemberFactory(phone=E164), MemberFactory(email="bob@example.com")

    status, problem = enrol(till, phone=PHONE, email="Bob@Example.com")

    assert status == 409
    assert problem["code"] == "identities_of_two_members"
    assert problem["conflicts"] == [
        {"kind": "email", "value": "bob@example.com", "member": bob.ref},
        {"kind": "phone", "value": E164, "member": ada.ref},
    ]
    assert Member.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "identity_missing", None),
        ({"phone": "12"}, "identity_not_valid", "/phone"),
        ({"email": "nobody"}, "identity_not_valid", "/email"),
        ({"card": "2900000000002"}, "identity_not_valid", "/card"),
        ({"phone": PHONE, "birth_month": 2, "birth_day": 30}, "birthday_not_valid", "/birth_day"),
        ({"phone": PHONE, "birth_month": 2}, "birthday_not_valid", "/birth_month"),
        ({"phone": PHONE, "points": 500}, "invalid_input", "/points"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    till: Client, body: dict[str, object], code: str, pointer: str | None
) -> None:
    status, problem = enrol(till, **body)

    assert status == 422
    assert problem["code"] == code
    if pointer:
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not Member.objects.exists()
    assert not Event.objects.exists()


def test_consents_are_kept_with_their_evidence(till: Client) -> None:
    said = [{"channel": "email", "purpose": "marketing", "is_given": True, "text_version": "2026-01"}]

    enrol(till, phone=PHONE, consents=said)

    consent, event = Consent.objects.get(), ConsentEvent.objects.get()
    assert (consent.channel, consent.purpose, consent.is_given) == ("email", "marketing", True)
    assert (event.source, event.place_code, event.text_version) == ("till", "S12", "2026-01")
    assert event.actor.startswith("key:")


def test_a_birth_date_brings_its_birthday(till: Client) -> None:
    _, member = enrol(till, phone=PHONE, birth_date="1990-02-28")

    assert (member["birth_date"], member["birth_month"], member["birth_day"]) == ("1990-02-28", 2, 28)


def test_an_integration_may_say_by_which_way_somebody_came(integration: Client) -> None:
    external = {"source": "webshop", "id": "4711"}

    status, member = enrol(integration, external=external, via="app")

    assert status == 201
    assert member["enrolled_via"] == "app"
    assert member["identities"][0]["value"] == "webshop:4711"


def test_a_member_s_own_token_cannot_enrol_anybody(app_of, db: None) -> None:
    app = app_of(MemberFactory())

    status, problem = enrol(app, phone=PHONE)

    assert (status, problem["code"]) == (403, "not_allowed")
    assert Member.objects.count() == 1
