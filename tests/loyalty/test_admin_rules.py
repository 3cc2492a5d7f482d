"""Rules on the staff's pages: said in plain fields, tried on a basket, published as versions."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.staff.roles import CASHIER, FINANCE, MARKETER
from loyalty.admin.rule_versions import state_of_rule
from loyalty.models import Rule, RuleVersion
from omnichannel.models import Product
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(in_role(role))
    return client


def answers(**changed: Any) -> dict[str, Any]:
    """What a marketer fills in for triple points on TEA, with an empty basket to try it on."""
    lines = {"line-TOTAL_FORMS": "0", "line-INITIAL_FORMS": "0"}
    return lines | {
        "name": "Tea week",
        "code": "tea-week",
        "effect": "multiplier",
        "times": "3",
        "categories": ["TEA"],
        **changed,
    }


def in_basket(*prices: str, category: str = "TEA") -> dict[str, str]:
    """The fields of a basket with a line for each price."""
    fields = {"line-TOTAL_FORMS": str(len(prices)), "line-INITIAL_FORMS": "0"}
    for at, price in enumerate(prices):
        fields |= {
            f"line-{at}-unit_price": price,
            f"line-{at}-category": category,
            f"line-{at}-quantity": "1",
        }
    return fields


def tea(shop: Shop) -> dict[str, Any]:
    """A member's basket with 5.00 of TEA in it."""
    body = basket(500, member=shop.enrol())
    body["lines"][0]["category"] = "TEA"
    return body


def test_a_marketer_publishes_triple_points_and_the_tills_quote_honours_it(shop: Shop) -> None:
    assert shop.quote(tea(shop)).json()["settlement"]["points_earned"] == 50

    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", answers())

    assert page.status_code == 302, page.content.decode()
    assert shop.quote(tea(shop)).json()["settlement"]["points_earned"] == 150
    assert shop.quote(basket(500, member=shop.enrol())).json()["settlement"]["points_earned"] == 50
    version = RuleVersion.objects.get(rule__code="tea-week")
    assert version.made_by.startswith("staff:")
    assert version.definition["effect"]["percent"] == 300


