"""Back-tests on the staff's pages: asked for from a rule, watched, and read."""

import pytest
from django.test import Client

from config.staff.roles import CASHIER, FINANCE, MARKETER
from loyalty.models import BackTest, Rule, RuleVersion
from loyalty.tasks import work_on_back_tests
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_admin_rules import answers, signed_in

pytestmark = pytest.mark.django_db

DAYS = {"past-since_on": "2026-01-01", "past-until_on": "2026-12-31"}


def page_of(client: Client, back_test: BackTest) -> str:
    return client.get(f"/admin/loyalty/backtest/{back_test.pk}/change/").content.decode()


def bought(shop: Shop) -> None:
    body = basket(500, member=shop.enrol(), placed_at="2026-05-04T12:00:00Z")
    body["lines"][0]["category"] = "TEA"
    assert shop.commit(body).status_code == 201


def test_a_marketer_tries_a_rule_that_is_being_written_on_the_past(shop: Shop) -> None:
    bought(shop)
    client = signed_in(MARKETER)

    asked = client.post("/admin/loyalty/rule/add/", answers(_back_test="", **DAYS))

    back_test = BackTest.objects.get()
    assert asked.url == f"/admin/loyalty/backtest/{back_test.pk}/change/"
    assert RuleVersion.objects.count() == 1
    waiting = page_of(client, back_test)
    assert 'http-equiv="refresh"' in waiting
    work_on_back_tests()
    done = page_of(client, back_test)
    assert "Triple points on category TEA" in done
    assert "+100" in done
    assert "Points by week" in done
    assert 'http-equiv="refresh"' not in done
    listed = client.get("/admin/loyalty/backtest/").content.decode()
    assert "+100" in listed


def test_a_rule_with_a_mistake_is_shown_again_and_nothing_is_asked(shop: Shop) -> None:
    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", answers(times="", _back_test="", **DAYS))

    assert page.status_code == 200
    assert "Say how many times" in page.content.decode()
    assert not BackTest.objects.exists()


def test_days_that_cannot_be_are_said_beside_the_field(shop: Shop) -> None:
    days = {"past-since_on": "2026-02-01", "past-until_on": "2026-01-01"}

    page = signed_in(MARKETER).post("/admin/loyalty/rule/add/", answers(_back_test="", **days))

    assert "It must not lie before the first day." in page.content.decode()
    assert not BackTest.objects.exists()


def test_the_page_that_ends_a_rule_leads_to_what_would_have_been_without_it(shop: Shop) -> None:
    bought(shop)
    client = signed_in(MARKETER)
    rule = Rule.objects.get(code="base")
    address = f"/admin/loyalty/backtest/add/?programme={shop.programme.pk}&amp;without=base"
    assert address in client.get(f"/admin/loyalty/rule/{rule.pk}/end/").content.decode()

    asked = client.post(address.replace("&amp;", "&"), {"past-without": ["base"], **DAYS})
    work_on_back_tests()

    back_test = BackTest.objects.get()
    assert asked.url.endswith(f"/{back_test.pk}/change/")
    assert "-50" in page_of(client, back_test)


def test_the_same_is_tried_on_other_days_from_its_page(shop: Shop) -> None:
    client = signed_in(MARKETER)
    client.post("/admin/loyalty/rule/add/", answers(_back_test="", **DAYS))
    first = BackTest.objects.get()

    client.post(
        f"/admin/loyalty/backtest/{first.pk}/change/",
        {"past-since_on": "2026-03-01", "past-until_on": "2026-03-31"},
    )

    second = BackTest.objects.exclude(pk=first.pk).get()
    assert (second.changes, str(second.since_on)) == (first.changes, "2026-03-01")


def test_who_may_look_and_who_may_ask(shop: Shop) -> None:
    client = signed_in(MARKETER)
    client.post("/admin/loyalty/rule/add/", answers(_back_test="", **DAYS))
    back_test = BackTest.objects.get()

    assert signed_in(FINANCE).get(f"/admin/loyalty/backtest/{back_test.pk}/change/").status_code == 200
    assert signed_in(FINANCE).get("/admin/loyalty/backtest/add/").status_code == 404
    signed_in(FINANCE).post(f"/admin/loyalty/backtest/{back_test.pk}/change/", DAYS)
    assert signed_in(CASHIER).get(f"/admin/loyalty/backtest/{back_test.pk}/change/").status_code == 404
    assert BackTest.objects.count() == 1
