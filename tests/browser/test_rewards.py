"""Rewards in a real browser: what a reward of a kind asks for can be seen, and changed later."""

from typing import Any

from pytest_django.live_server_helper import LiveServer

from tests.browser.test_admin import Visitor, browser, pytestmark
from tests.config.staff import StaffFactory
from tests.loyalty.conftest import Shop, open_shop, shop
from tests.loyalty.rewards import experience, gift, voucher_reward

__all__ = ["browser", "open_shop", "pytestmark", "shop"]

ASKED = ["series", "happens_at"]


def test_a_stored_reward_shows_what_its_kind_asks_for(
    browser: Any, live_server: LiveServer, shop: Shop
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(StaffFactory(is_superuser=True).username)
    shown = []
    for reward in (voucher_reward(shop), experience(shop), gift(shop)):
        visitor.go(f"/admin/loyalty/reward/{reward.pk}/change/", f"reward-{reward.kind}")
        shown.append([visitor.page.locator(f".field-{name}:visible").count() for name in ASKED])

    assert shown == [[1, 0], [0, 1], [0, 0]]
    assert visitor.complaints == []
