"""A member at the page of their preferences: by keyboard alone, in a browser that runs no script, on a small screen."""

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from config.ground import clock
from members.models import Attribute, ConsentEvent, Member
from members.queries.attributes import get_attributes
from members.queries.preferences import get_preferences
from members.rules.attributes import Eyes
from members.services.preference_links import preferences_token
from tests.browser.test_admin import CHROMIUM, browser
from tests.members.factories import MemberFactory

__all__ = ["browser"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def press_until(page: Any, name: str, *, most: int = 60) -> None:
    """Go on with the tabulator until the box of this name has the focus, and can be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"The keyboard does not reach {name}.")


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fa", "rtl")])
def test_the_page_is_filled_in_by_keyboard_without_scripts(
    browser: Any, live_server: LiveServer, language: str, direction: str
) -> None:
    member: Member = MemberFactory(language=language)
    Attribute.objects.create(
        code="teas", label="Teas", purpose="T.", kind="many_of", allowed=["green", "black"]
    )
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/preferences/{preferences_token(member.ref, now=clock.now())}")
    assert page.locator("html").get_attribute("dir") == direction
    assert page.locator("main").bounding_box()["width"] <= 390

    press_until(page, "allow_marketing")
    page.keyboard.press("Space")
    press_until(page, "frequency")
    page.keyboard.press("ArrowDown")
    press_until(page, "packaging")
    page.keyboard.type("no bag")
    press_until(page, "about_teas")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("[role=status]").wait_for()

    assert page.url.endswith("?saved=1")
    said = ConsentEvent.objects.get()
    assert (said.channel, said.purpose, said.is_given) == ("sms", "marketing", True)
    assert said.text_version == f"preference-page-1 {language}"
    wishes = get_preferences(member.pk)
    assert (wishes.packaging, wishes.frequency) == ("no bag", "weekly")
    assert get_attributes(member.pk, eyes=Eyes.MEMBER) == {"teas": ["green"]}
    context.close()
