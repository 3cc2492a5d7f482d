"""Merges of merged members: what came along two or three of them goes back whole, and no more than it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from loyalty.models import Grant, TierStanding, Voucher, Wallet
from loyalty.rules.definition import FixedPoints
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.verification import verify_ledger
from members.errors import MergeUnderWay
from members.models import Member, Merge, MergeState
from members.services.merging import finish_merges, merge_members, undo_merge
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop
from tests.loyalty.test_returns import bring_back, buy
from tests.loyalty.vouchers import issued, series

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def merge(going: Member, staying: Member) -> Merge:
    return merge_members(going_id=going.pk, staying_id=staying.pk, actor="staff:1", now=now())


def part(merged: Merge) -> None:
    assert undo_merge(merged.pk, actor="staff:2", now=now()).state == MergeState.UNDONE
    assert verify_ledger(now=now()) == []


def tier(shop: Shop, member: Member) -> str:
    wallet = shop.post("till/lookup", {"member": {"ref": member.ref}}).json()["wallet"]
    return str(wallet["tier"]["code"])


def offer(shop: Shop, member: Member) -> None:
    draft = GrantDraft(
        member_id=member.pk,
        programme_id=shop.programme.pk,
        cause="campaign:1",
        title="100 more",
        effect=FixedPoints(points=100),
        valid_from=now() - timedelta(days=1),
        valid_until=now() + timedelta(days=9),
    )
    grant_to([draft], now=now())


def open_offers(member: Member) -> int:
    return sum(grant.max_uses - grant.uses for grant in Grant.objects.filter(member=member))


def test_a_tier_that_came_along_two_merges_goes_back_with_the_first(shop: Shop) -> None:
    ada, grace, third = shop.enrol(), shop.enrol(), shop.enrol()
    buy(shop, ada, 60_000)
    first = merge(ada, grace)
    merge(grace, third)
    assert tier(shop, third) == "gold"
    part(first)
    assert (tier(shop, ada), tier(shop, third)) == ("gold", "basic")


def test_a_tier_of_who_stays_outlives_the_merge_of_somebody_else(shop: Shop) -> None:
    ada, grace, third = shop.enrol(), shop.enrol(), shop.enrol()
    buy(shop, grace, 60_000)
    first = merge(ada, grace)
    second = merge(grace, third)
    until = TierStanding.objects.filter(member=third, tier__code="gold").get().until_at
    part(first)
    assert tier(shop, third) == "gold"
    held = TierStanding.objects.filter(member=third, tier__code="gold", until_at=until)
    assert held.count() == 1
    part(second)
    assert (tier(shop, grace), tier(shop, third)) == ("gold", "basic")


def test_an_offer_that_came_along_three_merges_goes_back_whole(shop: Shop) -> None:
    people = [shop.enrol() for _ in range(4)]
    offer(shop, people[0])
    first = merge(people[0], people[1])
    merge(people[1], people[2])
    merge(people[2], people[3])
    assert shop.post("till/lookup", {"member": {"ref": people[3].ref}}).json()["offer"]
    part(first)
    assert open_offers(people[0]) == 1
    assert shop.post("till/lookup", {"member": {"ref": people[3].ref}}).json()["offer"] is None


def test_an_offer_that_was_used_before_a_merge_was_done_again_is_used_once(shop: Shop) -> None:
    ada, grace, third = shop.enrol(), shop.enrol(), shop.enrol()
    offer(shop, ada)
    first, second = merge(ada, grace), merge(grace, third)
    buy(shop, third, 1_000)
    part(second)
    merge(grace, third)
    part(first)
    assert Grant.objects.get(member=ada).uses == 1


def test_nobody_goes_on_before_those_who_came_have_arrived(shop: Shop) -> None:
    """Else what comes late would end with somebody who has gone already."""
    ada, grace, third = shop.enrol(), shop.enrol(), shop.enrol()
    first = merge(ada, grace)
    issued(series(shop), ada)
    Merge.objects.filter(pk=first.pk).update(state=MergeState.MOVING)  # killed before it moved the voucher
    with pytest.raises(MergeUnderWay):
        merge(grace, third)
    finish_merges(now=now())
    merge(grace, third)
    assert Voucher.objects.get().member_id == third.pk


def test_who_owes_keeps_owing_and_nobody_elses_points_pay(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt")
    ada, grace = shop.enrol(), shop.enrol()
    order = buy(shop, grace, 5_000)
    buy(shop, grace, 500, spend_points=500)
    bring_back(shop, order, {0: 1})
    buy(shop, ada, 6_000)
    before = [(w.balance, w.debt) for w in Wallet.objects.order_by("member_id")]
    merged = merge(ada, grace)
    part(merged)
    assert [(w.balance, w.debt) for w in Wallet.objects.order_by("member_id")] == before


def test_a_merge_that_cannot_go_on_does_not_keep_the_others(shop: Shop) -> None:
    ada, grace, third, fourth = (shop.enrol() for _ in range(4))
    poison, sound = merge(ada, grace), merge(third, fourth)
    Merge.objects.update(state=MergeState.MOVING)
    Merge.objects.filter(pk=poison.pk).update(moved={"loyalty": {"vouchers": 7}})
    with pytest.raises(ExceptionGroup):
        finish_merges(now=now())
    sound.refresh_from_db()
    assert sound.state == MergeState.MERGED


def test_a_key_of_a_programme_previews_nothing_of_another(open_shop: Callable[..., Shop]) -> None:
    here, elsewhere = open_shop(), open_shop()
    ada, grace = here.enrol(), here.enrol()
    buy(here, ada, 1_000)
    buy(elsewhere, ada, 7_000)
    issued(series(elsewhere), ada)
    made = make_key(name="crm", scopes=["members"], programme_id=here.programme.pk, now=now())
    client = Client(headers={"authorization": f"Bearer {made.text}"})
    path = f"/api/v1/members/{ada.ref}/merge/preview"
    told = client.post(path, {"into": grace.ref}, content_type="application/json").json()
    shown = {one["name"]: one["value"] for one in told["after"]}
    assert (shown["Orders"], shown["Vouchers that can be used"]) == ("1", "0")
    assert [value for name, value in shown.items() if name.endswith(": points")] == ["100"]
