"""Sharing what is asked for earns points once for each member and programme, where a rule gives them, and else none."""

from datetime import datetime

import pytest

from config.ground import clock
from loyalty.models import Entry
from loyalty.services.verification import verify_ledger
from members.models import Attribute, Member
from members.rules.attributes import Eyes
from members.services.attributes import set_attributes
from members.services.merging import merge_members
from omnichannel.models import BehaviourEvent
from tests.loyalty.acting import deliver, rule_about
from tests.loyalty.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture(autouse=True)
def asked(db: None) -> None:
    for code in ("milk", "tea"):
        Attribute.objects.create(code=code, label=code, purpose="For your tea.", is_asked_for=True)


def fill_in(member: Member, now: datetime, **said: str | None) -> None:
    set_attributes(member.pk, said, eyes=Eyes.MEMBER, source="app", now=now)
    deliver()


def earned(*members: Member) -> list[int]:
    assert verify_ledger(now=clock.now()) == []
    return list(Entry.objects.filter(member__in=members, kind="bonus").values_list("points", flat=True))


def test_a_completed_profile_earns_once_however_often_it_is_completed(shop: Shop, now: datetime) -> None:
    rule_about(shop, "profile_completed", points=75)
    member = shop.enrol()

    fill_in(member, now, milk="oat")
    assert earned(member) == []
    fill_in(member, now, tea="green")
    assert earned(member) == [75]

    fill_in(member, now, tea=None)
    fill_in(member, now, tea="black")
    assert earned(member) == [75]
    assert BehaviourEvent.objects.filter(type_code="profile_completed").count() == 1


def test_who_was_merged_has_completed_it_already_and_without_a_rule_there_are_no_points(
    shop: Shop, now: datetime
) -> None:
    bob, ada, eve = shop.enrol(), shop.enrol(), shop.enrol()
    fill_in(eve, now, milk="oat", tea="green")
    assert earned(eve) == []
    rule_about(shop, "profile_completed", points=75)
    fill_in(bob, now, milk="oat", tea="green")
    merge_members(going_id=bob.pk, staying_id=ada.pk, actor="test:1", now=now)

    fill_in(ada, now, milk="soy", tea="black")

    assert earned(bob) == [75]
    assert earned(ada) == []
