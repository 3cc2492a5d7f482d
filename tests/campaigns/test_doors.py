"""The doors of segments and campaigns, as an integration uses them."""

from typing import Any

import msgspec
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Segment, SegmentVersion
from campaigns.services.runs import run_due
from tests.campaigns.factories import (
    NOW,
    Shop,
    buy,
    define,
    draft_campaign,
    join,
    open_shop,
    plan,
    ref_of,
    scheduled_campaign,
)
from tests.campaigns.test_runs import DUE

pytestmark = pytest.mark.django_db

TREE = {"type": "all", "of": [{"type": "favourite_category_is", "categories": ["tea"]}]}


@pytest.fixture
def api(shop: Shop) -> "Api":
    return Api(shop)


class Api:
    """A client with the shop's key; paths are below `/api/v1`."""

    def __init__(self, shop: Shop) -> None:
        self.client = Client(headers={"authorization": f"Bearer {shop.key}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(f"/api/v1{path}", body, "application/json", headers=headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.put(f"/api/v1{path}", body, "application/json", headers=headers)


def _plan(**parts: Any) -> Any:
    return msgspec.to_builtins(plan(**parts))


def test_a_segment_is_counted_defined_and_read(shop: Shop, api: Api):
    tea, rice = join(shop), join(shop)
    buy(shop, tea, category="tea")
    buy(shop, rice, category="rice")

    counted = api.post("/segments/count", {"tree": TREE})
    made = api.post("/segments", {"code": "tea", "name": "Tea lovers", "tree": TREE})

    assert counted.json() == {"count": 1, "sentence": "A member who has tea as favourite category."}
    assert made.status_code == 201
    body = made.json()
    assert (body["size"], body["version"], body["tree"]) == (1, 1, TREE)
    assert api.get(f"/segments/{body['ref']}").json() == body
    assert [row["member"] for row in api.get(f"/segments/{body['ref']}/members").json()["results"]] == [
        ref_of(tea)
    ]
    assert [row["code"] for row in api.get("/segments").json()["results"]] == ["tea"]


def test_why_tells_each_condition(shop: Shop, api: Api):
    rice = join(shop)
    buy(shop, rice, category="rice")
    made = api.post("/segments", {"code": "tea", "name": "Tea lovers", "tree": TREE}).json()

    why = api.get(f"/segments/{made['ref']}/why", member=ref_of(rice)).json()

    assert (why["fits_now"], why["is_in"]) == (False, False)
    assert why["because"]["of"][0] == {
        "words": "has tea as favourite category",
        "is_true": False,
        "seen": "favourite category rice",
        "of": [],
    }
    unknown = api.get(f"/segments/{made['ref']}/why", member="mem_" + "0" * 26)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_not_in_programme")


@pytest.mark.parametrize(
    ("tree", "pointer"),
    [
        ({"type": "tier_is", "tiers": []}, "/tree/tiers"),
        ({"type": "no_such_question"}, "/tree/type"),
        ({"type": "bought_within", "days": 0}, "/tree/days"),
        ({"type": "bought_within", "days": 3, "sql": "1=1"}, "/tree/sql"),
        ({"type": "all", "of": [{"type": "birthday_in", "months": [13]}]}, "/tree/of/0/months/0"),
    ],
)
def test_a_definition_that_does_not_fit_is_refused_by_name(api: Api, tree: Any, pointer: str):
    refused = api.post("/segments", {"code": "x", "name": "X", "tree": tree})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert not Segment.objects.exists()


def test_a_segment_is_redefined_only_as_seen(shop: Shop, api: Api):
    segment = define(shop)
    etag = api.get(f"/segments/{segment.ref}").headers["ETag"]

    changed = api.put(f"/segments/{segment.ref}", {"name": "Tea", "tree": TREE}, **{"if-match": etag})
    stale = api.put(f"/segments/{segment.ref}", {"name": "Late", "tree": TREE}, **{"if-match": etag})

    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert stale.status_code == 412
    assert SegmentVersion.objects.filter(segment=segment).count() == 2


def test_a_campaign_from_draft_to_recipients(shop: Shop, api: Api):
    sent, silent = join(shop), join(shop, agrees=())
    for member_id in (sent, silent):
        buy(shop, member_id)
    segment = define(shop)
    with time_machine.travel(NOW, tick=False):
        made = api.post(
            "/campaigns", {"code": "c", "name": "C", "segment": segment.ref, "plan": _plan()}
        ).json()
        scheduled = api.post(f"/campaigns/{made['ref']}/schedule").json()
    assert (made["state"], scheduled["state"]) == ("draft", "scheduled")
    assert scheduled["next_due_at"] == "2026-11-20T16:00:00Z"

    run_due(now=DUE)

    (run,) = api.get(f"/campaigns/{made['ref']}/runs").json()["results"]
    assert (run["state"], run["candidates"], run["sent"], run["withheld"]) == ("finished", 2, 1, 1)
    assert run["reasons"] == {"sent": 1, "consent_missing": 1}
    told = {row["member"]: row for row in api.get(f"/campaigns/{made['ref']}/recipients").json()["results"]}
    assert told[ref_of(sent)]["offer"] == "Triple points on tea"
    assert told[ref_of(silent)]["because"] == "did not agree to be written to through any of the channels"
    withheld = api.get(f"/campaigns/{made['ref']}/recipients", verdict="withheld").json()["results"]
    assert [row["member"] for row in withheld] == [ref_of(silent)]
    assert api.get(f"/campaigns/{made['ref']}").json()["state"] == "finished"


def test_a_template_that_cannot_be_written_is_refused_with_its_field(shop: Shop, api: Api):
    segment = define(shop)
    broken = {
        "code": "c",
        "name": "C",
        "segment": segment.ref,
        "plan": _plan() | {"body": "{{ member.balance }}"},
    }

    refused = api.post("/campaigns", broken)

    assert (refused.status_code, refused.json()["code"]) == (422, "content_not_valid")
    assert not Campaign.objects.exists()


def test_a_scheduled_campaign_is_paused_before_it_is_changed(shop: Shop, api: Api):
    campaign = scheduled_campaign(shop)
    change = {"name": "New", "segment": campaign.segment.ref, "plan": _plan(valid_days=3)}

    refused = api.put(f"/campaigns/{campaign.ref}", change)
    paused = api.post(f"/campaigns/{campaign.ref}/pause")
    changed = api.put(f"/campaigns/{campaign.ref}", change)

    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_not_a_draft")
    assert (paused.json()["state"], changed.json()["version"]) == ("paused", 2)


def test_a_moment_that_has_passed_is_refused(shop: Shop, api: Api):
    campaign = draft_campaign(shop)

    with time_machine.travel(DUE, tick=False):
        refused = api.post(f"/campaigns/{campaign.ref}/schedule")

    assert (refused.status_code, refused.json()["code"]) == (422, "schedule_has_passed")
    assert Campaign.objects.get().intent == "draft"


def test_another_programme_is_not_there(api: Api):
    other = open_shop()
    segment, campaign = define(other), draft_campaign(other)

    assert api.get(f"/segments/{segment.ref}").status_code == 404
    assert api.get(f"/campaigns/{campaign.ref}").status_code == 404
    assert api.get("/segments").json()["results"] == []
    assert (
        api.post(
            "/segments", {"code": "x", "name": "X", "tree": TREE, "programme": other.programme.code}
        ).status_code
        == 404
    )


def test_a_key_without_the_scope_stays_outside(client: Client):
    assert client.get("/api/v1/segments").status_code == 401


@pytest.mark.parametrize("path", ["/segments", "/campaigns"])
def test_a_page_costs_the_same_however_long(shop: Shop, api: Api, path: str):
    scheduled_campaign(shop)
    api.get(path)
    with CaptureQueriesContext(connection) as one:
        api.get(path)
    for _ in range(2):
        scheduled_campaign(shop)
    with CaptureQueriesContext(connection) as three:
        rows = api.get(path).json()["results"]

    assert len(rows) == 3
    assert len(three) == len(one)


def test_pages_follow_each_other(shop: Shop, api: Api):
    for _ in range(3):
        define(shop)

    first = api.get("/segments", limit=2).json()
    second = api.get("/segments", limit=2, cursor=first["next"]).json()

    refs = [row["ref"] for row in first["results"] + second["results"]]
    assert refs == list(Segment.objects.order_by("-pk").values_list("ref", flat=True))
    assert second["next"] is None


def test_the_schema_of_a_definition_is_published(api: Api):
    assert "HoldsTier" in api.get("/segments/schema").json()["$defs"]
