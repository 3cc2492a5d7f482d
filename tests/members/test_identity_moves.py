"""A phone or card that goes from one member to another: an act of its own, with evidence and a trace on both sides."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from config.outbox.models import Event
from members.errors import CodeNotValid, IdentityNotHeld, MemberNotActive, MemberNotFound, SameMember
from members.models import Identity, IdentityMove, Member, Presence, SignIn, SignInCode
from members.rules.identities import IdentityClaim, MoveEvidence
from members.services.identities import move_identity
from members.services.sign_in_codes import exchange_code, request_code
from tests.members.factories import MemberFactory, bearer_of
from tests.members.test_admin import staff

pytestmark = pytest.mark.django_db
CARD, PHONE = IdentityClaim("card", "AB12CD"), IdentityClaim("phone", "+12125550142")


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", phone=PHONE.value, card=CARD.value)


@pytest.fixture
def grace() -> Member:
    return MemberFactory(given_name="Grace", family_name="Hopper", phone="+12125550143")


def move(from_: Member, to: Member, *, now: datetime, claim: IdentityClaim = CARD) -> Identity:
    return move_identity(
        claim,
        from_member_id=from_.pk,
        to_member_id=to.pk,
        evidence=MoveEvidence.CARD_SHOWN,
        source="admin",
        actor="staff:1",
        now=now,
    )


def test_a_card_goes_to_another_member_and_leaves_a_trace(ada: Member, grace: Member, now: datetime) -> None:
    Identity.objects.filter(kind="card", value=CARD.value).update(verified_at=now)
    before = Event.objects.filter(name="members.member_changed").count()

    moved = move(ada, grace, now=now)

    assert (moved.member_id, moved.verified_at, moved.source) == (grace.pk, None, "admin")
    trace = IdentityMove.objects.get()
    assert (trace.from_member_id, trace.member_id, trace.identity_id) == (ada.pk, grace.pk, moved.pk)
    assert (trace.evidence, trace.actor) == ("card_shown", "staff:1")
    assert (trace.was_verified_at, trace.moved_at) == (now, now)
    newest = moved.events.order_by("-pgh_id").first()
    assert (newest.member_id, newest.verified_at) == (ada.pk, now)
    assert Event.objects.filter(name="members.member_changed").count() == before + 2


def test_a_trace_is_never_changed(ada: Member, grace: Member, now: datetime) -> None:
    move(ada, grace, now=now)

    for change in (lambda: IdentityMove.objects.update(kind="phone"), IdentityMove.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_it_is_only_taken_from_who_has_it(ada: Member, grace: Member, now: datetime) -> None:
    third = MemberFactory()

    with pytest.raises(IdentityNotHeld):
        move(third, grace, now=now)
    with pytest.raises(SameMember):
        move(ada, ada, now=now)
    with pytest.raises(MemberNotFound):
        move(ada, Member(pk=10**9), now=now)

    assert Identity.objects.get(kind="card", value=CARD.value).member_id == ada.pk
    assert not IdentityMove.objects.exists()


def test_nobody_who_was_erased_takes_anything_over(ada: Member, grace: Member, now: datetime) -> None:
    Member.objects.filter(pk=grace.pk).update(state="erased")

    with pytest.raises(MemberNotActive):
        move(ada, grace, now=now)


def test_a_code_that_was_asked_for_before_opens_nobodys_account_after(
    ada: Member, grace: Member, now: datetime
) -> None:
    request_code(PHONE, now=now)

    move(ada, grace, now=now, claim=PHONE)

    assert not SignInCode.objects.exists()
    with pytest.raises(CodeNotValid):
        exchange_code(PHONE, "000000", now=now)


@pytest.mark.parametrize(("claim", "stays"), [(PHONE, False), (CARD, True)])
def test_whoever_was_let_in_by_a_phone_is_let_in_no_more_once_it_moved(
    ada: Member, grace: Member, now: datetime, claim: IdentityClaim, stays: bool
) -> None:
    app = Client(headers={"authorization": bearer_of(ada, now=now)})
    other = Client(headers={"authorization": bearer_of(grace, now=now)})
    for member in (ada, grace):
        Presence.objects.create(member=member, caller="key:1", proven_at=now, expires_at=now)

    move(ada, grace, now=now, claim=claim)

    assert app.get("/api/v1/me").status_code == (200 if stays else 401)
    assert other.get("/api/v1/me").status_code == 200
    assert SignIn.objects.get(member=ada).ended_because == ("" if stays else "moved")
    assert Presence.objects.filter(member=ada).exists() == stays
    assert Presence.objects.filter(member=grace).exists()


def test_it_can_go_back(ada: Member, grace: Member, now: datetime) -> None:
    move(ada, grace, now=now)
    move(grace, ada, now=now)

    assert Identity.objects.get(kind="card", value=CARD.value).member_id == ada.pk
    assert IdentityMove.objects.count() == 2


def door(member: Member) -> str:
    return f"/api/v1/members/{member.ref}/identities/take-over"


def ask(client: Client, member: Member, **body: Any) -> Any:
    return client.post(door(member), body, content_type="application/json")


def test_an_integration_moves_it_and_reads_who_has_it(
    integration: Client, ada: Member, grace: Member
) -> None:
    answer = ask(integration, grace, card="ab12 cd", from_member=ada.ref, evidence="other_system")

    assert answer.status_code == 200
    held = {(known["kind"], known["value"]): known for known in answer.json()["identities"]}
    assert held["card", "AB12CD"]["source"] == "web"
    assert held["card", "AB12CD"]["verified_at"] is None
    assert IdentityMove.objects.get().actor.startswith("key:")


def test_the_door_refuses_what_is_not_said_clearly(integration: Client, ada: Member, grace: Member) -> None:
    known = {"from_member": ada.ref, "evidence": "card_shown"}

    both = ask(integration, grace, **known, card="AB12CD", phone=PHONE.value)
    none = ask(integration, grace, **known)
    from_itself = ask(integration, ada, **known, card="AB12CD")
    elsewhere = ask(integration, grace, card="AB12CD", from_member=MemberFactory().ref, evidence="card_shown")
    no_evidence = ask(integration, grace, card="AB12CD", from_member=ada.ref)

    assert (both.status_code, both.json()["code"]) == (422, "several_identities")
    assert (none.status_code, none.json()["code"]) == (422, "identity_missing")
    assert (from_itself.status_code, from_itself.json()["code"]) == (422, "same_member")
    assert from_itself.json()["errors"][0]["pointer"] == "/from_member"
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "identity_not_held")
    assert no_evidence.status_code == 422
    assert not IdentityMove.objects.exists()


def test_what_was_moved_is_told_again_and_nothing_happens(
    integration: Client, ada: Member, grace: Member
) -> None:
    known = {"card": "AB12CD", "evidence": "card_shown"}
    first = ask(integration, grace, from_member=ada.ref, **known)

    again = ask(integration, grace, from_member=ada.ref, **known)
    from_another = ask(integration, grace, from_member=MemberFactory().ref, **known)

    assert (again.status_code, again.json()) == (200, first.json())
    assert (from_another.status_code, from_another.json()["code"]) == (409, "identity_not_held")
    assert IdentityMove.objects.count() == 1


def test_a_till_moves_nothing(till: Client, ada: Member, grace: Member) -> None:
    answer = ask(till, grace, card="AB12CD", from_member=ada.ref, evidence="card_shown")

    assert answer.status_code == 403


def test_a_manager_moves_it_and_both_pages_say_so(ada: Member, grace: Member) -> None:
    manager = staff("store manager")
    page = f"/admin/members/member/{grace.pk}/take-over/"

    answer = manager.post(page, {"kind": "card", "value": "AB12CD", "evidence": "card_shown"}, follow=True)

    assert Identity.objects.get(kind="card", value=CARD.value).member_id == grace.pk
    assert f"from Ada {ada.family_name}" in answer.content.decode()
    given_up = manager.get(f"/admin/members/member/{ada.pk}/change/").content.decode()
    assert "to Grace Hopper" in given_up
    assert "card shown" in given_up
    assert "store-manager" in given_up


@pytest.mark.parametrize(
    ("value", "says"),
    [("ZZ99", "Nobody goes by this"), ("AB", "4 to 32"), ("GRACE1", "goes by it already")],
)
def test_the_form_says_what_is_wrong(ada: Member, value: str, says: str) -> None:
    grace = MemberFactory(card="GRACE1")
    manager = staff("store manager")

    answer = manager.post(
        f"/admin/members/member/{grace.pk}/take-over/",
        {"kind": "card", "value": value, "evidence": "card_shown"},
    )

    assert says in answer.content.decode()
    assert not IdentityMove.objects.exists()


def test_a_cashier_moves_nothing(ada: Member, grace: Member) -> None:
    cashier = staff("cashier")

    answer = cashier.post(
        f"/admin/members/member/{grace.pk}/take-over/",
        {"kind": "card", "value": "AB12CD", "evidence": "card_shown"},
    )

    assert answer.status_code == 403
    assert "Take over" not in cashier.get(f"/admin/members/member/{grace.pk}/change/").content.decode()
    assert not IdentityMove.objects.exists()
