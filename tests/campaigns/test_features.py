"""What is known of members: told twice, late or not at all, the numbers are those of the orders."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from campaigns.models import MemberCategory, MemberDay, MemberFeature
from campaigns.queries import segments
from campaigns.rules.conditions import FavouriteCategoryIs
from campaigns.services.features import Touched, learn, rebuild_features
from config.outbox.delivery import deliver_due
from loyalty.models import Tier, Wallet
from loyalty.rules.basket import Line
from loyalty.rules.return_told import Return, ReturnedLine
from loyalty.services.checkout import commit_purchase
from loyalty.services.corrections import Colleague
from loyalty.services.given_tiers import end_given_tier, give_tier
from loyalty.services.returns import take_back
from loyalty.services.tier_reviews import tell_of_ends
from members.models import Member
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from tests.campaigns.factories import NOW, Shop, basket, buy, define, join, open_shop

pytestmark = pytest.mark.django_db


def _numbers(shop: Shop) -> tuple[set[tuple[object, ...]], ...]:
    """Everything that is derived of a programme, without row ids and moments of writing."""
    days, categories, known = (
        table.objects.filter(programme=shop.programme) for table in (MemberDay, MemberCategory, MemberFeature)
    )
    return (
        set(days.values_list("member_id", "bought_on", "purchases", "spent_minor")),
        set(categories.values_list("member_id", "month_on", "department", "category", "spent_minor")),
        set(
            known.values_list(
                "member_id",
                "first_purchase_on",
                "last_purchase_on",
                "purchases",
                "spent_minor",
                "favourite_category",
                "favourite_department",
                "tier_code",
            )
        ),
    )


def test_a_purchase_is_counted_on_the_day_of_the_programme(shop: Shop):
    member_id = join(shop)
    late_evening = datetime.fromisoformat("2026-11-19T23:30:00-05:00")

    buy(shop, member_id, at=late_evening, amount_minor=700)
    buy(shop, member_id, at=late_evening - timedelta(hours=2), amount_minor=300)

    day = MemberDay.objects.get()
    assert (str(day.bought_on), day.purchases, day.spent_minor) == ("2026-11-19", 2, 1_000)
    known = MemberFeature.objects.get(member_id=member_id)
    assert (str(known.last_purchase_on), known.purchases, known.spent_minor) == ("2026-11-19", 2, 1_000)


def test_nothing_is_learnt_again_of_who_was_erased(shop: Shop):
    member_id, other_id = join(shop), join(shop)
    for one in (member_id, other_id):
        buy(shop, one, at=NOW, amount_minor=700)
    request = ask_for_own_erasure(member_id, actor=f"member:{member_id}", now=NOW)
    while deliver_due(now=NOW):
        pass
    erase_member(request.pk, now=request.due_at)
    erase_member(request.pk, now=request.due_at + IN_FLIGHT)
    request.refresh_from_db()
    assert request.state == "erased"

    learn([Touched(member_id, shop.programme.code, NOW)], now=NOW)
    rebuild_features(shop.programme.id, now=NOW)

    for table in (MemberDay, MemberCategory, MemberFeature):
        assert set(table.objects.values_list("member_id", flat=True)) == {other_id}


def test_the_favourite_is_where_most_was_spent_in_the_year_up_to_the_last_purchase(shop: Shop):
    member_id = join(shop)
    buy(shop, member_id, category="wine", amount_minor=50_000, at=NOW - timedelta(days=500))
    buy(shop, member_id, category="tea", amount_minor=900, at=NOW - timedelta(days=90))
    buy(shop, member_id, category="tea", amount_minor=900, at=NOW - timedelta(days=60))

    buy(shop, member_id, category="rice", amount_minor=1_000, at=NOW, department="food")

    known = MemberFeature.objects.get(member_id=member_id)
    assert (known.favourite_category, known.favourite_department) == ("tea", "drinks")


def test_what_came_back_is_spent_no_longer(shop: Shop):
    member_id = join(shop)
    line = Line(sku="TEA", category="tea", department="drinks", quantity=3, unit_price_minor=300)
    bought = replace(basket(shop, member_id, at=NOW - timedelta(days=3)), lines=[line])
    ref = json.loads(commit_purchase(purchase=bought, teller=shop.teller, now=NOW).body)["order"]["ref"]

    def give_back(number: str, quantity: int) -> None:
        told = Return(
            order_ref=ref,
            number=number,
            lines=[ReturnedLine(line=0, quantity=quantity)],
            returned_at=NOW,
            place_id=shop.place.pk,
            till_id=None,
            programme_id=shop.programme.pk,
            actor="test",
        )
        take_back(told, now=NOW)
        deliver_due(now=NOW)

    give_back("B1", 1)
    known = MemberFeature.objects.get(member_id=member_id)
    assert (known.purchases, known.spent_minor) == (1, 600)
    assert MemberCategory.objects.get(member_id=member_id).spent_minor == 600
    learnt = _numbers(shop)
    rebuild_features(shop.programme.pk, now=NOW)
    assert _numbers(shop) == learnt
    give_back("B2", 2)
    assert MemberFeature.objects.get(member_id=member_id).purchases == 0


def test_a_tier_that_is_reached_is_known(shop: Shop):
    member_id = join(shop)
    assert MemberFeature.objects.get(member_id=member_id).tier_code == "basic"

    buy(shop, member_id, amount_minor=12_000)

    assert MemberFeature.objects.get(member_id=member_id).tier_code == "silver"


def test_a_tier_that_is_over_is_known(shop: Shop):
    member_id = join(shop)
    wallet, silver = (
        Wallet.objects.create(member_id=member_id, programme=shop.programme),
        Tier.objects.get(code="silver"),
    )
    by = Colleague(id=1, name="staff:1", email="", roles=[])
    give_tier(wallet, silver.pk, until=NOW + timedelta(days=30), reason="Friend", by=by, now=NOW)
    deliver_due(now=NOW)
    assert MemberFeature.objects.get(member_id=member_id).tier_code == "silver"

    end_given_tier(wallet, silver.pk, reason="Over", by=by, now=NOW + timedelta(minutes=1))
    tell_of_ends(now=NOW + timedelta(minutes=1))
    deliver_due(now=NOW + timedelta(minutes=1))

    assert MemberFeature.objects.get(member_id=member_id).tier_code == "basic"


def test_news_told_twice_counts_once(shop: Shop):
    member_id = join(shop)
    bought = buy(shop, member_id)
    before = _numbers(shop)

    for _ in range(3):
        learn([Touched(member_id, shop.programme.code, bought.placed_at)], now=NOW)

    assert _numbers(shop) == before


def test_the_relay_brings_purchases_to_the_features(shop: Shop):
    member_id = join(shop)
    buy(shop, member_id, is_learnt=False)
    assert not MemberDay.objects.exists()

    while deliver_due(now=NOW):
        pass

    assert MemberFeature.objects.get(member_id=member_id).purchases == 1


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bought=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["tea", "rice", "milk", "bread"]),
            st.integers(1, 5_000),
            st.integers(0, 24 * 500),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_learning_by_and_by_and_rebuilding_give_the_same(bought: list[tuple[int, str, int, int, bool]]):
    """Drift 0: whatever order news come in, and however often, a rebuild changes nothing."""
    shop = open_shop()
    members = [join(shop) for _ in range(3)]
    for who, category, amount_minor, hours_ago, is_told_twice in bought:
        at = NOW - timedelta(hours=hours_ago)
        buy(shop, members[who], category=category, amount_minor=amount_minor, at=at)
        if is_told_twice:
            learn([Touched(members[who], shop.programme.code, at)], now=NOW)
    by_and_by = _numbers(shop)

    rebuild_features(shop.programme.pk, now=NOW)
    assert _numbers(shop) == by_and_by

    _damage(shop)
    rebuild_features(shop.programme.pk, now=NOW)
    assert _numbers(shop) == by_and_by


def test_the_command_rebuilds_what_an_import_left_unknown(capsys: pytest.CaptureFixture[str], shop: Shop):
    member_id = join(shop)
    buy(shop, member_id, is_learnt=False)

    call_command("rebuild_features", shop.programme.code)

    assert capsys.readouterr().out == f"{shop.programme.code}: 1 members\n"
    assert MemberFeature.objects.get(member_id=member_id).favourite_category == "tea"


def test_an_imported_history_is_known_to_segments_without_a_command(tmp_path: Path, shop: Shop):
    segment = define(shop, FavouriteCategoryIs(categories=["tea"]))
    history = tmp_path / "orders.csv"
    history.write_text(
        "place,number,placed_at,member_external,sku,quantity,unit_price,category\n"
        f"{shop.place.code},R1,2025-03-01 10:00,crm:1,TEA,2,45.00,tea\n"
    )

    call_command("import_orders", history, programme=shop.programme.code, hands=1, stdout=StringIO())
    assert not segments.is_in(segment, Member.objects.get().pk)
    while deliver_due(now=datetime.now(UTC)):
        pass

    feature = MemberFeature.objects.get()
    assert (feature.favourite_category, feature.purchases, feature.spent_minor) == ("tea", 1, 9_000)
    assert segments.is_in(segment, feature.member_id)


def test_sums_of_days_that_lost_their_orders_go_away(shop: Shop):
    member_id = join(shop)
    MemberDay.objects.create(
        member_id=member_id, programme=shop.programme, bought_on=NOW.date(), purchases=4, spent_minor=4_000
    )

    rebuild_features(shop.programme.pk, now=NOW)

    assert not MemberDay.objects.exists()
    assert MemberFeature.objects.get(member_id=member_id).purchases == 0


def _damage(shop: Shop) -> None:
    """Lose every sum and every feature."""
    MemberDay.objects.filter(programme=shop.programme).delete()
    MemberCategory.objects.filter(programme=shop.programme).delete()
    MemberFeature.objects.filter(programme=shop.programme).update(
        purchases=7, spent_minor=7, favourite_category="x", tier_code="x", last_purchase_on=None
    )
