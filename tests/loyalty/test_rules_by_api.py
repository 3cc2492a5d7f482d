"""Rules by API: what they can say, and drafts that wait for a person; and rules that can be read no more."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from config.ground import clock
from config.staff.roles import MARKETER
from loyalty.models import Rule, RuleDraft, RuleVersion
from loyalty.rules.definition import FixedPoints, RuleDefinition
from loyalty.services.rule_drafts import approve_draft, write_draft
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_admin_rules import signed_in
from tests.slowly import others_at_it

pytestmark = pytest.mark.django_db

TRIPLE = {"effect": {"type": "multiplier", "percent": 300, "scope": {"categories": ["TEA"]}}}


@pytest.fixture
def headers(shop: Shop) -> dict[str, str]:
    made = make_key(name="rules", scopes=["campaigns"], programme_id=shop.programme.pk, now=clock.now())
    return {"Authorization": f"Bearer {made.text}"}


def put(shop: Shop, headers: dict[str, str], code: str = "tea", **more: Any) -> Any:
    body = {"name": "Tea", "definition": TRIPLE} | more
    return shop.client.put(f"/api/v1/rules/{code}/draft", body, "application/json", headers=headers)


def test_the_schema_of_rules_is_published(shop: Shop, headers: dict[str, str]) -> None:
    schema = shop.client.get("/api/v1/schemas/rule", headers=headers).json()

    parts = schema["$defs"]
    assert set(parts["RuleDefinition"]["properties"]) >= {"effect", "conditions", "caps", "act"}
    assert parts["PerStep"]["properties"]["type"] == {"enum": ["per_step"]}


def test_a_draft_by_api_waits_for_a_person_whatever_the_terms_say(
    shop: Shop, headers: dict[str, str]
) -> None:
    told = put(shop, headers)

    assert told.status_code == 200, told.json()
    assert told.json()["state"] == "submitted"
    assert told.json()["says"] == "Triple points on category TEA."
    draft = RuleDraft.objects.get()
    assert not RuleVersion.objects.filter(rule=draft.rule).exists()
    page = signed_in(MARKETER).get(f"/admin/loyalty/ruledraft/{draft.pk}/change/").content.decode()
    assert "Triple points on category TEA." in page
    approve_draft(draft.pk, read=draft.digest(), by="staff:7", now=clock.now())
    assert RuleVersion.objects.get(rule=draft.rule).approved_by == "staff:7"


def test_a_draft_by_api_is_written_over_by_who_wrote_it_alone(shop: Shop, headers: dict[str, str]) -> None:
    put(shop, headers)
    double = {"effect": {"type": "multiplier", "percent": 200}}
    assert put(shop, headers, definition=double).json()["says"] == "Double points."
    write_draft(
        programme_id=shop.programme.pk,
        code="milk",
        name="Milk",
        definition=RuleDefinition(effect=FixedPoints(points=5)),
        by="staff:3",
        now=clock.now(),
    )

    refused = put(shop, headers, "milk")

    assert (refused.status_code, refused.json()["code"]) == (409, "rule_draft_of_another")
    assert RuleDraft.objects.get(rule__code="milk").made_by == "staff:3"


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_a_colleague_begins_at_the_same_moment_is_left_alone(
    shop: Shop, headers: dict[str, str]
) -> None:
    def begin() -> None:
        definition = RuleDefinition(effect=FixedPoints(points=5))
        write_draft(
            programme_id=shop.programme.pk,
            code="base",
            name="Base",
            definition=definition,
            by="staff:3",
            now=clock.now(),
        )

    with others_at_it([begin]):
        refused = put(shop, headers, "base")

    assert (refused.status_code, refused.json()["code"]) == (409, "rule_draft_of_another")
    assert RuleDraft.objects.get().made_by == "staff:3"


@pytest.mark.parametrize(
    "more",
    [
        {"definition": {"effect": {"type": "gift"}}},
        {"definition": TRIPLE | {"act": {"type": "review"}}},
        {"live_until": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_no_rule_can_say_is_refused(shop: Shop, headers: dict[str, str], more: dict[str, Any]) -> None:
    assert put(shop, headers, **more).status_code == 422
    assert put(shop, headers, "x" * 61).status_code == 422
    assert not RuleDraft.objects.exists()


@pytest.mark.parametrize(
    ("act", "pointer"),
    [
        ({"type": "reviw"}, "/type"),
        ({"type": "page_view"}, "/type"),
        ({"type": "review", "once_per": "value", "of": "survey"}, "/of"),
        (
            {"type": "review", "where": [{"type": "property_from", "property": "product", "at_least": 1}]},
            "/where/0",
        ),
        (
            {"type": "review", "where": [{"type": "property_from", "property": "rating", "at_least": 6}]},
            "/where/0",
        ),
        (
            {"type": "review", "where": [{"type": "property_is", "property": "letters", "values": ["a"]}]},
            "/where/0",
        ),
        (
            {"type": "review", "where": [{"type": "property_is", "property": "rating", "values": ["9"]}]},
            "/where/0",
        ),
    ],
)
def test_a_rule_that_no_act_can_ever_meet_is_refused(
    shop: Shop, headers: dict[str, str], act: dict[str, Any], pointer: str
) -> None:
    refused = put(shop, headers, definition={"effect": {"type": "fixed", "points": 50}, "act": act})

    assert (refused.status_code, refused.json()["code"]) == (422, "rule_not_valid")
    assert refused.json()["errors"][0]["pointer"] == f"/definition/act{pointer}"
    assert not RuleDraft.objects.exists()


@pytest.fixture
def odd(shop: Shop) -> Rule:
    """A rule that an older version let in."""
    stored = TRIPLE | {
        "conditions": [{"type": "recurs", "rrule": "FREQ=YEARLY;BYMONTH=13", "first_on": "2026-01-01"}]
    }
    rule = Rule.objects.create(programme=shop.programme, code="odd", name="Odd")
    long_ago = clock.now() - timedelta(days=90)
    RuleVersion.objects.create(
        rule=rule, version=1, definition=stored, live_from=long_ago, made_by="test", made_at=long_ago
    )
    return rule


def test_a_rule_that_cannot_be_read_is_shown_as_it_is_with_the_reason(shop: Shop, odd: Rule) -> None:
    client = signed_in(MARKETER)

    listed = client.get("/admin/loyalty/rule/").content.decode()
    page = client.get(f"/admin/loyalty/rule/{odd.pk}/change/")

    for shown in (listed, page.content.decode()):
        assert "It cannot be read any more and gives nothing:" in shown
        assert "BYMONTH=13" in shown
    assert page.status_code == 200
    assert shop.commit(basket(1_000, member=shop.enrol())).json()["settlement"]["points_earned"] == 100


def test_a_rule_that_cannot_be_read_is_not_brought_back(odd: Rule) -> None:
    answer = signed_in(MARKETER).post(f"/admin/loyalty/rule/{odd.pk}/back/1/", follow=True)

    assert answer.status_code == 200
    assert not RuleDraft.objects.exists()


def test_an_export_leaves_it_out_and_says_so(shop: Shop, odd: Rule) -> None:
    told, warned = StringIO(), StringIO()

    call_command("export_programme", shop.programme.code, stdout=told, stderr=warned)

    assert [rule["code"] for rule in json.loads(told.getvalue())["rules"]] == ["base"]
    assert "The rule odd is left out, for it cannot be read any more" in warned.getvalue()
