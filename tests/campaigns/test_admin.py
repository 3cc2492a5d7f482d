"""A marketer in the admin: a segment row by row, a campaign with a preview, its runs and their reasons."""

import json
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.admin.conditions import QUESTIONS
from campaigns.models import Campaign, CampaignRun, Recipient, Segment, SegmentVersion
from campaigns.queries import campaigns
from campaigns.queries.segment_sql import REGISTRY
from campaigns.rules.offers import ExtraPoints, FavouriteCategoryPoints
from campaigns.services.runs import run_due
from members.member_data import list_panels
from omnichannel.models import Message
from tests.campaigns.factories import (
    NOW,
    Shop,
    buy,
    define,
    draft_campaign,
    join,
    scheduled_campaign,
)
from tests.campaigns.test_runs import DUE
from tests.config.staff import give_password, in_role

pytestmark = pytest.mark.django_db
TREE = {"type": "all", "of": [{"type": "favourite_category_is", "categories": ["tea"]}]}


@pytest.fixture
def marketer(client: Client) -> Client:
    give_password(client, in_role("marketer"))
    return client


def _fields(shop: Shop, segment: Segment, **changed: Any) -> dict[str, Any]:
    return {
        "programme": shop.programme.pk,
        "segment": segment.pk,
        "name": "Your favourite",
        "code": "favourite",
        "offer_kind": "favourite_category_points",
        "times": "3",
        "except_categories": ["fuel", "coupons"],
        "category": "",
        "points": "",
        "minimum": "",
        "valid_days": 7,
        "max_uses": 1,
        "channels": ["email", "inbox"],
        "purpose": "marketing",
        "title": "{{ offer.words }}",
        "subject": "{{ member.name }}, {{ offer.words }}",
        "body": "Hello {{ member.name }}, until {{ offer.ends_on }}.",
        "schedule_kind": "weekly",
        "on": "2026-11-20",
        "weekday": 5,
        "at": "11:00",
        "seen_version": 0,
        **changed,
    }


def test_every_question_has_its_row_in_the_form():
    asked = {kind.__struct_config__.tag: set(kind.__struct_fields__) - {"purpose"} for kind in REGISTRY}
    shown = {question["type"]: {field["name"] for field in question["fields"]} for question in QUESTIONS}
    assert shown == asked


def test_a_segment_is_previewed_and_made(shop: Shop, marketer: Client):
    buy(shop, join(shop), category="tea")
    buy(shop, join(shop), category="rice")
    form = {
        "programme": shop.programme.pk,
        "name": "Tea",
        "code": "tea",
        "conditions": json.dumps(TREE),
        "seen_version": 0,
    }

    page = marketer.get("/admin/campaigns/segment/add/")
    preview = marketer.post(
        "/admin/campaigns/segment/preview/", {"tree": json.dumps(TREE), "programme": shop.programme.pk}
    )
    made = marketer.post("/admin/campaigns/segment/add/", form)

    assert page.status_code == 200
    assert preview.json() == {"sentence": "A member who has tea as favourite category.", "count": "1"}
    assert made.status_code == 302
    segment = Segment.objects.get()
    assert (segment.size, segment.current_version) == (1, 1)
    assert SegmentVersion.objects.get().made_by.startswith("staff:")
    assert marketer.get(f"/admin/campaigns/segment/{segment.pk}/change/").status_code == 200
    assert "favourite category" in marketer.get("/admin/campaigns/segment/").content.decode()


def test_a_condition_that_does_not_fit_is_named_by_its_row(shop: Shop, marketer: Client):
    broken = {"type": "all", "of": [{"type": "bought_within", "days": 3}, {"type": "tier_is", "tiers": []}]}
    form = {
        "programme": shop.programme.pk,
        "name": "X",
        "code": "x",
        "conditions": json.dumps(broken),
        "seen_version": 0,
    }

    answer = marketer.post("/admin/campaigns/segment/add/", form)

    assert answer.status_code == 200
    assert "Condition 2:" in answer.content.decode()
    assert not Segment.objects.exists()


