"""A programme as a file on the staff's pages: saved, read, tried on the past, brought in."""

import html
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.staff.roles import ADMINISTRATOR, FINANCE
from loyalty.models import BackTest, ProgrammeTerms, RuleDraft, Tier
from tests.loyalty.conftest import Shop
from tests.loyalty.test_admin_rules import signed_in

pytestmark = pytest.mark.django_db


def page_of(act: str) -> str:
    return f"/admin/loyalty/programmeterms/{ProgrammeTerms.objects.get().pk}/{act}/"


def saved(client: Client) -> dict[str, Any]:
    answer = client.get(page_of("take_out"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    file: dict[str, Any] = json.loads(answer.content)
    return file


def changed(client: Client) -> dict[str, Any]:
    """The programme's file with another name for silver, dearer points, and twice the basic ones."""
    file = saved(client)
    file["tiers"][1]["name"] = "Silver leaf"
    file["terms"] |= {"burn_minor": 2, "rules_need_approval": True}
    file["rules"][0]["definition"]["effect"]["points"] = 20
    return file


def read(client: Client, file: Any) -> str:
    """The page once the file was sent."""
    text = file if isinstance(file, str) else json.dumps(file)
    sent = SimpleUploadedFile("programme.json", text.encode())
    return str(client.post(page_of("bring_in"), {"file": sent}).content.decode())


def told_by(page: str) -> str:
    """The text of the file that stands in the page."""
    found = re.search(r'name="told" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def test_a_file_is_read_before_it_is_brought_in(shop: Shop) -> None:
    client = signed_in(ADMINISTRATOR)
    page = read(client, changed(client))

    assert "Tier Silver → Silver leaf" in page
    assert "Rule Base: Gives: 10 points" in page
    assert Tier.objects.get(code="silver").name == "Silver"

    done = client.post(page_of("bring_in"), {"told": told_by(page), "_bring": ""}, follow=True)

    assert "The rule Base waits for somebody to approve it." in done.content.decode()
    assert Tier.objects.get(code="silver").name == "Silver leaf"
    assert ProgrammeTerms.objects.get().burn_minor == 2
    assert RuleDraft.objects.get().made_by.startswith("staff:")


def test_a_file_is_tried_on_the_past_without_being_brought_in(shop: Shop) -> None:
    client = signed_in(ADMINISTRATOR)
    days = {"past-since_on": "2026-01-01", "past-until_on": "2026-12-31"}

    same = client.post(
        page_of("bring_in"),
        {"told": told_by(read(client, saved(client))), "_back_test": "", **days},
        follow=True,
    )
    assert "says nothing else" in same.content.decode()
    client.post(
        page_of("bring_in"), {"told": told_by(read(client, changed(client))), "_back_test": "", **days}
    )

    changes = BackTest.objects.get().changes
    assert [rule["definition"]["effect"]["points"] for rule in changes["rules"]] == [20]
    assert (changes["without"], changes["tiers"]) == ([], None)
    assert Tier.objects.get(code="silver").name == "Silver"


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"format": "something else"}'])
def test_what_is_no_such_file_is_said_and_changes_nothing(shop: Shop, text: str) -> None:
    page = read(signed_in(ADMINISTRATOR), text or " ")

    assert "This file cannot be brought in here" in page
    assert 'name="told" value' not in page


def test_who_may_not_change_tiers_and_rules_brings_nothing_in(shop: Shop) -> None:
    file = json.dumps(changed(signed_in(ADMINISTRATOR)))
    client = signed_in(FINANCE)

    assert saved(client)["programme"]["code"] == shop.programme.code
    assert client.post(page_of("bring_in"), {"told": file, "_bring": ""}).status_code in (403, 404)
    assert Tier.objects.get(code="silver").name == "Silver"
