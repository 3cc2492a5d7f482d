"""Wishes and attributes of two who become one, and two again: the quieter one holds, and nobody loses their word."""

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from members.models import Attribute, AttributeValue, Member, Merge, MergeState
from members.queries.attributes import get_attributes
from members.queries.preferences import get_preferences
from members.rules.attributes import Eyes, Value
from members.rules.preferences import quiet_minutes
from members.services.attributes import set_attributes
from members.services.merging import merge_members, undo_merge
from members.services.preferences import change_preferences
from tests.members.factories import MemberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
SAID = ("frequency", "quiet_from", "quiet_until", "timezone", "interests", "packaging")


def wish(member: Member, **said: Any) -> None:
    change_preferences(member.pk, said, now=NOW)


def wishes(member: Member) -> dict[str, Any]:
    facts = get_preferences(member.pk)
    return {name: getattr(facts, name) for name in SAID}


def answer(member: Member, **said: Value | None) -> None:
    set_attributes(member.pk, said, eyes=Eyes.MEMBER, source="app", now=NOW)


def answers(member: Member) -> dict[str, Value]:
    return get_attributes(member.pk, eyes=Eyes.MEMBER)


def merged(going: Member, staying: Member) -> Merge:
    return merge_members(going_id=going.pk, staying_id=staying.pk, actor="staff:1", now=NOW)


def parted(merge: Merge) -> None:
    undo_merge(merge.pk, actor="staff:2", now=NOW + timedelta(minutes=1))


@pytest.fixture
def people() -> list[Member]:
    for code, kind, allowed in (("milk", "one_of", ["oat", "soy"]), ("nickname", "text", [])):
        Attribute.objects.create(code=code, label=code, purpose="To ask.", kind=kind, allowed=allowed)
    return [MemberFactory() for _ in range(3)]


def test_the_quieter_wish_holds_and_what_only_one_said_is_said(people: list[Member]) -> None:
    ada, grace, _ = people
    wish(ada, frequency="weekly", packaging="no bag", interests=["tea"])
    night = {"quiet_from": time(21), "quiet_until": time(8), "timezone": "Asia/Taipei"}
    wish(grace, frequency="monthly", packaging="gift wrap", invoice="paper", **night)
    own = wishes(ada), wishes(grace)

    merge = merged(grace, ada)

    assert wishes(ada) == own[0] | night | {"frequency": "monthly"}
    assert get_preferences(ada.pk).invoice == "paper"
    parted(merge)
    assert (wishes(ada), wishes(grace)) == own
    assert get_preferences(ada.pk).invoice == ""


def test_longer_quiet_hours_and_rarer_news_of_ones_own_stay(people: list[Member]) -> None:
    ada, grace, _ = people
    wish(ada, frequency="never", quiet_from=time(20), quiet_until=time(9), timezone="Europe/Berlin")
    wish(grace, frequency="weekly", quiet_from=time(8), quiet_until=time(9), timezone="Asia/Taipei")
    own = wishes(ada)

    merged(grace, ada)

    assert wishes(ada) == own


def test_what_was_changed_since_stays_with_who_changed_it(people: list[Member]) -> None:
    ada, grace, _ = people
    wish(grace, frequency="monthly", packaging="no bag")
    answer(grace, milk="oat", nickname="Amazing")
    merge = merged(grace, ada)

    wish(ada, frequency="weekly")
    answer(ada, milk="soy")
    parted(merge)

    assert (wishes(ada)["frequency"], wishes(ada)["packaging"]) == ("weekly", "")
    assert answers(ada) == {"milk": "soy"}
    assert (wishes(grace)["frequency"], answers(grace)) == ("monthly", {"milk": "oat", "nickname": "Amazing"})


def test_ones_own_answer_stays_and_the_others_is_given_back(people: list[Member]) -> None:
    ada, grace, _ = people
    answer(ada, milk="soy")
    answer(grace, milk="oat", nickname="Amazing")

    merge = merged(grace, ada)

    assert answers(ada) == {"milk": "soy", "nickname": "Amazing"}
    assert AttributeValue.objects.get(member=ada, attribute__code="nickname").source == "merge"
    parted(merge)
    assert (answers(ada), answers(grace)) == ({"milk": "soy"}, {"milk": "oat", "nickname": "Amazing"})


