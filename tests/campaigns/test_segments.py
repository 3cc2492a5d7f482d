"""Segments: the SQL and the rules agree, membership moves by difference, and every answer has its reasons."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from campaigns.errors import ChangedMeanwhile, SegmentCodeTaken, SegmentTooLarge, SegmentTooSlow
from campaigns.models import MemberDay, MemberFeature, Segment, SegmentMember, SegmentMove, SegmentVersion
from campaigns.queries import segments
from campaigns.queries.features import list_facts
from campaigns.queries.programmes import get_programme
from campaigns.queries.segment_sql import REGISTRY, members_sql
from campaigns.rules.conditions import (
    Answered,
    BirthdayIn,
    BirthdayThisMonth,
    BoughtWithin,
    ConsentsTo,
    FavouriteCategoryIs,
    FavouriteDepartmentIs,
    HoldsTier,
    NotBoughtWithin,
    PurchasesAtLeast,
    Question,
    SpentAtLeast,
)
from campaigns.rules.segments import AllOf, AnyOf, Condition, Not, judge
from campaigns.services.features import turn_the_day
from campaigns.services.segments import (
    make_segment,
    open_to_rules,
    redefine_segment,
    refresh_segment,
)
from loyalty.models import Label, MemberLabel
from members.models import Attribute
from members.rules.attributes import Eyes
from members.services.attributes import set_attributes
from tests.campaigns.factories import NOW, Shop, buy, define, join, open_shop, ref_of

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 20)

questions = st.one_of(
    st.builds(
        HoldsTier, tiers=st.lists(st.sampled_from(["basic", "silver", "gold"]), min_size=1, max_size=2)
    ),
    st.builds(BoughtWithin, days=st.integers(1, 40)),
    st.builds(NotBoughtWithin, days=st.integers(1, 40)),
    st.builds(
        FavouriteCategoryIs, categories=st.lists(st.sampled_from(["tea", "rice", ""]), min_size=1, max_size=2)
    ),
    st.builds(
        FavouriteDepartmentIs,
        departments=st.lists(st.sampled_from(["drinks", "food"]), min_size=1, max_size=2),
    ),
    st.builds(BirthdayThisMonth),
    st.builds(BirthdayIn, months=st.lists(st.integers(1, 12), min_size=1, max_size=3)),
    st.builds(SpentAtLeast, amount_minor=st.integers(1, 3_000), days=st.integers(1, 40)),
    st.builds(PurchasesAtLeast, count=st.integers(1, 3), days=st.integers(1, 40)),
    st.builds(ConsentsTo, channel=st.sampled_from(["email", "inbox", "sms"])),
    st.builds(
        Answered,
        answers=st.lists(
            st.sampled_from(
                ["milk=oat", "teas=green", "teas=black", "garden=yes", "garden=no", "secret=yes"]
            ),
            min_size=1,
            max_size=3,
        ),
    ),
)
trees = st.recursive(
    questions,
    lambda inner: st.one_of(
        st.builds(AllOf, of=st.lists(inner, min_size=1, max_size=3)),
        st.builds(AnyOf, of=st.lists(inner, min_size=1, max_size=3)),
        st.builds(Not, of=inner),
    ),
    max_leaves=8,
)


def _shop_of_eleven() -> Shop:
    """Members who differ in everything a segment can ask."""
    shop = open_shop()
    told = {"purpose": "For your tea."}
    asked = [
        Attribute.objects.create(code="milk", label="Milk", kind="one_of", allowed=["oat", "soy"], **told),
        Attribute.objects.create(
            code="teas", label="Teas", kind="many_of", allowed=["green", "black"], **told
        ),
        Attribute.objects.create(code="garden", label="Garden", kind="yes_no", **told),
        Attribute.objects.create(code="secret", label="Secret", kind="yes_no", seen_by="personal", **told),
    ]
    for n in range(11):
        member_id = join(
            shop,
            agrees=[("email", "inbox"), ("inbox",), ()][n % 3],
            birth_month=[None, 11, 3][n % 3],
        )
        said: list[Any] = [
            ["oat", "soy", None][n % 3],
            [["green"], ["green", "black"], None][n % 3],
            n % 2 == 0,
            True,
        ]
        answers = {one.code: value for one, value in zip(asked, said, strict=True)}
        set_attributes(member_id, answers, eyes=Eyes.TRUSTED, source="web", now=NOW)
        for k in range(n % 4):
            MemberDay.objects.create(
                member_id=member_id,
                programme=shop.programme,
                bought_on=TODAY - timedelta(days=(n * 7 + k * 11) % 45),
                purchases=1 + k,
                spent_minor=400 * (n + 1),
            )
        days = MemberDay.objects.filter(member_id=member_id).order_by("bought_on")
        MemberFeature.objects.filter(member_id=member_id).update(
            last_purchase_on=days.last().bought_on if days else None,
            favourite_category=["tea", "rice", ""][n % 3],
            favourite_department=["drinks", "", "food"][n % 3],
            tier_code=["basic", "silver", "gold", ""][n % 4],
        )
    return shop


def test_sql_and_rules_mean_the_same_members():
    shop = _shop_of_eleven()
    everyone = list(MemberFeature.objects.values_list("member_id", flat=True))
    facts = list_facts(everyone, shop.programme.pk)

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(tree=trees)
    def agree(tree: Condition) -> None:
        found = members_sql(tree, programme_id=shop.programme.pk, today=TODAY)
        with connection.cursor() as cursor:
            cursor.execute(found.text, found.params)
            by_sql = {member_id for (member_id,) in cursor.fetchall()}
        by_rules = {one.member_id for one in facts if judge(tree, one, TODAY, "USD").is_true}
        assert by_sql == by_rules

    agree()


def test_every_question_that_can_be_asked_has_its_sql():
    def kinds(kind: type[Question]) -> set[type[Question]]:
        return {found for sub in kind.__subclasses__() for found in {sub, *kinds(sub)}}

    assert set(REGISTRY) == kinds(Question)


def test_the_count_before_saving_is_the_membership_after_it():
    shop = _shop_of_eleven()
    tree = AnyOf(of=[HoldsTier(tiers=["gold"]), BirthdayThisMonth()])

    count = segments.count_members(tree, get_programme(shop.programme.code), now=NOW)
    segment = define(shop, tree)

    assert count == segment.size == SegmentMember.objects.filter(segment=segment).count() > 0


def test_a_change_moves_only_who_changed(shop: Shop):
    """Never 24: refreshing or redefining never removes and adds again whoever stays."""
    stays, leaves, comes = join(shop), join(shop), join(shop)
    buy(shop, stays, category="tea")
    buy(shop, leaves, category="rice")
    buy(shop, comes, category="milk")
    segment = define(shop, FavouriteCategoryIs(categories=["tea", "rice"]))
    row = SegmentMember.objects.get(segment=segment, member_id=stays).pk

    changed = redefine_segment(
        segment.pk,
        name="Others",
        tree=FavouriteCategoryIs(categories=["tea", "milk"]),
        seen_version=1,
        by="test",
        now=NOW + timedelta(hours=1),
    )

    assert SegmentMember.objects.get(segment=segment, member_id=stays).pk == row
    moves = SegmentMove.objects.filter(segment=segment, version=2).values_list("member_id", "kind")
    assert set(moves) == {(leaves, "exit"), (comes, "entry")}
    assert (changed.current_version, changed.size) == (2, 2)


def test_a_refresh_without_change_writes_nothing():
    shop = _shop_of_eleven()
    segment = define(shop)
    before = (SegmentMove.objects.count(), set(SegmentMember.objects.values_list("pk", flat=True)))

    refresh_segment(segment.pk, now=NOW + timedelta(minutes=5))

    assert (SegmentMove.objects.count(), set(SegmentMember.objects.values_list("pk", flat=True))) == before


def test_a_segment_that_rules_may_ask_for_is_known_where_they_are_settled(shop: Shop):
    first, second = join(shop), join(shop)
    segment = define(shop, SpentAtLeast(amount_minor=1_500, days=30))
    buy(shop, first, amount_minor=2_000)
    assert not MemberLabel.objects.exists()

    open_to_rules(segment.pk, is_open=True)
    buy(shop, second, amount_minor=1_500)

    carriers = MemberLabel.objects.filter(label__code=segment.code).values_list("member_id", flat=True)
    assert set(carriers) == {first, second}
    redefine_segment(
        segment.pk,
        name="Big ones",
        tree=SpentAtLeast(amount_minor=1_800, days=30),
        seen_version=1,
        by="test",
        now=NOW,
    )
    assert set(carriers.all()) == {first}
    assert Label.objects.get().name == "Big ones"
    open_to_rules(segment.pk, is_open=False)
    assert not Label.objects.exists()


def test_who_buys_moves_at_once(shop: Shop):
    member_id = join(shop)
    segment = define(shop, SpentAtLeast(amount_minor=1_500, days=30))
    buy(shop, member_id, amount_minor=1_000)
    assert not segments.is_in(segment, member_id)

    buy(shop, member_id, amount_minor=500)

    assert segments.is_in(segment, member_id)
    assert Segment.objects.get(pk=segment.pk).size == 1


def test_a_window_that_closes_lets_members_go_on_the_next_day(shop: Shop):
    member_id = join(shop)
    buy(shop, member_id, at=NOW)
    segment = define(shop, BoughtWithin(days=7))

    assert turn_the_day(now=NOW + timedelta(hours=3)) == 0
    assert turn_the_day(now=NOW + timedelta(days=6)) == 1
    assert segments.is_in(segment, member_id)
    assert turn_the_day(now=NOW + timedelta(days=7)) == 1
    assert not segments.is_in(segment, member_id)
    kinds = [move.kind for move in segments.list_moves(segment, member_id)]
    assert kinds == ["exit", "entry"]


def test_why_answers_every_leaf(shop: Shop):
    member_id = join(shop, agrees=("inbox",))
    buy(shop, member_id, category="tea", amount_minor=1_234)
    tree = AllOf(
        of=[
            FavouriteCategoryIs(categories=["tea"]),
            Not(of=ConsentsTo(channel="email")),
            HoldsTier(tiers=["gold"]),
        ]
    )
    segment = define(shop, tree)

    why = segments.get_why(segment, ref_of(member_id), now=NOW)

    assert (why.is_in, why.judgement.is_true) == (False, False)
    said = [(part.is_true, part.seen) for part in why.judgement.of]
    assert said == [(True, "favourite category tea"), (True, ""), (False, "tier basic")]


def test_a_segment_says_itself_in_plain_words(shop: Shop):
    segment = define(
        shop,
        AllOf(of=[HoldsTier(tiers=["silver", "gold"]), Not(of=BoughtWithin(days=30)), BirthdayThisMonth()]),
    )

    assert SegmentVersion.objects.get(segment=segment).sentence == (
        "A member who is in tier silver or gold and not (bought within the last 30 days) "
        "and has a birthday this month."
    )


def test_a_code_is_taken_once_and_nothing_else_is_written(shop: Shop):
    define(shop, code="winners")

    with pytest.raises(SegmentCodeTaken):
        define(shop, code="winners")

    assert (Segment.objects.count(), SegmentVersion.objects.count()) == (1, 1)


def test_two_people_cannot_overwrite_each_other(shop: Shop):
    segment = define(shop)
    redefine_segment(segment.pk, name="A", tree=HoldsTier(tiers=["gold"]), seen_version=1, by="a", now=NOW)

    with pytest.raises(ChangedMeanwhile):
        redefine_segment(
            segment.pk, name="B", tree=HoldsTier(tiers=["basic"]), seen_version=1, by="b", now=NOW
        )

    assert SegmentVersion.objects.filter(segment=segment).count() == 2


def test_a_tree_beyond_the_cost_guard_is_refused(shop: Shop):
    deep: Condition = BirthdayThisMonth()
    for _ in range(6):
        deep = Not(of=deep)

    with pytest.raises(SegmentTooLarge):
        make_segment(programme_id=shop.programme.pk, code="deep", name="Deep", tree=deep, by="test", now=NOW)

    assert not Segment.objects.exists()


def test_a_statement_that_takes_too_long_is_stopped_and_the_limit_ends_with_it():
    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            found: str = cursor.fetchone()[0]
            return found

    before = limit()
    with transaction.atomic():
        with pytest.raises(SegmentTooSlow), segments.at_most(20), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        assert limit() == before
        with segments.at_most(20):
            pass
        assert limit() == before
