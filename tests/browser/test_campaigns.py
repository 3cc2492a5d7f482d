"""A marketer at a screen: puts a segment together, says a campaign, reads the letter; and the member who leaves."""

import json
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign, Segment
from campaigns.queries import campaigns, segments
from campaigns.rules.offers import ExtraPoints
from campaigns.rules.segments import Condition
from config.ground import typed
from config.staff.roles import MARKETER
from members.rules.consents import Channel, Purpose
from members.services.unsubscribing import Subscription, unsubscribe_token
from tests.browser.test_admin import CHROMIUM, Visitor, browser
from tests.campaigns.factories import Shop, buy, define, join, open_shop
from tests.config.staff import in_role
from tests.members.factories import MemberFactory

__all__ = ["browser"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
NESTED = {
    "type": "any",
    "of": [
        {"type": "bought_within", "days": 30},
        {"type": "all", "of": [{"type": "birthday_this_month"}, {"type": "tier_is", "tiers": ["gold"]}]},
    ],
}


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def marketer(browser: Any, live_server: LiveServer, *, width: int = 1440) -> Visitor:
    visitor = Visitor(browser, live_server.url)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    visitor.sign_in(in_role(MARKETER).username)
    return visitor


@pytest.mark.parametrize("width", [1440, 420])
def test_a_campaign_is_said_in_money_previewed_and_saved(
    browser: Any, live_server: LiveServer, shop: Shop, width: int
) -> None:
    buy(shop, join(shop, name="Grace"))
    define(shop)
    visitor = marketer(browser, live_server, width=width)
    visitor.go("/admin/campaigns/campaign/add/", f"campaign-add-{width}")
    page = visitor.page
    assert page.locator("#id_times").is_visible()
    assert not page.locator("#id_minimum").is_visible()

    page.fill("#id_name", "Birthday gift")
    page.select_option("#id_segment", index=1)
    page.select_option("#id_offer_kind", "extra_points")
    page.fill("#id_points", "500")
    page.fill("#id_minimum", "12.50")
    page.fill("#id_on", "2030-01-31")
    page.click("[data-show]")
    page.wait_for_selector(".preview-till")
    visitor.keep(f"campaign-preview-{width}")
    assert "500 extra points on a purchase of 12.50 USD or more" in page.inner_text(".preview-till")
    assert not page.locator("#id_times").is_visible()
    page.click("[name=_save]")
    page.wait_for_load_state("networkidle")

    campaign = Campaign.objects.get(code="birthday-gift")
    assert campaigns.overview_of(campaign).plan.offer == ExtraPoints(points=500, minimum_minor=1_250)
    assert visitor.complaints == []


def test_a_category_that_was_suggested_is_kept(browser: Any, live_server: LiveServer, shop: Shop) -> None:
    buy(shop, join(shop), category="tea")
    define(shop)
    visitor = marketer(browser, live_server)
    visitor.go("/admin/campaigns/campaign/add/", "campaign-category")
    page = visitor.page

    page.fill("#id_name", "Tea week")
    page.select_option("#id_segment", index=1)
    page.select_option("#id_offer_kind", "category_points")
    page.click("#id_category + .select2-container")
    page.keyboard.type("tea")
    page.locator(".select2-results__option", has_text="tea").first.click()
    page.fill("#id_on", "2030-01-31")
    page.click("[name=_save]")
    page.wait_for_load_state("networkidle")

    plan = campaigns.overview_of(Campaign.objects.get(code="tea-week")).plan
    assert plan.offer.category == "tea"
    assert visitor.complaints == []


def test_a_segment_is_put_together_row_by_row(browser: Any, live_server: LiveServer, shop: Shop) -> None:
    visitor = marketer(browser, live_server)
    visitor.go("/admin/campaigns/segment/add/", "segment-add")
    page = visitor.page

    page.fill("#id_name", "Big or loyal")
    page.select_option("#id_programme", index=1)
    page.select_option("[data-match]", "any")
    page.click("[data-add]")
    second = page.locator(".conditions-row").nth(1)
    second.locator("[data-type]").select_option("spent_at_least")
    second.locator("[data-field=amount_minor]").fill("300")
    second.locator("[data-field=days]").fill("90")
    page.wait_for_selector(".conditions-count")
    visitor.keep("segment-rows")
    page.click("[name=_save]")
    page.wait_for_load_state("networkidle")

    assert segments.get_version(Segment.objects.get(code="big-or-loyal")).tree == {
        "type": "any",
        "of": [
            {"type": "bought_within", "days": 30},
            {"type": "spent_at_least", "amount_minor": 30_000, "days": 90},
        ],
    }
    assert visitor.complaints == []


def test_groups_within_groups_are_shown_as_they_are_stored(
    browser: Any, live_server: LiveServer, shop: Shop
) -> None:
    segment = define(shop, typed.load(Condition, NESTED))
    visitor = marketer(browser, live_server)
    visitor.go(f"/admin/campaigns/segment/{segment.pk}/change/", "segment-nested")
    page = visitor.page

    assert page.locator(".conditions-json").is_visible()
    assert json.loads(page.input_value(".conditions-json")) == NESTED
    assert page.locator(".conditions-row").count() == 0
    assert visitor.complaints == []


def test_the_unsubscribe_page_has_its_style_and_its_button_works(
    browser: Any, live_server: LiveServer
) -> None:
    member = MemberFactory(language="fa")
    visitor = Visitor(browser, live_server.url)
    visitor.page.set_viewport_size({"width": 390, "height": 700})
    token = unsubscribe_token(Subscription(member.ref, Channel.EMAIL, Purpose.MARKETING))
    visitor.go(f"/u/{token}", "unsubscribe")

    centred = visitor.page.evaluate("getComputedStyle(document.querySelector('main')).textAlign")
    visitor.page.click("button")
    visitor.page.wait_for_load_state("networkidle")

    assert centred == "center"
    assert visitor.page.locator("button").count() == 0
    assert member.consent_events.get().is_given is False
    assert visitor.complaints == []