def test_a_choice_that_is_offered_no_more_holds_no_merge_up(people: list[Member]) -> None:
    ada, grace, _ = people
    answer(grace, milk="oat")
    Attribute.objects.filter(code="milk").update(allowed=["soy"])

    merge = merged(grace, ada)

    assert answers(ada) == {}
    parted(merge)
    assert answers(grace) == {"milk": "oat"}


def test_the_first_of_two_merges_comes_undone_and_the_other_ones_word_takes_its_place(
    people: list[Member],
) -> None:
    ada, grace, joan = people
    wish(grace, frequency="never", packaging="no bag")
    answer(grace, nickname="Amazing")
    wish(joan, frequency="monthly", packaging="gift wrap")
    answer(joan, nickname="Jo")
    first, second = merged(grace, ada), merged(joan, ada)
    assert (wishes(ada)["frequency"], answers(ada)) == ("never", {"nickname": "Amazing"})

    parted(first)

    assert (wishes(ada)["frequency"], wishes(ada)["packaging"]) == ("monthly", "gift wrap")
    assert answers(ada) == {"nickname": "Jo"}
    parted(second)
    assert (wishes(ada)["frequency"], wishes(ada)["packaging"], answers(ada)) == ("any", "", {})


class WishesMachine(RuleBasedStateMachine):
    """Four members who say things, are merged and parted in any order. `own` is what each said last of themselves; what
    holds of somebody is reckoned from that alone: one's own, and what each standing merge brings unless it was spoken
    over since. Every word and every length of quiet hours is said once only: nobody says another's by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        Attribute.objects.create(code="nickname", label="n", purpose="To ask.", kind="text")
        self.members = [MemberFactory() for _ in range(4)]
        self.own: list[dict[str, Any]] = [{"quiet": 0, "packaging": "", "nickname": ""} for _ in range(4)]
        self.standing: list[tuple[int, int, int, set[str]]] = []
        self.numbers = itertools.count(1)

    def is_active(self, who: int) -> bool:
        return Member.objects.get(pk=self.members[who].pk).state == "active"

    @rule(who=st.integers(0, 3), what=st.sampled_from(["quiet", "packaging", "nickname"]), long=st.booleans())
    def say(self, who: int, what: str, long: bool) -> None:
        if not self.is_active(who):
            return
        number = next(self.numbers)
        if what == "quiet":
            value: Any = (700 + number) if long else number
            until = time(value // 60, value % 60)
            wish(self.members[who], quiet_from=time(0), quiet_until=until, timezone="UTC")
        elif what == "packaging":
            value = f"word {number}" if long else ""
            wish(self.members[who], packaging=value)
        else:
            value = f"word {number}" if long else ""
            answer(self.members[who], nickname=value or None)
        if value != self.holds(who)[what]:
            self.own[who][what] = value
            for _, _, into, spoken_over in self.standing:
                if into == who:
                    spoken_over.add(what)

    @rule(going=st.integers(0, 3), staying=st.integers(0, 3))
    def merge(self, going: int, staying: int) -> None:
        if going == staying or not (self.is_active(going) and self.is_active(staying)):
            return
        merge = merged(self.members[going], self.members[staying])
        self.standing.append((merge.pk, going, staying, set()))

    @rule(which=st.integers(0, 10))
    def part(self, which: int) -> None:
        if self.standing:
            merge_id, *_ = self.standing.pop(which % len(self.standing))
            parted(Merge.objects.get(pk=merge_id))

    def holds(self, who: int) -> dict[str, Any]:
        """By the reckoning."""
        now = dict(self.own[who])
        for _, going, into, spoken_over in self.standing:
            if into == who:
                theirs = self.holds(going)
                for what in {"quiet", "packaging", "nickname"} - spoken_over:
                    is_taken = theirs[what] > now[what] if what == "quiet" else not now[what]
                    now[what] = theirs[what] if is_taken else now[what]
        return now

    @invariant()
    def everybody_has_their_own_word_and_the_quieter_wish(self) -> None:
        for who, member in enumerate(getattr(self, "members", [])):
            facts = get_preferences(member.pk)
            quiet = quiet_minutes({"quiet_from": facts.quiet_from, "quiet_until": facts.quiet_until})
            held = {
                "quiet": quiet,
                "packaging": facts.packaging,
                "nickname": answers(member).get("nickname", ""),
            }
            assert held == self.holds(who)
        assert Merge.objects.filter(state=MergeState.MERGED).count() == len(getattr(self, "standing", []))


def test_words_and_wishes_in_any_order_of_merges() -> None:
    run_state_machine_as_test(
        WishesMachine,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