@pytest.mark.parametrize("role", [CASHIER, FINANCE])
def test_who_may_not_change_rules_publishes_none(shop: Shop, role: str) -> None:
    assert signed_in(role).post("/admin/loyalty/rule/add/", answers()).status_code == 403
    rule = Rule.objects.get(code="base")
    assert signed_in(role).post(f"/admin/loyalty/rule/{rule.pk}/change/", answers()).status_code == 403

    assert RuleVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"times": ""}, "Say how many times"),
        ({"times": "1"}, "greater than or equal to 1.01"),
        ({"effect": "fixed"}, "Say how many points"),
        ({"effect": "per_step", "points": "10"}, "Say for each full amount"),
        ({"effect": "per_step", "points": "10", "step": "1.005"}, "2 digits behind the point"),
        ({"effect": "per_step", "points": "10", "step": "0"}, "Expected `int` &gt;= 1"),
        ({"bought_from_0": "2026-01-01", "bought_from_1": "00:00"}, "both the beginning and the end"),
        ({"code": "base"}, "has this code"),
        ({"live_from_0": "2020-01-01", "live_from_1": "00:00"}, "has passed"),
        ({"live_until_0": "2020-01-01", "live_until_1": "00:00"}, "end after it takes effect"),
        ({"meets": "best_of"}, "Name the group"),
        ({"recurs_pattern": "day"}, "This is needed for days that recur."),
        (
            {"recurs_pattern": "rrule", "recurs_rrule": "FREQ=HOURLY", "recurs_first_on": "2026-01-01"},
            "Say FREQ=DAILY",
        ),
        ({"tiers": ["platinum"]}, "platinum is not one of the available choices"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_is_published(
    shop: Shop, changed: dict[str, Any], words: str
) -> None:
    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", answers(**changed))

    assert page.status_code == 200
    assert words in page.content.decode()
    assert RuleVersion.objects.count() == 1


def test_a_preview_shows_points_with_and_without_and_publishes_nothing(shop: Shop) -> None:
    form = answers(_preview="1", **in_basket("5.00", "2.50"))
    form |= {"try-tier": "basic", "try-place": shop.place.code}

    page = " ".join(signed_in(MARKETER).post("/admin/loyalty/rule/add/", form).content.decode().split())

    assert "<b>210 points</b> with this version, 70 as it is today" in page
    assert "Triple points on category TEA." in page
    assert RuleVersion.objects.count() == 1


def test_a_preview_says_why_a_rule_gives_nothing(shop: Shop) -> None:
    form = answers(_preview="1", tiers=["gold"], **in_basket("5.00", category="MILK"))
    form |= {"try-tier": "basic", "try-place": shop.place.code}

    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", form).content.decode()

    assert "It holds only for members on Gold." in page
    assert "Nothing in this basket is category TEA." in page


def test_a_rule_is_tried_on_a_members_last_purchase(shop: Shop) -> None:
    member = shop.enrol("+12125550143")
    body = basket(1_000, member=member)
    body["lines"][0]["category"] = "TEA"
    shop.commit(body)

    form = answers(_last="1", **{"try-whose": "+1 212 555 0143"})
    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", form).content.decode()

    assert "<b>300 points</b>" in page


def test_saving_makes_a_new_version_and_says_what_changed(shop: Shop) -> None:
    client = signed_in(MARKETER)
    client.post("/admin/loyalty/rule/add/", answers())
    rule = Rule.objects.get(code="tea-week")

    client.post(f"/admin/loyalty/rule/{rule.pk}/change/", answers(times="2", weekdays=["6", "7"]))

    first, second = rule.versions.order_by("version")
    assert first.live_until == second.live_from
    assert second.definition["conditions"] == [{"type": "weekdays", "days": [6, 7]}]
    page = client.get(f"/admin/loyalty/rule/{rule.pk}/change/").content.decode()
    assert "Gives: triple points → double points" in page
    assert "Days: any → on Saturday or Sunday" in page


@pytest.mark.parametrize("state", ["live", "scheduled", "ended"])
def test_the_list_is_narrowed_to_a_state_as_its_labels_say_it(shop: Shop, state: str) -> None:
    now = timezone.now()
    day, base = timedelta(days=1), Rule.objects.get(code="base").versions.get().definition
    for name, versions in {
        "over": [(now - 2 * day, now - day)],
        "withdrawn": [(now + day, now + day)],
        "coming": [(now + day, None)],
        "on": [(now - day, now + day)],
        "renewed": [(now - 2 * day, now + day), (now + day, None)],
    }.items():
        rule = Rule.objects.create(programme=shop.programme, code=name, name=name)
        for number, (live_from, live_until) in enumerate(versions, start=1):
            rule.versions.create(
                version=number,
                definition=base,
                live_from=live_from,
                live_until=live_until,
                made_by="test",
                made_at=now,
            )

    shown = signed_in(MARKETER).get("/admin/loyalty/rule/", {"state": state}).context["cl"].result_list

    assert {rule.code for rule in shown} == {
        rule.code for rule in Rule.objects.all() if state_of_rule(rule, now) == state
    }
    assert shown


def test_seconds_of_a_moment_survive_the_form(shop: Shop) -> None:
    """The form shows minutes; what another door set to the second is not rounded by saving something else."""
    client = signed_in(MARKETER)
    period = {"bought_from_0": "2026-01-01", "bought_until_0": "2030-01-01", "bought_until_1": "23:59:59"}
    client.post("/admin/loyalty/rule/add/", answers(bought_from_1="00:00", **period))
    page = client.get(f"/admin/loyalty/rule/{Rule.objects.get(code='tea-week').pk}/change/")

    shown = page.content.decode()
    assert 'value="23:59:59"' in shown
    assert 'value="00:00"' in shown


def test_saving_without_a_change_publishes_nothing(shop: Shop) -> None:
    client = signed_in(MARKETER)
    everything = answers(
        tiers=["gold", "silver"],
        places=[shop.place.code],
        hours_from="08:00",
        hours_until="11:00",
        bought_from_0="2026-01-01",
        bought_from_1="00:00",
        bought_until_0="2030-01-01",
        bought_until_1="00:00",
    )
    assert client.post("/admin/loyalty/rule/add/", everything).status_code == 302
    rule = Rule.objects.get(code="tea-week")

    assert client.post(f"/admin/loyalty/rule/{rule.pk}/change/", everything).status_code == 302

    assert rule.versions.count() == 1
    period = rule.versions.get().definition["conditions"][2]
    assert period["starts_at"] == "2026-01-01T00:00:00-05:00"


def test_ending_a_rule_takes_effect_at_the_till(shop: Shop) -> None:
    client = signed_in(MARKETER)
    client.post("/admin/loyalty/rule/add/", answers())
    rule = Rule.objects.get(code="tea-week")

    assert client.get(f"/admin/loyalty/rule/{rule.pk}/end/").status_code == 200
    assert rule.versions.get().live_until is None
    assert client.post(f"/admin/loyalty/rule/{rule.pk}/end/", {}).status_code == 302

    assert rule.versions.get().live_until is not None
    assert shop.quote(tea(shop)).json()["settlement"]["points_earned"] == 50


def test_a_rule_that_waits_must_be_ended_before_another_starts(shop: Shop) -> None:
    client = signed_in(MARKETER)
    tomorrow = timezone.now() + timedelta(days=2)
    later = {"live_from_0": f"{tomorrow:%Y-%m-%d}", "live_from_1": "00:00"}
    client.post("/admin/loyalty/rule/add/", answers(**later))
    rule = Rule.objects.get(code="tea-week")

    page = client.post(f"/admin/loyalty/rule/{rule.pk}/change/", answers(times="2"))

    assert "is to take effect later" in page.content.decode()
    assert rule.versions.count() == 1


def test_names_are_suggested_from_the_catalogue(shop: Shop) -> None:
    for sku, category in (("T1", "TEA"), ("T2", "ICED TEA"), ("C1", "COFFEE")):
        Product.objects.create(
            programme=shop.programme,
            sku=sku,
            name=f"Nice {sku}",
            category=category,
            changed_at=timezone.now(),
        )
    address = f"/admin/loyalty/rule/suggest/{shop.programme.pk}"

    found = signed_in(MARKETER).get(f"{address}/category/?term=te").json()["results"]
    assert [one["id"] for one in found] == ["TEA", "ICED TEA"]
    found = signed_in(MARKETER).get(f"{address}/sku/?term=nice t").json()["results"]
    assert [one["id"] for one in found] == ["T1", "T2"]
    assert signed_in(CASHIER).get(f"{address}/sku/?term=nice").status_code == 404
    assert signed_in(MARKETER).get(f"{address}/price/?term=1").status_code == 404


def test_the_list_of_rules_costs_the_same_with_one_rule_and_with_three(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    client = signed_in(MARKETER)
    with CaptureQueriesContext(connection) as counted:
        client.get("/admin/loyalty/rule/")
    statements = len(counted)
    for number in range(2):
        client.post("/admin/loyalty/rule/add/", answers(code=f"tea-{number}"))
    assert Rule.objects.count() == 3

    with django_assert_num_queries(statements):
        page = client.get("/admin/loyalty/rule/").content.decode()
    assert "Triple points on category TEA." in page
