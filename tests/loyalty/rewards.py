"""Rewards for tests, and what apps and tills are answered when they redeem them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.test import Client

from loyalty.models import Reward
from loyalty.services.rewards import RewardDraft, open_reward
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.vouchers import series
from tests.members.factories import bearer_of

_numbers = count(1)


def gift(shop: Shop, points: int = 300, **more: Any) -> Reward:
    """A coffee mug, unless something else is said."""
    told = {"code": f"mug-{next(_numbers)}", "title": "Coffee mug", "kind": "gift"} | more
    return open_reward(shop.programme.pk, RewardDraft(points=points, **told))


def voucher_reward(shop: Shop, points: int = 300, **more: Any) -> Reward:
    """A voucher of 5.00."""
    told = {"title": "5.00 off", "kind": "voucher", "series": series(shop).code}
    return gift(shop, points, **(told | more))


def experience(shop: Shop, seats: int | None = 2, **more: Any) -> Reward:
    """An evening in three days."""
    happens_at = datetime.now(UTC) + timedelta(days=3)
    told = {"title": "Tea evening", "kind": "experience", "happens_at": happens_at, "stock": seats}
    return gift(shop, **(told | more))


def rich(shop: Shop, points: int = 500) -> Member:
    """A member who has earned so many points (a multiple of 10)."""
    member = shop.enrol()
    shop.commit(basket(points * 10, member=member))
    return member


def app_of(member: Member) -> Client:
    """The app of this member, signed in now."""
    return Client(headers={"authorization": bearer_of(member, now=datetime.now(UTC))})


def redeem_by_app(member: Member, reward: Reward, **more: Any) -> Any:
    """What the member's app is answered."""
    return tell_by_app(member, "me/redemptions", {"reward": reward.code, **more})


def tell_by_app(member: Member, path: str, body: dict[str, Any]) -> Any:
    return app_of(member).post(
        f"/api/v1/{path}",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": f"app-{next(_numbers)}"},
    )


def tell(shop: Shop, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    """What the shop's till is answered."""
    return shop.post(path, body, key, **{"Idempotency-Key": f"told-{next(_numbers)}"})


def redeem_at_till(shop: Shop, member: Member, reward: Reward, **more: Any) -> Any:
    return tell(shop, "redemptions", {"member": {"ref": member.ref}, "reward": reward.code, **more})