def test_two_marketers_do_not_overwrite_each_other(shop: Shop, marketer: Client):
    segment = define(shop, code="tea")
    form = {"name": "Tea", "conditions": json.dumps(TREE), "seen_version": 1}
    address = f"/admin/campaigns/segment/{segment.pk}/change/"

    assert marketer.post(address, form).status_code == 302
    late = marketer.post(address, {**form, "name": "Late"})

    assert "Somebody changed this segment meanwhile" in late.content.decode()
    assert Segment.objects.get().name == "Tea"


def test_a_campaign_is_made_scheduled_and_sent(shop: Shop, marketer: Client):
    buy(shop, join(shop))
    segment = define(shop)
    with time_machine.travel(NOW, tick=True):
        made = marketer.post("/admin/campaigns/campaign/add/", _fields(shop, segment))
        assert made.status_code == 302, made.context["adminform"].form.errors
        campaign = Campaign.objects.get()
        page = f"/admin/campaigns/campaign/{campaign.pk}"
        assert marketer.get(f"{page}/change/").status_code == 200
        assert "go out at its time?" in marketer.get(f"{page}/schedule/").content.decode()
        assert campaigns.overview_of(campaign).standing == "draft", "a link alone schedules nothing"
        marketer.post(f"{page}/schedule/")
    assert campaigns.overview_of(Campaign.objects.get()).standing == "scheduled"

    run_due(now=DUE)

    assert Message.objects.count() == 2
    run = CampaignRun.objects.get(number=1)
    shown = marketer.get(f"/admin/campaigns/campaignrun/{run.pk}/change/").content.decode()
    assert "Offer used" in shown
    listed = marketer.get("/admin/campaigns/recipient/", {"run__id__exact": run.pk}).content.decode()
    assert "Triple points on tea" in listed
    assert "1 of 1 sent, 0 used" in marketer.get("/admin/campaigns/campaign/").content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"body": "{{ member.balance }}"}, "body"),
        ({"times": "0.05"}, "times"),
        ({"times": ""}, "times"),
        ({"offer_kind": "extra_points", "points": "5", "minimum": "10.005"}, "minimum"),
        ({"offer_kind": "category_points", "category": ""}, "category"),
        ({"offer_kind": "extra_points", "points": ""}, "points"),
        ({"valid_days": 0}, "valid_days"),
    ],
)
def test_what_does_not_fit_stands_under_its_field(
    shop: Shop, marketer: Client, changed: dict[str, Any], field: str
):
    answer = marketer.post("/admin/campaigns/campaign/add/", _fields(shop, define(shop), **changed))

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Campaign.objects.exists()


def test_amounts_are_typed_in_money_and_factors_as_people_say_them(shop: Shop, marketer: Client):
    points = {"offer_kind": "extra_points", "points": "500", "minimum": "12.50"}
    marketer.post("/admin/campaigns/campaign/add/", _fields(shop, define(shop), **points))
    campaign = Campaign.objects.get()
    address = f"/admin/campaigns/campaign/{campaign.pk}/change/"

    assert campaigns.overview_of(campaign).plan.offer == ExtraPoints(points=500, minimum_minor=1_250)
    page = marketer.get(address)
    assert str(page.context["adminform"].form["minimum"].value()) == "12.50"
    assert ">USD<" in "".join(page.content.decode().split())

    favourite = _fields(shop, campaign.segment, times="1.5", seen_version=1)
    assert marketer.post(address, favourite).status_code == 302
    offer = campaigns.overview_of(Campaign.objects.get()).plan.offer
    assert offer == FavouriteCategoryPoints(percent=150, except_categories=["fuel", "coupons"])
    assert marketer.get(address).context["adminform"].form["times"].value() == Decimal("1.5")


