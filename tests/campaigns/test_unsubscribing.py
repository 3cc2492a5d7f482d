"""The way out of a campaign's letters, from the mail file back to the next run."""

import email
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.models import Recipient
from campaigns.rules.schedules import Weekly
from campaigns.services.runs import run_due
from config.ground import clock
from members.models import Consent, ConsentEvent
from omnichannel.models import Message
from omnichannel.services.sending import send_due
from tests.campaigns.factories import NOW, Shop, buy, join, open_shop, scheduled_campaign

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=1, minutes=5)


@pytest.fixture
def folder(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MESSAGE_FOLDER = tmp_path
    settings.EMAIL_BACKEND = "omnichannel.adapters.files.FileMailBackend"
    settings.PUBLIC_URL = "https://loyalty.example.com"
    monkeypatch.setattr(clock, "now", lambda: DUE + timedelta(hours=1))
    return tmp_path


def letter_of(shop: Shop, folder: Path, **campaign: Any) -> EmailMessage:
    """Send a weekly campaign to its only member, and read the file that the letter became."""
    scheduled_campaign(
        shop,
        schedule=Weekly(starts_on=NOW.date(), weekday=5, at=NOW.time().replace(hour=11)),
        **campaign,
    )
    run_due(now=DUE)
    assert send_due(now=DUE).sent == 1
    (file,) = folder.glob("*.eml")
    letter = email.message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(letter, EmailMessage)
    return letter


def link_in(letter: EmailMessage) -> str:
    return str(letter["List-Unsubscribe"]).strip("<>")


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_a_letter_shows_its_way_out_and_names_it_in_its_headers(folder: Path):
    shop = open_shop(name="Ben & Co")
    buy(shop, join(shop))

    letter = letter_of(shop, folder)

    link = link_in(letter)
    assert link.startswith("https://loyalty.example.com/u/")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"agreed to hear from Ben & Co.\nUnsubscribe: {link}\n" in part(letter, "plain")
    choose_at = Message.objects.get(channel="email").facts["preferences_url"]
    assert f"\nChoose what you get: {choose_at}\n" in part(letter, "plain")
    assert (
        f'agreed to hear from Ben &amp; Co. <a href="{link}">Unsubscribe</a> · '
        f'<a href="{choose_at}">Choose what you get</a></p></body></html>'
    ) in part(letter, "html")
    assert Client().get(urlsplit(choose_at).path).status_code == 200


def test_the_inbox_needs_no_link(folder: Path, shop: Shop):
    buy(shop, join(shop))

    letter_of(shop, folder)

    told = Message.objects.get(channel="inbox")
    assert "nsubscribe" not in told.body_text + told.body_html + str(told.facts)


def test_one_click_ends_the_letters_and_a_scanner_does_not(folder: Path, shop: Shop):
    """Never 25: a mail scanner follows links; only the POST of a person or a mail provider counts."""
    member_id = join(shop, agrees=("email",))
    buy(shop, member_id)
    path = urlsplit(link_in(letter_of(shop, folder))).path
    outside = Client(enforce_csrf_checks=True)

    assert [outside.get(path).status_code, outside.head(path).status_code] == [200, 200]
    assert ConsentEvent.objects.count() == 1

    assert outside.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Consent.objects.get(member_id=member_id, channel="email", purpose="marketing").is_given

    run_due(now=DUE + timedelta(weeks=1))
    reasons = Recipient.objects.order_by("run__number").values_list("reason", flat=True)
    assert list(reasons) == ["sent", "consent_missing"]


def test_the_link_of_a_letter_about_points_ends_those_alone(folder: Path, shop: Shop):
    member_id = join(shop, agrees=("email",))
    Consent.objects.create(
        member_id=member_id, channel="email", purpose="points", is_given=True, changed_at=NOW
    )
    buy(shop, member_id)

    Client().post(urlsplit(link_in(letter_of(shop, folder, purpose="points"))).path)

    given = Consent.objects.filter(member_id=member_id, is_given=True)
    assert list(given.values_list("purpose", flat=True)) == ["marketing"]


def test_consent_to_points_news_is_asked_again_when_the_letter_leaves(folder: Path, shop: Shop):
    """Never 30: every purpose is the member's to take back, up to the last moment."""
    member_id = join(shop, agrees=("email",))
    consent = Consent.objects.create(
        member_id=member_id, channel="email", purpose="points", is_given=True, changed_at=NOW
    )
    buy(shop, member_id)
    scheduled_campaign(shop, purpose="points")
    run_due(now=DUE)
    Consent.objects.filter(pk=consent.pk).update(is_given=False)

    assert send_due(now=DUE).withdrawn == 1
    assert list(folder.glob("*")) == []
