"""The admin in a real browser: nothing is refused by the content security policy, nothing fails in a script.

With REGULARS_PICTURES=FOLDER each page is also saved there as a picture.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign
from config.staff import dashboard
from config.staff.site import site
from tests.campaigns.factories import draft_campaign
from tests.config.staff import PASSWORD, StaffFactory, code_of, with_app
from tests.loyalty.conftest import Shop, basket, open_shop, shop

__all__ = ["open_shop", "shop"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DAYS = 21
DRAWN = "new Promise(drawn => requestIdleCallback(drawn, {timeout: 2000}))"
DRAWN_CHARTS = "[...document.querySelectorAll('canvas.chart')].filter(one => Chart.getChart(one)).length"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of the system's."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visitor:
    """Somebody at a screen. `complaints` is what the browser's console said."""

    def __init__(self, browser: Any, address: str, *, dark: bool = False) -> None:
        self.address = address
        context = browser.new_context(
            viewport={"width": 1440, "height": 960}, color_scheme="dark" if dark else "light", locale="en-US"
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))

    def _listen(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def go(self, path: str, picture: str, *, once_quiet: bool = True) -> None:
        """Open a page and wait until it is drawn; and then for half a second without a request, unless told not to."""
        answer = self.page.goto(self.address + path)
        if once_quiet:
            self.page.wait_for_load_state("networkidle")
        else:
            self.page.evaluate(DRAWN)
        assert answer.status == 200, f"{path} answered {answer.status}"
        self.keep(picture)

    def keep(self, picture: str) -> None:
        folder = os.environ.get("REGULARS_PICTURES")
        if folder:
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=str(Path(folder) / f"{picture}.png"), full_page=True)

    def sign_in(self, username: str) -> None:
        self.page.goto(f"{self.address}/admin/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("#login-form button[type=submit]")
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def busy_shop(shop: Shop) -> Shop:
    """Three weeks of purchases, earned through the till's door, and a campaign that waits to be scheduled."""
    today = datetime.now(UTC)
    for back in reversed(range(DAYS)):
        with time_machine.travel(today - timedelta(days=back), tick=False):
            member = shop.enrol()
            shop.commit(basket(4_000 + 650 * (back % 7), 1_250, member=member))
            shop.commit(basket(2_000 + 300 * (back % 5)))
            shop.commit(basket(9_000 * (back % 4) + 100, member=member, spend_points=100))
    draft_campaign(shop)
    dashboard.forget_figures()
    return shop


@pytest.mark.parametrize("dark", [False, True])
def test_the_first_page_draws_its_charts_without_a_complaint(
    browser: Any, live_server: LiveServer, busy_shop: Shop, dark: bool
) -> None:
    visitor = Visitor(browser, live_server.url, dark=dark)
    visitor.go("/admin/login/", "sign-in-dark" if dark else "sign-in")
    visitor.sign_in(StaffFactory(is_superuser=True, display_name="Mei-Ling Chen").username)

    visitor.go("/admin/", "dashboard-dark" if dark else "dashboard")

    drawn = visitor.page.evaluate(
        "[...document.querySelectorAll('canvas.chart')].filter(c => Chart.getChart(c)).length"
    )
    assert drawn == visitor.page.locator("canvas.chart").count() > 0
    assert visitor.complaints == []


def test_every_list_and_form_opens_without_a_complaint(
    browser: Any, live_server: LiveServer, busy_shop: Shop
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(StaffFactory(is_superuser=True).username)
    for model in site._registry:
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        visitor.go(f"/admin/{label}/", label.replace("/", "-"), once_quiet=False)
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            form = f"/admin/{label}/{row.pk}/change/"
            visitor.go(form, label.replace("/", "-") + "-form", once_quiet=False)

    assert visitor.complaints == []


def test_a_campaign_is_scheduled_after_a_question(
    browser: Any, live_server: LiveServer, busy_shop: Shop
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(StaffFactory(is_superuser=True).username)
    visitor.go(f"/admin/campaigns/campaign/{Campaign.objects.get().pk}/change/", "campaign-form")
    visitor.page.locator("a[href$='/schedule/']").first.click()
    visitor.page.wait_for_load_state("networkidle")
    visitor.keep("campaign-question")

    assert visitor.page.locator("#content").get_by_text("go out at its time?").is_visible()
    assert Campaign.objects.get().intent == Campaign.Intent.DRAFT
    assert visitor.complaints == []


def test_signing_in_with_a_second_factor(browser: Any, live_server: LiveServer) -> None:
    person = StaffFactory(is_superuser=True)
    with_app(person)
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(person.username)
    assert visitor.page.url.endswith("/admin/sign-in/code/")
    visitor.keep("second-step")

    visitor.page.fill("[name=code]", code_of(person))
    visitor.page.click("#code-form button[type=submit]")
    visitor.page.wait_for_load_state("networkidle")

    assert visitor.page.url == f"{live_server.url}/admin/"
    assert visitor.complaints == []


def test_setting_up_a_second_factor_shows_a_code_to_scan(browser: Any, live_server: LiveServer) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(StaffFactory().username)
    visitor.go("/admin/second-factor/", "second-factor")

    assert visitor.page.locator("svg path").count() > 0
    assert visitor.complaints == []


def test_the_quick_search_finds_a_colleague_by_name(browser: Any, live_server: LiveServer) -> None:
    StaffFactory(username="amparo", display_name="Amparo Ruiz")
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(StaffFactory(is_superuser=True).username)

    visitor.page.keyboard.press("Control+k")
    visitor.page.locator("#search-input-command").press_sequentially("Ampa")
    visitor.page.wait_for_selector("text=Amparo Ruiz")

    visitor.keep("quick-search")
    assert visitor.complaints == []
