"""Keys in a real browser: made with the form, shown, copied; no script fails and no policy refuses."""

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from omnichannel.models import ApiKey
from tests.browser.test_admin import Visitor, browser, pytestmark
from tests.config.staff import StaffFactory
from tests.omnichannel.factories import TillFactory

__all__ = ["browser", "pytestmark"]


@pytest.mark.parametrize("dark", [False, True])
def test_a_key_is_made_for_a_till_that_is_found_while_typing(
    browser: Any, live_server: LiveServer, dark: bool
) -> None:
    till = TillFactory(name="Left", place__name="Market Street")
    visitor = Visitor(browser, live_server.url, dark=dark)
    visitor.sign_in(StaffFactory(is_superuser=True).username)
    visitor.go("/admin/omnichannel/apikey/add/", "key-form")
    page = visitor.page

    page.fill("#id_name", "Till 3 on Market Street")
    page.check("input[name=scopes][value=till]")
    page.click("#id_till + .select2-container")
    page.fill(".select2-search__field", "Market")
    page.click(".select2-results__option:has-text('Left')")
    visitor.keep("key-form-dark" if dark else "key-form-filled")
    page.click("form button[type=submit]:has-text('Make the key')")
    page.wait_for_load_state("networkidle")

    key = ApiKey.objects.get()
    assert key.till == till
    assert page.input_value("#key-text").startswith(f"rk_{key.prefix}_")
    visitor.keep("key-made-dark" if dark else "key-made")
    for verb in ("rotate", "revoke", "change"):
        visitor.go(f"/admin/omnichannel/apikey/{key.pk}/{verb}/", f"key-{verb}")
    assert visitor.complaints == []
