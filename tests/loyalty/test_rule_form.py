"""The rule's form: every field becomes what it says, and the sentence is told while it is being written."""

import msgspec
import pytest

from config.staff.roles import CASHIER, MARKETER
from loyalty.models import Rule
from loyalty.rules.definition import FixedPoints, RuleDefinition, Scope, Spends
from loyalty.rules.words import sentence_of
from tests.loyalty.conftest import Shop
from tests.loyalty.test_admin_rules import answers, signed_in
from tests.loyalty.test_offers import publish

pytestmark = pytest.mark.django_db

EVERYTHING = answers(
    effect="fixed",
    times="",
    points="100",
    minimum="20",
    basis=["without_tax"],
    except_categories=["TOBACCO"],
    first_purchase="on",
    birthday="on",
    birthday_before="3",
    channel="store",
    paid_by=["card"],
    spends_minimum="30",
    spends_departments=["FRESH"],
    buys_pieces="2",
    buys_skus=["A", "B"],
    recurs_pattern="weekday",
    recurs_place="1",
    recurs_weekday="4",
    recurs_first_on="2026-01-01",
    recurs_from="10:00",
    recurs_until="12:00",
    caps_member_day="500",
    caps_budget="1000",
    caps_short="none",
    meets="first_of",
    meets_group="presents",
    meets_priority="3",
)


def test_every_field_becomes_what_it_says(shop: Shop) -> None:
    client = signed_in(MARKETER)
    assert client.post("/admin/loyalty/rule/add/", EVERYTHING).status_code == 302
    rule = Rule.objects.get(code="tea-week")

    definition = msgspec.convert(rule.versions.get().definition, RuleDefinition)
    assert sentence_of(definition, "USD") == (
        "100 points from 20.00 USD paid on category TEA except category TOBACCO, counted without tax, "
        "if no other of presents goes first (priority 3), at most 500 points for each member a day and at most points "
        "worth 1,000.00 USD in all, and nothing where less is left, on the first purchase, on the birthday and the "
        "3 before it, in a store, paid by card, from 30.00 USD paid for department FRESH, from 2 pieces of product A "
        "or B, on the first Friday of each month from 2026-01-01 on, between 10:00 and 12:00."
    )
    client.post(f"/admin/loyalty/rule/{rule.pk}/change/", EVERYTHING)
    assert rule.versions.count() == 1


def test_a_rule_that_the_form_cannot_show_is_left_as_it_is(shop: Shop) -> None:
    twice = [Spends(minimum_minor=100), Spends(minimum_minor=200, scope=Scope(skus=["A"]))]
    publish(shop, "twice", RuleDefinition(effect=FixedPoints(points=5), conditions=list(twice)))
    rule = Rule.objects.get(code="twice")
    page = signed_in(MARKETER).post(f"/admin/loyalty/rule/{rule.pk}/change/", answers(code="twice"))
    assert "This rule says more than this form can show." in page.content.decode()
    assert rule.versions.count() == 1


def test_the_sentence_is_told_while_a_rule_is_being_written(shop: Shop) -> None:
    address = f"/admin/loyalty/rule/says/{shop.programme.pk}/"
    client = signed_in(MARKETER)
    assert client.post(address, answers(tiers=["gold"])).json() == {
        "sentence": "Triple points on category TEA, for members on Gold."
    }
    assert client.post(address, answers(name="", code="")).json() == {
        "sentence": "Triple points on category TEA."
    }
    assert "Say how many times" in client.post(address, answers(times="")).json()["problem"]
    assert signed_in(CASHIER).post(address, answers()).status_code == 404


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ({"hours_from": "18:00"}, "Triple points on category TEA, from 18:00."),
        ({"hours_until": "09:00"}, "Triple points on category TEA, until 09:00."),
    ],
)
def test_an_hour_alone_reaches_to_midnight(shop: Shop, hours: dict[str, str], sentence: str) -> None:
    assert signed_in(MARKETER).post("/admin/loyalty/rule/add/", answers(**hours)).status_code == 302
    rule = Rule.objects.get(code="tea-week")
    assert sentence_of(msgspec.convert(rule.versions.get().definition, RuleDefinition), "USD") == sentence


def test_midnight_until_midnight_says_nothing(shop: Shop) -> None:
    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", answers(hours_from="00:00"))
    assert "It must differ from the beginning." in page.content.decode()


def test_a_rule_about_an_act_is_said_in_the_form(shop: Shop) -> None:
    client = signed_in(MARKETER)
    told = answers(
        times="",
        categories=[],
        points="50",
        act_type="review",
        act_once="value",
        act_of="product",
        act_where="has_photo",
        act_values=["yes"],
        act_number="rating",
        act_from="4",
        caps_times_month="3",
    )

    saved = client.post("/admin/loyalty/rule/add/", told)

    assert saved.status_code == 302, saved.context["adminform"].form.errors
    rule = Rule.objects.get(code="tea-week")
    definition = msgspec.convert(rule.versions.get().definition, RuleDefinition)
    assert sentence_of(definition, "USD") == (
        "50 points, for review, once for each member and product, where has_photo is yes and rating is 4 or more, "
        "at most 3 times for each member a month."
    )
    page = client.get(f"/admin/loyalty/rule/{rule.pk}/change/").content.decode()
    assert '<option value="review" selected>Review</option>' in page
    says = client.post(f"/admin/loyalty/rule/says/{shop.programme.pk}/", told).json()
    assert says["sentence"].startswith("50 points, for Review, once for each member and product")
    tried = client.post(f"/admin/loyalty/rule/{rule.pk}/change/", told | {"_preview": ""}).content.decode()
    assert "This rule is about an act: no basket meets it." in tried


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"act_of": "survey", "act_once": "value"}, "This act has no property survey."),
        ({"act_once": "value"}, "Choose the property of which each value counts once."),
        ({"act_where": "has_photo", "act_values": ["true"]}, "has_photo is yes or no."),
        ({"act_number": "rating", "act_from": "6"}, "rating is one of 1, 2, 3, 4, 5."),
        ({"act_number": "rating"}, "Say both, or none of them."),
        ({"first_purchase": "on"}, "Nothing is bought or paid by an act"),
    ],
)
def test_what_no_act_has_is_refused_in_the_form(shop: Shop, more: dict[str, str], words: str) -> None:
    told = answers(times="", categories=[], points="50", act_type="review") | more

    refused = signed_in(MARKETER).post("/admin/loyalty/rule/add/", told)

    assert words in refused.content.decode()
    assert not Rule.objects.filter(code="tea-week").exists()
