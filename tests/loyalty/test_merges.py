"""Two members become one, and two again: what is worth something follows, and comes back from where it went."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from loyalty.errors import PointsSetAside
from loyalty.models import Entry, Grant, Lot, TierDay, TierStanding, Voucher, Wallet
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.definition import FixedPoints
from loyalty.services.expiry import book_expired_lots
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.ledger import Credit, post_credit
from loyalty.services.merging import carry_what_came_since
from loyalty.services.verification import verify_ledger
from members.models import Member, Merge, MergeState
from members.services.merging import merge_members, preview_merge, undo_merge
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_returns import bring_back, buy
from tests.loyalty.vouchers import issued, series
from tests.members.factories import bearer_of

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def merge(going: Member, staying: Member) -> Merge:
    merged = merge_members(going_id=going.pk, staying_id=staying.pk, actor="staff:1", now=now())
    assert merged.state == MergeState.MERGED
    assert verify_ledger(now=now()) == []
    return merged


def part(merged: Merge) -> None:
    assert undo_merge(merged.pk, actor="staff:2", now=now()).state == MergeState.UNDONE
    assert verify_ledger(now=now()) == []


def balances(*members: Member) -> list[int]:
    assert verify_ledger(now=now()) == []
    held = dict(Wallet.objects.values_list("member_id", "balance"))
    return [held.get(member.pk, 0) for member in members]


def lots(member: Member) -> list[tuple[Any, ...]]:
    mine = Lot.objects.filter(member=member, remaining__gt=0).order_by("expires_at", "available_from", "id")
    return list(mine.values_list("order_ref", "available_from", "expires_at", "remaining"))


@pytest.fixture
def ada(shop: Shop) -> Member:
    return shop.enrol("+12125550142")


@pytest.fixture
def grace(shop: Shop) -> Member:
    return shop.enrol("+12125550143")


def test_points_go_to_who_stays_with_their_order_maturity_and_expiry(
    shop: Shop, ada: Member, grace: Member
) -> None:
    buy(shop, ada, 5_000)
    buy(shop, grace, 1_000)
    before = lots(ada)

    merge(ada, grace)

    assert balances(ada, grace) == [0, 600]
    assert set(before) < set(lots(grace))
    kinds = Entry.objects.filter(kind__startswith="merge").order_by("id").values_list("kind", "points")
    assert list(kinds) == [("merge_out", -500), ("merge_in", 500)]


def test_undoing_a_merge_at_once_changes_nothing(shop: Shop, ada: Member, grace: Member) -> None:
    buy(shop, ada, 15_000)
    buy(shop, ada, 500, spend_points=300)
    buy(shop, grace, 1_000)
    before = [balances(ada, grace), lots(ada), lots(grace), days(ada), days(grace)]

    part(merge(ada, grace))

    assert [balances(ada, grace), lots(ada), lots(grace), days(ada), days(grace)] == before


def days(member: Member) -> list[tuple[Any, ...]]:
    counted = TierDay.objects.filter(member=member, visits__gt=0).order_by("spent_on")
    return list(counted.values_list("spent_on", "qualifying_minor", "points", "visits"))


@pytest.mark.parametrize("key", ["ref", "phone"])
def test_a_till_that_names_who_went_is_answered_with_who_stayed(
    shop: Shop, ada: Member, grace: Member, key: str
) -> None:
    named = {"ref": ada.ref} if key == "ref" else {"phone": "+12125550142"}
    buy(shop, ada, 5_000)
    merge(ada, grace)

    looked_up = shop.post("till/lookup", {"member": named})
    assert looked_up.json()["member"]["ref"] == grace.ref
    assert looked_up.json()["wallet"]["spendable"] == 500
    bought = shop.commit(basket(1_000, spend_points=100) | {"member": named})
    assert bought.status_code == 201
    assert bought.json()["wallet"]["spendable"] == 490
    assert shop.quote(basket(1_000, spend_points=490) | {"member": named}).status_code == 200
    assert balances(ada, grace) == [0, 490]


def test_an_app_of_who_went_shows_who_stayed(shop: Shop, ada: Member, grace: Member) -> None:
    app = Client(headers={"authorization": bearer_of(ada, now=now())})
    buy(shop, ada, 5_000)
    merged = merge(ada, grace)
    assert app.get("/api/v1/me").json()["ref"] == grace.ref
    assert app.get("/api/v1/me/wallet").json()["balance"] == 500
    part(merged)
    assert app.get("/api/v1/me").json()["ref"] == ada.ref


def test_what_was_spent_meanwhile_stays_spent(shop: Shop, ada: Member, grace: Member) -> None:
    buy(shop, ada, 5_000)
    merged = merge(ada, grace)
    buy(shop, grace, 1_000, spend_points=200)
    part(merged)
    assert balances(ada, grace) == [300, 90]


def test_what_is_earned_meanwhile_stays_with_who_did_it(shop: Shop, ada: Member, grace: Member) -> None:
    merged = merge(ada, grace)
    buy(shop, grace, 5_000)
    part(merged)
    assert balances(ada, grace) == [0, 500]


def test_what_runs_out_meanwhile_is_gone(open_shop: Callable[..., Shop], clock: Any) -> None:
    shop = open_shop(expiry_days=30)
    ada, grace = shop.enrol(), shop.enrol()
    buy(shop, ada, 5_000)
    merged = merge(ada, grace)
    clock.shift(timedelta(days=40))
    book_expired_lots(until=now(), now=now())
    part(merged)
    assert balances(ada, grace) == [0, 0]


def test_a_return_of_who_went_takes_points_from_who_has_them(shop: Shop, ada: Member, grace: Member) -> None:
    order = buy(shop, ada, 5_000, 3_000)
    buy(shop, grace, 1_000)
    merge(ada, grace)

    answer = bring_back(shop, order, {0: 1})

    assert answer.status_code == 201
    assert answer.json()["wallet"]["balance"] == 400
    assert balances(ada, grace) == [0, 400]
    again = bring_back(shop, order, {1: 1})
    assert again.status_code == 201
    assert balances(ada, grace) == [0, 100]


def test_points_that_who_went_spent_come_back_to_who_has_theirs(
    shop: Shop, ada: Member, grace: Member
) -> None:
    buy(shop, ada, 5_000)
    order = buy(shop, ada, 1_000, spend_points=200)
    before = balances(ada, grace)
    merged = merge(ada, grace)
    bring_back(shop, order, {0: 1})
    assert balances(ada, grace) == [0, before[0] + 200 - 90]
    part(merged)
    assert balances(ada, grace) == [500, 0]


def test_a_debt_goes_along_and_back(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt")
    ada, grace = shop.enrol(), shop.enrol()
    order = buy(shop, ada, 5_000)
    buy(shop, ada, 500, spend_points=500)
    bring_back(shop, order, {0: 1})
    owed = balances(ada)[0]
    assert owed < 0
    merged = merge(ada, grace)
    assert balances(ada, grace) == [0, owed]
    buy(shop, grace, 1_000)
    part(merged)
    assert balances(ada, grace) == [min(owed + 100, 0), max(owed + 100, 0)]


def test_what_comes_to_who_went_follows_them(shop: Shop, ada: Member, grace: Member) -> None:
    merge(ada, grace)
    credit = Credit(
        member_id=ada.pk,
        points=50,
        kind="bonus",
        cause="friend",
        reason="a friend bought",
        actor="clock",
        happened_at=now(),
    )
    post_credit(credit, programme=get_current_programme(shop.programme.pk), now=now())
    assert balances(ada, grace) == [50, 0]
    assert carry_what_came_since(now=now()) == 1
    assert balances(ada, grace) == [0, 50]
    assert carry_what_came_since(now=now()) == 0


def test_the_higher_tier_holds_for_who_stays(shop: Shop, ada: Member, grace: Member) -> None:
    buy(shop, ada, 60_000)
    until = TierStanding.objects.get(member=ada, tier__code="gold").until_at
    merged = merge(ada, grace)
    held = shop.post("till/lookup", {"member": {"ref": grace.ref}}).json()["wallet"]["tier"]
    assert held["code"] == "gold"
    assert TierStanding.objects.get(member=grace, tier__code="gold").until_at == until
    part(merged)
    tier = shop.post("till/lookup", {"member": {"ref": grace.ref}}).json()["wallet"]["tier"]
    assert tier["code"] == "basic"
    assert shop.post("till/lookup", {"member": {"ref": ada.ref}}).json()["wallet"]["tier"]["code"] == "gold"


def test_what_both_spent_counts_towards_the_tier_together(shop: Shop, ada: Member, grace: Member) -> None:
    buy(shop, ada, 6_000)
    buy(shop, grace, 3_900)
    merge(ada, grace)
    buy(shop, grace, 100)
    wallet = shop.post("till/lookup", {"member": {"ref": grace.ref}}).json()["wallet"]
    assert wallet["tier"]["code"] == "silver"


def test_a_voucher_of_who_went_works_for_who_stays(shop: Shop, ada: Member, grace: Member) -> None:
    code = issued(series(shop), ada)
    merged = merge(ada, grace)
    bought = shop.commit(basket(5_000, member=grace, voucher_codes=[code]))
    assert bought.status_code == 201, bought.content
    assert Voucher.objects.get().uses == 1
    part(merged)
    assert Voucher.objects.get().member_id == grace.pk  # used is used


def test_a_voucher_that_nobody_used_goes_back(shop: Shop, ada: Member, grace: Member) -> None:
    issued(series(shop), ada)
    merged = merge(ada, grace)
    assert Voucher.objects.get().member_id == grace.pk
    part(merged)
    assert Voucher.objects.get().member_id == ada.pk


@pytest.mark.parametrize("is_used", [True, False])
def test_an_offer_is_promised_to_who_stays_and_counts_once(
    shop: Shop, ada: Member, grace: Member, is_used: bool
) -> None:
    draft = GrantDraft(
        member_id=ada.pk,
        programme_id=shop.programme.pk,
        cause="campaign:1",
        title="100 more",
        effect=FixedPoints(points=100),
        valid_from=now() - timedelta(days=1),
        valid_until=now() + timedelta(days=9),
    )
    grant_to([draft], now=now())
    merged = merge(ada, grace)
    if is_used:
        buy(shop, grace, 1_000)
        assert balances(grace) == [200]
    part(merged)
    theirs = Grant.objects.get(member=ada)
    assert (theirs.uses, theirs.max_uses) == (int(is_used), 1)
    assert shop.post("till/lookup", {"member": {"ref": grace.ref}}).json()["offer"] is None
    assert (shop.post("till/lookup", {"member": {"ref": ada.ref}}).json()["offer"] is None) == is_used


def test_a_merge_waits_until_a_payment_is_over(shop: Shop, ada: Member, grace: Member) -> None:
    buy(shop, ada, 5_000)
    held = shop.post("holds", {"member": {"ref": ada.ref}, "points": 100}, **{"Idempotency-Key": "hold-1"})
    assert held.status_code == 201, held.content
    with pytest.raises(PointsSetAside):
        merge(ada, grace)
    assert not Merge.objects.exists()
    assert Member.objects.get(pk=ada.pk).state == "active"
    with time_machine.travel(now() + timedelta(hours=1)):
        merge(ada, grace)
        assert balances(ada, grace) == [0, 500]


def test_a_merge_of_a_merged_member_is_undone_in_either_order(shop: Shop, ada: Member, grace: Member) -> None:
    third = shop.enrol()
    order = buy(shop, ada, 5_000)
    buy(shop, grace, 1_000)
    first, second = merge(ada, grace), merge(grace, third)
    assert balances(ada, grace, third) == [0, 0, 600]
    assert shop.post("till/lookup", {"member": {"ref": ada.ref}}).json()["member"]["ref"] == third.ref
    bring_back(shop, order, {0: 1})
    assert balances(ada, grace, third) == [0, 0, 100]
    buy(shop, ada, 2_000)
    part(first)
    assert balances(ada, grace, third) == [0, 0, 300]
    assert shop.post("till/lookup", {"member": {"ref": grace.ref}}).json()["member"]["ref"] == third.ref
    part(second)
    assert balances(ada, grace, third) == [0, 100, 200]


def test_a_preview_tells_what_would_be_and_writes_nothing(shop: Shop, ada: Member, grace: Member) -> None:
    buy(shop, ada, 5_000)
    buy(shop, grace, 1_000)
    written = Entry.objects.count()

    shown = preview_merge(going_id=ada.pk, staying_id=grace.pk, actor="staff:1", now=now())

    after = {fact.name: fact.value for fact in shown.after}
    assert after["Corner shop: points"] == "600"
    assert {fact.name: fact.value for fact in shown.going}["Corner shop: points"] == "500"
    assert (after["Phones"], after["Orders"]) == ("2", "2")
    assert (Entry.objects.count(), Merge.objects.count()) == (written, 0)
    assert balances(ada, grace) == [500, 100]