def test_a_campaign_offers_only_the_step_that_comes_next(shop: Shop, marketer: Client):
    draft, scheduled = draft_campaign(shop), scheduled_campaign(shop)

    def steps(campaign: Campaign) -> list[str]:
        page = marketer.get(f"/admin/campaigns/campaign/{campaign.pk}/change/").content.decode()
        return [step for step in ("schedule", "pause") if f"/{campaign.pk}/{step}/" in page]

    assert (steps(draft), steps(scheduled)) == (["schedule"], ["pause"])


def test_recipients_are_called_by_name_and_found_as_members_are(shop: Shop, marketer: Client):
    for name in ("Grace", "Edith"):
        buy(shop, join(shop, name=name))
    scheduled_campaign(shop)
    run_due(now=DUE)

    found = marketer.get("/admin/campaigns/recipient/", {"q": "grac"}).content.decode()

    assert "Grace" in found
    assert "Edith" not in found


def test_a_campaign_is_previewed_as_a_real_member_and_nothing_is_written(shop: Shop, marketer: Client):
    buy(shop, join(shop, name="Grace"))
    fields = _fields(shop, define(shop))

    shown = marketer.post("/admin/campaigns/campaign/preview/", fields).content.decode()
    broken = marketer.post(
        "/admin/campaigns/campaign/preview/", fields | {"body": "{{ nothing }}"}
    ).content.decode()

    assert "Grace, triple points on tea" in shown
    assert "Triple points on tea, until" in shown
    assert "&#x27;nothing&#x27; is undefined" in broken
    assert not Recipient.objects.exists()
    assert not Message.objects.exists()


def test_a_stored_draft_is_previewed_with_its_programme(shop: Shop, marketer: Client):
    buy(shop, join(shop, name="Grace"))
    campaign = draft_campaign(shop)
    fields = _fields(shop, campaign.segment, seen_version=1, campaign=campaign.pk)
    del fields["programme"], fields["code"]

    shown = marketer.post("/admin/campaigns/campaign/preview/", fields).content.decode()

    assert "Grace, triple points on tea" in shown


def test_a_scheduled_campaign_is_shown_and_not_edited(shop: Shop, marketer: Client):
    campaign = scheduled_campaign(shop)
    address = f"/admin/campaigns/campaign/{campaign.pk}"

    assert marketer.get(f"{address}/change/").status_code == 200
    assert marketer.post(f"{address}/change/", _fields(shop, campaign.segment)).status_code == 403
    marketer.post(f"{address}/pause/")

    assert Campaign.objects.get().intent == "paused"


@pytest.mark.parametrize("page", ["campaign", "segment", "campaignrun"])
def test_a_list_costs_the_same_however_long(shop: Shop, marketer: Client, page: str):
    scheduled_campaign(shop)
    marketer.get(f"/admin/campaigns/{page}/")
    with CaptureQueriesContext(connection) as one:
        marketer.get(f"/admin/campaigns/{page}/")
    for _ in range(2):
        scheduled_campaign(shop)
    with CaptureQueriesContext(connection) as three:
        marketer.get(f"/admin/campaigns/{page}/")

    assert len(three) == len(one)


def test_a_finance_person_cannot_schedule(shop: Shop, client: Client):
    give_password(client, in_role("finance"))
    campaign = draft_campaign(shop)

    client.post(f"/admin/campaigns/campaign/{campaign.pk}/schedule/")

    assert Campaign.objects.get().intent == "draft"


def test_the_members_page_tells_what_was_offered_and_why_not(shop: Shop):
    sent, silent = join(shop), join(shop, agrees=())
    for member_id in (sent, silent):
        buy(shop, member_id)
    scheduled_campaign(shop)
    run_due(now=DUE)

    def offers(member_id: int) -> Any:
        return next(
            panel for panel in list_panels(member_id, now=DUE) if panel.title == "Offers and campaigns"
        ).rows

    assert offers(sent)[0][3].text == "Triple points on tea"
    assert offers(silent)[0][3].text == "did not agree to be written to through any of the channels"
