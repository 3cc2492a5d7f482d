"""Two members are found to be one person: one goes by the other, and can be themselves again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from config.outbox.models import Event
from config.staff.models import Staff
from members.errors import MemberNotActive, MergeUndone, MergeWithOneself
from members.models import (
    Colleague,
    Consent,
    ConsentEvent,
    Identity,
    IdentityMove,
    LikelyPair,
    Member,
    Merge,
    MergeState,
)
from members.queries.members import find_active, goes_by_email, is_colleague
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.identities import IdentityClaim, MoveEvidence
from members.services.consents import record_consents
from members.services.identities import move_identity
from members.services.merging import finish_merges, merge_members, undo_merge
from members.services.sign_in import sign_in
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db
PHONE, OTHER = "+12125550142", "+12125550143"


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", phone=PHONE)


@pytest.fixture
def grace() -> Member:
    return MemberFactory(given_name="Grace", phone=OTHER)


def merge(going: Member, staying: Member, now: datetime) -> Merge:
    return merge_members(going_id=going.pk, staying_id=staying.pk, actor="staff:1", now=now)


def part(merged: Merge, now: datetime) -> Merge:
    return undo_merge(merged.pk, actor="staff:2", now=now + timedelta(minutes=1))


def holder(phone: str) -> int:
    return Identity.objects.get(kind="phone", value=phone).member_id


def says(member: Member, *, is_given: bool, at: datetime) -> None:
    word = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=is_given)
    record_consents(member.pk, [word], source="web", actor="member", happened_at=at, now=at)


def allows(member: Member) -> bool | None:
    return Consent.objects.filter(member=member).values_list("is_given", flat=True).first()


def test_never_18_an_old_ref_answers_with_who_stayed(
    integration: Client, ada: Member, grace: Member, now: datetime
) -> None:
    merged = merge(ada, grace, now)
    told = integration.get(f"/api/v1/members/{ada.ref}").json()
    assert (told["ref"], told["state"]) == (grace.ref, "active")
    assert {one["value"] for one in told["identities"] if one["kind"] == "phone"} == {PHONE, OTHER}
    assert find_active([("ref", ada.ref), ("phone", PHONE)]) == {
        ("ref", ada.ref): grace.pk,
        ("phone", PHONE): grace.pk,
    }
    part(merged, now)
    assert integration.get(f"/api/v1/members/{ada.ref}").json()["ref"] == ada.ref


def test_never_18_a_wrong_merge_can_be_undone_and_no_card_is_lost(
    ada: Member, grace: Member, now: datetime
) -> None:
    Identity.objects.filter(value=PHONE).update(verified_at=now)
    before = set(Identity.objects.values_list("kind", "value", "member_id", "verified_at"))

    merged = merge(ada, grace, now)

    assert not Identity.objects.filter(member=ada).exists()
    assert Identity.objects.get(value=PHONE).verified_at == now  # the person is the same
    assert set(IdentityMove.objects.values_list("evidence", flat=True)) == {"merged"}
    part(merged, now)
    assert set(Identity.objects.values_list("kind", "value", "member_id", "verified_at")) == before
    ada.refresh_from_db()
    assert (ada.state, ada.merged_into_id) == ("active", None)


def test_an_identity_that_was_moved_by_hand_since_stays_where_it_is(
    ada: Member, grace: Member, now: datetime
) -> None:
    third = MemberFactory()
    merged = merge(ada, grace, now)
    move_identity(
        IdentityClaim("phone", PHONE),
        from_member_id=grace.pk,
        to_member_id=third.pk,
        evidence=MoveEvidence.CODE_TOLD,
        source="admin",
        actor="staff:1",
        now=now,
    )
    part(merged, now)
    assert holder(PHONE) == third.pk


def test_who_is_merged_again_takes_those_before_along(ada: Member, grace: Member, now: datetime) -> None:
    third = MemberFactory()
    first, second = merge(ada, grace, now), merge(grace, third, now)
    assert set(Member.objects.filter(merged_into=third).values_list("pk", flat=True)) == {ada.pk, grace.pk}
    assert holder(PHONE) == third.pk

    part(second, now)
    ada.refresh_from_db()
    assert (ada.merged_into_id, holder(PHONE)) == (grace.pk, grace.pk)
    part(first, now)
    assert holder(PHONE) == ada.pk


@pytest.mark.parametrize(
    "words", [(False, True, False), (True, False, False), (True, None, None), (None, True, True)]
)
def test_the_stricter_word_holds_and_comes_undone(
    ada: Member, grace: Member, now: datetime, words: tuple[bool | None, ...]
) -> None:
    gone, stays, after = words
    earlier = now - timedelta(days=1)
    for member, word in ((ada, gone), (grace, stays)):
        if word is not None:
            says(member, is_given=word, at=earlier)
    merged = merge(ada, grace, now)
    assert allows(grace) is after
    assert ConsentEvent.objects.filter(source="merge").count() == int(after is not stays)
    part(merged, now)
    assert (allows(ada), allows(grace)) == (gone, stays)


def test_a_no_that_was_said_meanwhile_holds_for_both(ada: Member, grace: Member, now: datetime) -> None:
    for member in (ada, grace):
        says(member, is_given=True, at=now - timedelta(days=1))
    merged = merge(ada, grace, now)
    says(grace, is_given=False, at=now + timedelta(seconds=5))
    part(merged, now)
    assert (allows(ada), allows(grace)) == (False, False)


def test_both_are_one_pair_until_the_merge_is_undone(ada: Member, grace: Member, now: datetime) -> None:
    LikelyPair.objects.create(
        member=max(ada, grace, key=lambda one: one.pk),
        other=min(ada, grace, key=lambda one: one.pk),
        score=3.0,
        findings=["birth:same"],
        is_certain=False,
        weights_version=1,
        found_at=now,
        weighed_at=now,
    )
    merged = merge(ada, grace, now)
    pair = LikelyPair.objects.get()
    assert (pair.state, pair.decided_by) == ("same", "staff:1")
    part(merged, now)
    pair.refresh_from_db()
    assert (pair.state, pair.decided_at, pair.decided_by) == ("open", None, "")


def test_a_merge_is_told_and_so_is_its_end(ada: Member, grace: Member, now: datetime) -> None:
    part(merge(ada, grace, now), now)
    told = Event.objects.filter(name__in=["members.member_merged", "members.member_parted"]).order_by("pk")
    assert [(one.name, one.member_id) for one in told] == [
        ("members.member_merged", ada.pk),
        ("members.member_parted", ada.pk),
    ]
    assert told[0].payload["into_ref"] == grace.ref


def test_told_again_it_is_the_same_merge(ada: Member, grace: Member, now: datetime) -> None:
    assert merge(ada, grace, now).pk == merge(ada, grace, now).pk
    assert Merge.objects.count() == 1


def test_what_cannot_be_merged_is_refused(ada: Member, grace: Member, now: datetime) -> None:
    third = MemberFactory()
    with pytest.raises(MergeWithOneself):
        merge(ada, ada, now)
    merged = merge(ada, grace, now)
    for going, staying in ((ada, third), (third, ada), (grace, ada)):
        with pytest.raises(MemberNotActive):
            merge(going, staying, now)
    part(merged, now)
    with pytest.raises(MergeUndone):
        part(merged, now)
    assert Merge.objects.count() == 1


def test_a_merge_that_was_interrupted_is_gone_on_with(ada: Member, grace: Member, now: datetime) -> None:
    merged = merge(ada, grace, now)
    Merge.objects.filter(pk=merged.pk).update(state=MergeState.MOVING)
    assert finish_merges(now=now) == 1
    assert Merge.objects.get().state == MergeState.MERGED
    part(merged, now)
    Merge.objects.filter(pk=merged.pk).update(state=MergeState.PARTING)
    assert finish_merges(now=now) == 1
    assert Merge.objects.get().state == MergeState.UNDONE


def test_the_database_keeps_who_was_merged_with_whom(ada: Member, grace: Member, now: datetime) -> None:
    merged = merge(ada, grace, now)
    for change in (
        lambda: Merge.objects.filter(pk=merged.pk).update(into=ada.pk),
        lambda: Merge.objects.filter(pk=merged.pk).delete(),
        lambda: Member.objects.filter(pk=ada.pk).update(merged_into=None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_an_app_that_signed_in_meanwhile_is_signed_out(ada: Member, grace: Member, now: datetime) -> None:
    """Nobody knows by whose phone it did. One that was signed in before sees its own member again."""
    of_ada, of_grace = app_of(ada, PHONE, now), app_of(grace, OTHER, now - timedelta(minutes=1))
    merged = merge(ada, grace, now)
    since = app_of(grace, PHONE, now + timedelta(seconds=1))
    assert [app.get("/api/v1/me").json()["ref"] for app in (of_ada, of_grace, since)] == [grace.ref] * 3
    part(merged, now)
    assert of_ada.get("/api/v1/me").json()["ref"] == ada.ref
    assert of_grace.get("/api/v1/me").json()["ref"] == grace.ref
    assert since.get("/api/v1/me").status_code == 401


def app_of(member: Member, phone: str, now: datetime) -> Client:
    signed_in = sign_in(member.pk, proven=IdentityClaim("phone", phone), device="", now=now)
    return Client(headers={"authorization": f"Bearer {signed_in.access_token}"})


def test_an_integration_looks_merges_and_undoes_it(integration: Client, ada: Member, grace: Member) -> None:
    def post(path: str, **body: str) -> Any:
        return integration.post(f"/api/v1/{path}", body, content_type="application/json")

    shown = post(f"members/{ada.ref}/merge/preview", into=grace.ref).json()
    assert {"name": "Phones", "value": "2"} in shown["after"]
    assert not Merge.objects.exists()
    merged = post(f"members/{ada.ref}/merge", into=grace.ref)
    assert merged.status_code == 200
    assert merged.json() == post(f"members/{ada.ref}/merge", into=grace.ref).json()
    assert (merged.json()["into_ref"], merged.json()["state"]) == (grace.ref, "merged")
    assert post(f"members/{grace.ref}/merge", into=ada.ref).json()["code"] == "member_not_active"
    undone = post(f"merges/{merged.json()['ref']}/undo")
    assert (undone.json()["state"], undone.json()["undone_at"] is None) == ("undone", False)
    assert post(f"merges/{merged.json()['ref']}/undo").json()["code"] == "merge_undone"
    assert post("merges/mrg_none/undo").status_code == 404


def test_an_app_that_signed_in_between_two_merges_is_signed_out_with_the_first(
    ada: Member, grace: Member, now: datetime
) -> None:
    first = merge(ada, grace, now)
    since = app_of(grace, PHONE, now + timedelta(seconds=1))
    third = MemberFactory()
    merge(grace, third, now + timedelta(seconds=2))
    assert since.get("/api/v1/me").json()["ref"] == third.ref
    part(first, now)
    assert since.get("/api/v1/me").status_code == 401


def test_a_colleague_is_known_by_every_name_that_is_the_same_person(
    ada: Member, grace: Member, now: datetime
) -> None:
    third, stranger = MemberFactory(), MemberFactory()
    me = Staff.objects.create_user("clerk", email="Clerk@example.org")
    Identity.objects.create(
        member=grace, kind="email", value="clerk@example.org", source="web", recorded_at=now
    )
    Colleague.objects.create(staff=me, member=grace)
    assert not is_colleague(ada.pk, me.pk)
    merge(ada, grace, now)
    assert goes_by_email(ada.pk, me.email)
    assert is_colleague(ada.pk, me.pk)  # what they are given comes to their own wallet
    merge(grace, third, now)
    assert [is_colleague(one.pk, me.pk) for one in (ada, grace, third, stranger)] == [True] * 3 + [False]
