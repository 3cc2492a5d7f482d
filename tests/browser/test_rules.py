"""A marketer at a screen: says a rule, tries it on a real purchase, publishes it."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from config.staff.roles import MARKETER
from loyalty.models import Rule
from omnichannel.models import Product
from tests.browser.test_admin import CHROMIUM, Visitor, browser
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket, open_shop, shop

__all__ = ["browser", "open_shop", "shop"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def tea_shop(shop: Shop) -> Shop:
    """A shop that sells tea and once sold some to a member."""
    now = timezone.now()
    for sku, name, category in (
        ("TEA-ICED", "Iced lemon tea", "TEA"),
        ("TEA-OOLONG", "Oolong", "TEA"),
        ("BUN", "Pineapple bun", "BAKERY"),
    ):
        Product.objects.create(
            programme=shop.programme, sku=sku, name=name, category=category, changed_at=now
        )
    body = basket(450, 1_200, 320, member=shop.enrol("+12125550144"))
    for line, sku in zip(body["lines"], ("TEA-ICED", "TEA-OOLONG", "BUN"), strict=True):
        line["sku"] = sku
    shop.commit(body)
    return shop


@pytest.mark.parametrize("width", [1440, 420])
def test_a_rule_is_said_tried_and_published(
    browser: Any, live_server: LiveServer, tea_shop: Shop, width: int
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    visitor.sign_in(in_role(MARKETER).username)
    visitor.go("/admin/loyalty/rule/add/", f"rule-add-{width}")
    page = visitor.page

    page.fill("#id_name", "Tea week")
    page.fill("#id_times", "3")
    page.locator(".field-categories .select2-selection").click()
    page.keyboard.type("te")
    page.locator(".select2-results__option", has_text="TEA").first.click()
    assert not page.is_visible("#id_places")
    add = page.locator(".rule-add").nth(2)
    add.select_option(label="Store or web shop")
    page.locator(".field-places .select2-selection").click()
    page.locator(".select2-results__option", has_text="Main street").click()
    add.select_option(label="Weekdays")
    page.check("#id_weekdays_0")
    page.locator(".rule-row", has_text="Weekdays").locator("button").first.click()
    add.select_option(label="Days that recur")
    page.select_option("#id_recurs_pattern", "weekday")
    page.fill("#id_recurs_first_on", "2020-01-01")
    page.locator(".rule-add").nth(1).select_option(label="Exceptions")
    page.locator(".rule-add").last.select_option(label="Caps and budget")
    page.fill("#id_caps_member_day", "500")
    said = page.locator("[data-rule-says]")
    said.get_by_text("the first Monday of each month").wait_for()
    visitor.keep(f"rule-rows-{width}")
    page.locator(".rule-row", has_text="Days that recur").locator("button").first.click()
    page.locator(".rule-row", has_text="Caps and budget").locator("button").first.click()
    said.get_by_text(f"Triple points on category TEA, in {tea_shop.place.name}.").wait_for()
    page.click("[name=_preview]")
    page.wait_for_load_state("networkidle")
    visitor.keep(f"rule-preview-{width}")
    tried = page.locator("#try").inner_text()
    assert f"Triple points on category TEA, in {tea_shop.place.name}." in tried
    assert "510 points with this version, 190 as it is today" in tried
    assert "tea-week" in page.input_value("#id_code")
    assert Rule.objects.filter(code="tea-week").count() == 0

    page.click("[name=_continue]")
    page.wait_for_load_state("networkidle")
    visitor.keep(f"rule-change-{width}")
    rule = Rule.objects.get(code="tea-week")
    assert rule.versions.get().definition["effect"]["scope"]["categories"] == ["TEA"]
    visitor.go(f"/admin/loyalty/rule/{rule.pk}/end/", f"rule-end-{width}")
    visitor.go("/admin/loyalty/rule/", f"rule-list-{width}")
    assert visitor.complaints == []


def test_what_is_not_saved_outlives_a_back_test_and_enter_saves(
    browser: Any, live_server: LiveServer, tea_shop: Shop
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(in_role(MARKETER).username)
    visitor.go("/admin/loyalty/rule/add/", "rule-unsaved")
    page = visitor.page
    page.fill("#id_name", "Tea days")
    page.fill("#id_times", "2")
    page.locator(".field-categories .select2-selection").click()
    page.locator(".select2-results__option", has_text="TEA").first.click()
    said = page.locator("[data-rule-says]").get_by_text("Double points on category TEA.")
    said.wait_for()
    with page.expect_popup() as beside:
        page.click("[name=_back_test]")
    beside.value.wait_for_url("**/backtest/**")
    said.wait_for()

    page.press("#id_name", "Enter")
    page.wait_for_url("**/loyalty/rule/")
    rule = Rule.objects.get(code="tea-days")
    assert rule.versions.get().definition["effect"]["scope"]["categories"] == ["TEA"]
