"""Going back to an older version of a rule, and withdrawing one that has not begun."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.staff.roles import MARKETER, STORE_MANAGER
from loyalty.errors import RuleNotValid
from loyalty.models import RuleVersion
from loyalty.rules.definition import Multiplier, RuleDefinition
from loyalty.services.rule_drafts import draft_roll_back, submit_draft, write_draft
from loyalty.services.rules import withdraw_version
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
WEEK_ENDS = NOW + timedelta(days=7)


def published(
    shop: Shop,
    percent: int,
    *,
    starts: datetime | None = None,
    ends: datetime | None = None,
    now: datetime = NOW,
) -> RuleVersion:
    """A version that was drafted and approved."""
    draft = write_draft(
        programme_id=shop.programme.pk,
        code="tea",
        name="Tea week",
        definition=RuleDefinition(effect=Multiplier(percent=percent)),
        live_from=starts,
        live_until=ends,
        by="staff:1",
        now=now,
    )
    version = submit_draft(draft.pk, by="staff:1", now=now).version
    assert version is not None
    return version


def lives() -> list[tuple[int, datetime, datetime | None]]:
    return list(
        RuleVersion.objects.filter(rule__code="tea")
        .order_by("version")
        .values_list("version", "live_from", "live_until")
    )


def test_what_is_gone_back_to_ends_when_it_was_to_end(shop: Shop) -> None:
    first = published(shop, 200, ends=WEEK_ENDS)
    published(shop, 300, now=NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)

    draft_roll_back(first, by="staff:1", now=later)

    assert lives()[-1] == (3, later, WEEK_ENDS)


def test_what_was_to_end_by_now_is_not_gone_back_to(shop: Shop) -> None:
    first = published(shop, 200, ends=WEEK_ENDS)
    published(shop, 300, now=NOW + timedelta(hours=1))
    with pytest.raises(RuleNotValid, match="another end"):
        draft_roll_back(first, by="staff:1", now=WEEK_ENDS)
    assert len(lives()) == 2


def test_a_withdrawn_version_never_begins_and_what_held_goes_on_to_its_own_end(shop: Shop) -> None:
    published(shop, 200, ends=WEEK_ENDS)
    starts = NOW + timedelta(days=1)
    second = published(shop, 300, starts=starts)
    assert lives()[0] == (1, NOW, starts)

    withdraw_version(second, now=NOW)

    assert lives() == [(1, NOW, WEEK_ENDS), (2, starts, starts)]
    with pytest.raises(RuleNotValid):
        withdraw_version(second, now=NOW)
    published(shop, 400, now=NOW + timedelta(hours=1))
    assert lives()[0] == (1, NOW, NOW + timedelta(hours=1))


def test_what_has_begun_is_not_withdrawn(shop: Shop) -> None:
    first = published(shop, 200)
    with pytest.raises(RuleNotValid, match="end the rule"):
        withdraw_version(first, now=NOW)
    assert lives() == [(1, NOW, None)]


def test_a_marketer_withdraws_it_on_the_page_of_the_rule(shop: Shop, client: Client) -> None:
    now = timezone.now()
    published(shop, 200, now=now)
    second = published(shop, 300, starts=now + timedelta(days=1), now=now)
    page = f"/admin/loyalty/rule/{second.rule_id}"
    client.force_login(in_role(STORE_MANAGER))
    assert client.post(f"{page}/withdraw/2/").status_code == 404

    client.force_login(in_role(MARKETER))
    assert b"Withdraw" in client.get(f"{page}/change/").content
    client.post(f"{page}/withdraw/2/")
    assert [ends for _, _, ends in lives()] == [None, second.live_from]
    assert b"Withdraw" not in client.get(f"{page}/change/").content
