"""A member proves to a till that it is them, by a code that is sent to them and told to the cashier."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from config.outbox.models import Event
from members.models import Member, Presence, SignIn
from members.queries.presence import is_present
from members.rules.identities import claim
from members.services.enrolment import enrol
from members.tasks import purge_spent_sign_ins
from omnichannel.services.keys import make_key
from tests.members.conftest import client_of
from tests.members.factories import MemberFactory

PHONE = "+12125550142"

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory(phone=PHONE)


def ask(till: Client, **member: str) -> tuple[int, dict]:
    answer = till.post("/api/v1/till/presence/code", {"member": member}, content_type="application/json")
    return answer.status_code, answer.json()


def prove(till: Client, code: str, phone: str = PHONE) -> tuple[int, dict]:
    body = {"member": {"phone": phone}, "code": code}
    answer = till.post("/api/v1/till/presence", body, content_type="application/json")
    return answer.status_code, answer.json()


def present(member: Member) -> bool:
    caller = Presence.objects.get().caller
    return is_present(member.pk, caller=caller, now=datetime.now(UTC))


def test_a_member_proves_to_be_there_for_some_minutes(
    till: Client, member: Member, send_codes: Callable[[], str]
) -> None:
    assert ask(till, phone=PHONE) == (202, {"sent_to": "+1•••42"})
    status, told = prove(till, send_codes())
    assert status == 200
    assert present(member)
    with time_machine.travel(datetime.fromisoformat(told["proven_until"]), tick=False):
        assert not present(member)


def test_a_code_told_to_a_cashier_signs_nobody_in(
    till: Client, member: Member, send_codes: Callable[[], str]
) -> None:
    ask(till, phone=PHONE)
    code = send_codes()
    answer = Client().post(
        "/api/v1/auth/token", {"phone": PHONE, "code": code}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "code_not_valid")
    assert not SignIn.objects.exists()
    assert prove(till, code)[0] == 200


def test_a_code_to_sign_in_proves_nothing_at_a_till(
    till: Client, member: Member, send_codes: Callable[[], str]
) -> None:
    Client().post("/api/v1/auth/code", {"phone": PHONE}, content_type="application/json")
    assert prove(till, send_codes())[0] == 401
    assert not Presence.objects.exists()


def test_a_code_proves_once_and_a_wrong_one_never(
    till: Client, member: Member, send_codes: Callable[[], str]
) -> None:
    ask(till, phone=PHONE)
    code = send_codes()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert prove(till, wrong)[1]["code"] == "code_not_valid"
    assert prove(till, code)[0] == 200
    assert prove(till, code)[0] == 401


def test_the_proof_holds_at_the_till_it_was_given_to_alone(
    till: Client, member: Member, send_codes: Callable[[], str]
) -> None:
    ask(till, phone=PHONE)
    prove(till, send_codes())
    other = make_key(name="orders", scopes=["orders"], now=datetime.now(UTC))
    assert not is_present(member.pk, caller="key:0", now=datetime.now(UTC))
    assert prove(client_of(other.text), "123456")[0] == 401


def test_who_has_neither_phone_nor_address_scans_their_card(till: Client) -> None:
    enrolled = enrol(identities=[claim("external", "shop:7")], via="web", actor="test", now=datetime.now(UTC))
    status, told = ask(till, ref=enrolled.ref)
    assert (status, told["code"]) == (409, "no_way_to_prove")
    assert ask(till, phone="+13055550199")[1]["code"] == "member_not_found"
    assert not Event.objects.filter(name="members.sign_in_code_requested").exists()


def test_proofs_are_deleted_a_day_after_they_ran_out(
    till: Client, member: Member, send_codes: Callable[[], str]
) -> None:
    ask(till, phone=PHONE)
    prove(till, send_codes())
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
        purge_spent_sign_ins()
    assert Presence.objects.exists()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=11)):
        purge_spent_sign_ins()
    assert not Presence.objects.exists()
