"""Members who may be one person: found when they come or change, and among all; decided about once."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from config.ground.models import JobRun
from config.outbox.delivery import deliver_due
from members.errors import PairAlreadyDecided
from members.models import CommonName, LikelyPair, LikenessWeights, Member, PairState, SearchKey
from members.queries.duplicates import (
    LIKELIEST_FIRST,
    MOST_ALIKE,
    current_weights,
    find_next_pair,
    weights_of,
)
from members.rules.likeness_weights import DEFAULT
from members.services.duplicates import (
    check_all_members,
    decide_pair,
    learn_from_decisions,
    look_for_duplicates_of,
)
from members.services.preferences import change_preferences
from members.services.profiles import change_member
from members.tasks import count_names
from tests.members.factories import MemberFactory
from tests.planning import plan_by_index

pytestmark = pytest.mark.django_db

LATER = timedelta(hours=1)


@pytest.fixture
def ada(now: datetime) -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelace", birth_month=12, birth_day=10)


@pytest.fixture
def again() -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelacce", birth_month=12, birth_day=10)


@pytest.fixture
def grace() -> Member:
    return MemberFactory(given_name="Grace", family_name="Hopper", birth_month=12, birth_day=9)


def pairs() -> set[tuple[int, int]]:
    return set(LikelyPair.objects.values_list("member_id", "other_id"))


def test_who_comes_a_second_time_is_found(ada: Member, grace: Member, again: Member, now: datetime) -> None:
    look_for_duplicates_of([ada.pk, grace.pk], now=now)
    assert pairs() == set()

    assert look_for_duplicates_of([again.pk], now=now) == 1

    pair = LikelyPair.objects.get()
    assert (pair.member_id, pair.other_id, pair.state) == (again.pk, ada.pk, PairState.OPEN)
    assert "family:slip" in pair.findings
    assert pair.weights_version == DEFAULT.version


def test_the_news_of_an_enrolment_is_enough(ada: Member, again: Member, now: datetime) -> None:
    while deliver_due(now=now):
        pass

    assert pairs() == {(again.pk, ada.pk)}


def test_all_members_checked_at_once_come_to_the_same_pairs(
    ada: Member, grace: Member, again: Member, now: datetime
) -> None:
    look_for_duplicates_of([ada.pk, grace.pk, again.pk], now=now)
    one_by_one = list(LikelyPair.objects.values("member", "other", "score", "findings"))
    LikelyPair.objects.all().delete()
    SearchKey.objects.all().delete()

    assert check_all_members(now=now) == 1

    assert list(LikelyPair.objects.values("member", "other", "score", "findings")) == one_by_one
    run = JobRun.objects.get(name="members.check_all_members")
    assert (run.state, run.done, run.total) == ("finished", 6, 6)
    assert run.detail == "1 pairs may be one person"


def test_who_is_not_alike_any_more_is_forgotten(ada: Member, again: Member, now: datetime) -> None:
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    changes = {"given_name": "Grace", "family_name": "Hopper", "birth_month": 1, "birth_day": 2}
    change_member(again.pk, changes=changes, source="test", now=now)

    look_for_duplicates_of([again.pk], now=now + LATER)

    assert pairs() == set()


def test_checking_twice_changes_nothing(ada: Member, again: Member, now: datetime) -> None:
    check_all_members(now=now)
    keys = set(SearchKey.objects.values_list("key", "member_id"))

    check_all_members(now=now + LATER)

    assert pairs() == {(again.pk, ada.pk)}
    assert LikelyPair.objects.get().found_at == now
    assert set(SearchKey.objects.values_list("key", "member_id")) == keys


def test_who_is_not_active_is_not_compared(ada: Member, again: Member, now: datetime) -> None:
    check_all_members(now=now)
    Member.objects.filter(pk=ada.pk).update(state="erased")

    look_for_duplicates_of([ada.pk, again.pk], now=now + LATER)

    assert pairs() == set()
    assert not SearchKey.objects.filter(member_id=ada.pk).exists()


def test_what_a_colleague_decided_stays_decided(ada: Member, again: Member, now: datetime) -> None:
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    decide_pair(LikelyPair.objects.get().pk, PairState.DIFFERENT, actor="staff:1", now=now)
    decided = LikelyPair.objects.values().get()
    change_member(again.pk, changes={"family_name": "Lovelace"}, source="test", now=now)

    check_all_members(now=now + LATER)

    assert LikelyPair.objects.values().get() == decided


def test_what_was_put_off_is_weighed_anew(ada: Member, again: Member, now: datetime) -> None:
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    decide_pair(LikelyPair.objects.get().pk, PairState.LATER, actor="staff:1", now=now)
    change_member(again.pk, changes={"family_name": "Lovelace"}, source="test", now=now)

    look_for_duplicates_of([again.pk], now=now + LATER)

    pair = LikelyPair.objects.get()
    assert (pair.state, pair.found_at, pair.weighed_at) == (PairState.LATER, now, now + LATER)
    assert "family:same" in pair.findings


def test_who_only_wishes_otherwise_is_not_compared(ada: Member, again: Member, now: datetime) -> None:
    while deliver_due(now=now):
        pass
    change_preferences(again.pk, {"frequency": "weekly"}, now=now)

    while deliver_due(now=now + LATER):
        pass

    assert LikelyPair.objects.get().weighed_at == now


def test_names_are_counted_and_common_ones_say_less(ada: Member, now: datetime) -> None:
    again = MemberFactory(
        given_name="Ada", family_name="Lovelacce", birth_month=12, birth_day=10, phone="+13055550179"
    )
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    assert not CommonName.objects.exists()
    before = LikelyPair.objects.get()
    for number in range(4):
        MemberFactory(given_name="Ada", phone=None, email=f"ada{number}@example.com")

    assert count_names() == count_names() == 2

    assert set(CommonName.objects.values_list("name", "bearers", "members")) == {
        ("ada", 6, 6),
        ("lovelace", 5, 6),
    }
    CommonName.objects.update(bearers=500, members=1_000_000)
    look_for_duplicates_of([again.pk], now=now + LATER)
    after = LikelyPair.objects.get(member=again, other=ada)
    assert set(after.findings) - set(before.findings) == {"namesakes:2"}
    assert after.score == pytest.approx(before.score - 2)


def test_a_pair_is_decided_once_and_may_be_put_off_before(ada: Member, again: Member, now: datetime) -> None:
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    pair = LikelyPair.objects.get()

    decide_pair(pair.pk, PairState.LATER, actor="staff:1", now=now)
    decide_pair(pair.pk, PairState.SAME, actor="staff:2", now=now)

    with pytest.raises(PairAlreadyDecided):
        decide_pair(pair.pk, PairState.DIFFERENT, actor="staff:1", now=now)
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == (PairState.SAME, "staff:2")


def test_weights_are_learnt_from_decisions_and_hold_from_then_on(
    ada: Member, again: Member, now: datetime
) -> None:
    assert learn_from_decisions(actor="staff:1", now=now) is None
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    pair = decide_pair(LikelyPair.objects.get().pk, PairState.DIFFERENT, actor="staff:1", now=now)

    learn_from_decisions(actor="staff:1", now=now)

    made = LikenessWeights.objects.get()
    assert (made.version, made.learnt_from, made.made_by) == (2, 1, "staff:1")
    learnt = current_weights()
    assert sum(learnt.findings[finding] for finding in pair.findings) < sum(
        DEFAULT.findings[finding] for finding in pair.findings
    )


def test_learning_again_from_the_same_decisions_comes_to_the_same_weights(
    ada: Member, again: Member, now: datetime
) -> None:
    look_for_duplicates_of([ada.pk, again.pk], now=now)
    decide_pair(LikelyPair.objects.get().pk, PairState.DIFFERENT, actor="staff:1", now=now)

    learn_from_decisions(actor="staff:1", now=now)
    learn_from_decisions(actor="staff:1", now=now)

    first, second = weights_of(2), weights_of(3)
    assert current_weights() == second
    assert (first.start, first.findings) == (second.start, second.findings)
    assert first.findings != DEFAULT.findings
    assert weights_of(1) == DEFAULT


def test_the_command_looks_through_everybody_and_learns_when_it_is_asked_to(
    ada: Member, again: Member, now: datetime
) -> None:
    out = StringIO()
    call_command("check_duplicates", "--learn", stdout=out)
    decide_pair(LikelyPair.objects.get().pk, PairState.SAME, actor="staff:1", now=now)
    call_command("check_duplicates", "--learn", stdout=out)

    first, found, then, _ = out.getvalue().splitlines()
    assert first == "Learnt nothing, for nothing is decided yet."
    assert found.startswith("1 pairs may be one person;")
    assert then == "Learnt from 1 decided pairs."
    assert current_weights().version == 2


def test_a_name_that_very_many_bear_finds_nobody_by_itself(now: datetime) -> None:
    members = [
        MemberFactory(given_name="Ada", family_name="Lovelace", phone=None, email=f"ada{number}@example.com")
        for number in range(MOST_ALIKE + 1)
    ]

    assert look_for_duplicates_of([members[0].pk, members[1].pk], now=now) == 1

    look_for_duplicates_of([member.pk for member in members], now=now + LATER)

    assert SearchKey.objects.filter(member_id=members[0].pk).exists()
    assert pairs() == set()


@pytest.mark.parametrize("bearers", [MOST_ALIKE - 1, MOST_ALIKE, MOST_ALIKE + 1])
@pytest.mark.parametrize("slip", ["+13055550178", "+13055850179"])
def test_a_name_that_very_many_bear_finds_whose_number_is_a_slip_apart(
    bearers: int, slip: str, now: datetime
) -> None:
    """Also one who comes later than everybody was checked, by the same keys."""
    strangers = [
        MemberFactory(given_name="Ada", family_name="Lovelace", phone=None, email=f"ada{number}@example.com")
        for number in range(bearers - 2)
    ]
    one = MemberFactory(given_name="Ada", family_name="Lovelace", phone="+13055550179")
    check_all_members(now=now)
    again = MemberFactory(given_name="Ada", family_name="Lovelace", phone=slip)

    look_for_duplicates_of([again.pk], now=now)

    found = {other for member, other in pairs() if member == again.pk}
    assert found == {one.pk} | ({who.pk for who in strangers} if bearers <= MOST_ALIKE else set())
    check_all_members(now=now + LATER)
    assert {other for member, other in pairs() if member == again.pk} == found


def test_a_house_of_one_name_and_one_exchange_finds_nobody_by_half_a_number(now: datetime) -> None:
    members = [
        MemberFactory(given_name="Ada", family_name="Lovelace", phone=f"+130555501{number:02d}")
        for number in range(MOST_ALIKE + 1)
    ]

    look_for_duplicates_of([member.pk for member in members], now=now)

    assert pairs() == set()


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_statements_however_many_come(
    count: int, ada: Member, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    look_for_duplicates_of([ada.pk], now=now)
    more = [
        MemberFactory(given_name="Ada", family_name="Lovelacce", birth_month=12, birth_day=10)
        for _ in range(count)
    ]

    with django_assert_num_queries(12):
        look_for_duplicates_of([member.pk for member in more], now=now)


def test_the_likeliest_that_is_open_is_next(ada: Member, again: Member, now: datetime) -> None:
    MemberFactory(given_name="Ada", family_name="Lovelace", birth_month=12, birth_day=10)
    check_all_members(now=now)
    first, second, third = LikelyPair.objects.order_by("-score", "-id")
    assert find_next_pair() == first

    decide_pair(first.pk, PairState.LATER, actor="staff:1", now=now)
    assert find_next_pair() == second

    decide_pair(second.pk, PairState.SAME, actor="staff:1", now=now)
    assert find_next_pair() == third


def test_the_next_one_is_found_by_its_index(ada: Member) -> None:
    with connection.cursor() as cursor:
        plan_by_index(cursor)

    plan = LikelyPair.objects.filter(state=PairState.OPEN).order_by(*LIKELIEST_FIRST)[:1].explain()

    assert "likeliest_pair_by_state" in plan
    assert "Sort" not in plan
