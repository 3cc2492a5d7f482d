"""A word of a member who is merged or erased at the same moment: real transactions on real PostgreSQL."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from members.models import ConsentEvent, Member
from members.queries.consents import consenting
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents
from members.services.merging import merge_members
from members.services.unsubscribing import Subscription, unsubscribe_token
from tests.members.factories import MemberFactory, bearer_of
from tests.slowly import others_at_it

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Member:
    return MemberFactory()


@pytest.fixture
def bob(now: datetime) -> Member:
    """Allows it."""
    bob = MemberFactory()
    word = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=True)
    record_consents(bob.pk, [word], source="app", actor="test:1", happened_at=now, now=now)
    return bob


@pytest.fixture
def merge(ada: Member, bob: Member, now: datetime) -> Callable[[], object]:
    """Ada is Bob from now on."""
    return lambda: merge_members(going_id=ada.pk, staying_id=bob.pk, actor="staff:1", now=now)


def forget(member: Member) -> Callable[[], object]:
    return lambda: Member.objects.filter(pk=member.pk).update(state="erased")


def link_of(member: Member) -> str:
    return "/u/" + unsubscribe_token(Subscription(member.ref, Channel.EMAIL, Purpose.MARKETING))


def allows(member: Member) -> bool:
    return consenting([member.pk], "email", "marketing") == {member.pk}


def test_who_unsubscribes_while_they_are_merged_is_not_written_to_as_who_they_are_by_now(
    ada: Member, bob: Member, merge: Callable[[], object]
) -> None:
    with others_at_it([merge]):
        assert Client().post(link_of(ada)).status_code == 200

    assert not allows(bob)


def test_a_no_in_the_app_while_its_member_is_merged_is_said_again(
    ada: Member, bob: Member, merge: Callable[[], object], now: datetime
) -> None:
    app = Client(headers={"authorization": bearer_of(ada, now=now)})
    door, no = "/api/v1/me/consents/email/marketing", {"is_given": False, "text_version": "app-1"}

    with others_at_it([merge]):
        refused = app.put(door, no, content_type="application/json")

    assert (refused.status_code, refused.json()["code"]) == (409, "member_not_active")
    assert app.put(door, no, content_type="application/json").status_code == 200
    assert not allows(bob)


def test_nothing_is_written_of_who_is_forgotten_meanwhile(ada: Member, now: datetime) -> None:
    app = Client(headers={"authorization": bearer_of(ada, now=now)})
    no = {"is_given": False, "text_version": "app-1"}

    with others_at_it([forget(ada)]):
        refused = app.put("/api/v1/me/consents/email/marketing", no, content_type="application/json")

    assert refused.status_code == 409
    assert Client().post(link_of(ada)).status_code == 200, "mail programs are told that it is done"
    assert not ConsentEvent.objects.exists()
